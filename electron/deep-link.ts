/** Scheme of links into the app. */
export const LINK_SCHEME = 'indelible';

const LINK_LENGTH_MAX = 8192;
const LEDGER = /^[A-Za-z0-9][\w.-]{0,63}$/;
const INDEX = /^(?:0|[1-9]\d{0,15})$/;
/**
 * Of the search screen's parameters those that a link from outside may set; each only says what to look at.
 */
const PARAMETERS = new Set(['ledger', 'q', 'f', 'last', 'from', 'to', 'size', 'sort', 'open', 'tab']);
// What no address of ours has, and what could make one look like another.
const HOSTILE = /[\0-\x20\x7f\\]/;

/**
 * Reads a link that another program opens the app with: `indelible://record/<ledger>/<index>` or
 * `indelible://search?…`.
 *
 * @returns the page's address from `#` on; `null` for anything that is not exactly such a link
 */
export function readDeepLink(link: string): string | null {
  if (link.length > LINK_LENGTH_MAX || HOSTILE.test(link) || !URL.canParse(link)) return null;
  const url = new URL(link);
  if (url.protocol !== `${LINK_SCHEME}:` || url.hash !== '') return null;
  if (url.username !== '' || url.password !== '' || url.port !== '') return null;
  switch (url.hostname) {
    case 'record':
      return url.search === '' ? recordRoute(url.pathname) : null;
    case 'search':
      return url.pathname === '' || url.pathname === '/' ? searchRoute(url.searchParams) : null;
    default:
      return null;
  }
}

/**
 * The link that leads to a place of the appliance's page.
 *
 * @param route the page's address from `#` on
 * @returns `null` where no link can lead there
 */
export function toDeepLink(route: string): string | null {
  const [, parameters = null] = /^#\/search(\?.*)?$/s.exec(route) ?? [];
  if (parameters === null) return null;
  const link = `${LINK_SCHEME}://search${parameters}`;
  return readDeepLink(link) === null ? null : link;
}

function recordRoute(path: string): string | null {
  const [, ledger = '', index = '', ...rest] = path.split('/');
  if (!LEDGER.test(ledger) || !INDEX.test(index) || rest.length > 0) return null;
  return `#/search?${new URLSearchParams({ ledger, open: index }).toString()}`;
}

function searchRoute(given: URLSearchParams): string | null {
  const parameters = new URLSearchParams();
  for (const [name, value] of given) {
    if (!PARAMETERS.has(name)) return null;
    if (name === 'ledger' && !LEDGER.test(value)) return null;
    if ((name === 'open' || name === 'size') && !INDEX.test(value)) return null;
    parameters.append(name, value);
  }
  const text = parameters.toString();
  return `#/search${text === '' ? '' : `?${text}`}`;
}
