import { useSyncExternalStore } from 'react';

/**
 * Where the person is: `#/screen?parameters`. It stands behind the `#`, so that what people search for never
 * reaches a server's or a proxy's log, and the page works in any folder.
 */
export interface Route {
  /** E.g. `search`, `integrity`; one of `SCREENS`. */
  readonly screen: string;
  /** What comes after the screen's name, decoded, e.g. a record's index. */
  readonly path: readonly string[];
  readonly parameters: URLSearchParams;
}

/** Reads the part of an address behind `#`. Anything that is no route is the first screen. */
export function readRoute(hash: string): Route {
  const [path = '', parameters = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s, 2);
  const [screen = '', ...rest] = path.split('/').map(decode);
  return {
    screen: screen === '' ? 'search' : screen,
    path: rest,
    parameters: new URLSearchParams(parameters),
  };
}

/** The address of a route, from `#` on. */
export function hrefOf(
  screen: string,
  parameters: URLSearchParams | null = null,
  path: readonly string[] = [],
): string {
  const place = [screen, ...path].map(encodeURIComponent).join('/');
  const text = parameters?.toString() ?? '';
  return `#/${place}${text === '' ? '' : `?${text}`}`;
}

/** Goes to an address made by `hrefOf`; `replace` leaves no step to go back to. */
export function go(href: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (href === location.hash) return;
  if (replace) history.replaceState({ step: stepNow() }, '', href);
  else history.pushState({ step: stepNow() + 1 }, '', href);
  for (const listener of listeners) listener();
}

/** Takes the last step of `go` back; gives `false` where there is none, and going back would leave. */
export function goBack(): boolean {
  if (stepNow() === 0) return false;
  history.back();
  return true;
}

/** How many steps lie between here and where the person came from by a link. */
function stepNow(): number {
  const state: unknown = history.state;
  const isCounted = typeof state === 'object' && state !== null && 'step' in state;
  return isCounted && typeof state.step === 'number' ? state.step : 0;
}

/** Where the person is, and again whenever that changes. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  if (hash !== last.hash) last = { hash, route: readRoute(hash) };
  return last.route;
}

const listeners = new Set<() => void>();
let last: { readonly hash: string; readonly route: Route } = { hash: '', route: readRoute('') };

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  globalThis.addEventListener('hashchange', listener);
  globalThis.addEventListener('popstate', listener);
  return () => {
    listeners.delete(listener);
    globalThis.removeEventListener('hashchange', listener);
    globalThis.removeEventListener('popstate', listener);
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Mistyped by hand: it is looked for as it is, and not found.
    return part;
  }
}
