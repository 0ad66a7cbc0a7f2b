import type { CookiesSetDetails, Session } from 'electron';

type Guard = (details: { url: string }, answer: (said: { cancel?: boolean }) => void) => void;
type PermissionHandler = Exclude<Parameters<Session['setPermissionRequestHandler']>[0], null>;
type SchemeHandler = Parameters<Session['protocol']['handle']>[1];

/** A session of Electron's, as far as the shell uses it: cookies, guards, schemes, requests. */
export interface FakeSession {
  readonly partition: string;
  readonly cookies: {
    readonly name: string;
    readonly value: string;
    readonly details: CookiesSetDetails | null;
  }[];
  readonly cleared: number;
  /** As a page's own request would go: through the guards, with the cookies. Rejects where it is blocked. */
  request(url: string, init?: RequestInit): Promise<Response>;
  /** Whether a page at `url` is granted a permission. */
  grants(permission: string, url: string): boolean;
  readonly electron: Session;
}

export function createFakeSession(partition: string): FakeSession {
  const cookies: { name: string; value: string; details: CookiesSetDetails | null }[] = [];
  const schemes = new Map<string, SchemeHandler>();
  let guard: Guard | null = null;
  let permission: PermissionHandler | null = null;
  let cleared = 0;

  const keep = (name: string, value: string, details: CookiesSetDetails | null): void => {
    const at = cookies.findIndex((cookie) => cookie.name === name);
    cookies.splice(at === -1 ? cookies.length : at, 1, { name, value, details });
  };
  const send = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (cookies.length > 0)
      headers.set('cookie', cookies.map(({ name, value }) => `${name}=${value}`).join('; '));
    const response = await fetch(url, { ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      keep(name, value, null);
    }
    return response;
  };
  const passGuard = (url: string): void => {
    let isBlocked = true;
    guard?.({ url }, ({ cancel }) => (isBlocked = cancel === true));
    if (isBlocked) throw new Error(`blocked: ${url}`);
  };
  const request = async (url: string, init?: RequestInit): Promise<Response> => {
    passGuard(url);
    const handler = schemes.get(new URL(url).protocol.slice(0, -1));
    return handler ? await handler(asRequest(url)) : await send(url, init);
  };
  const electron = {
    cookies: {
      set: async (details: CookiesSetDetails) => keep(details.name ?? '', details.value ?? '', details),
    },
    // As Electron does: what the main process asks for passes the guard, too, and is of no page by itself.
    fetch: (url: string, init?: RequestInit) => request(url, { ...init, headers: withFetchSite(url, init) }),
    protocol: { handle: (scheme: string, handler: SchemeHandler) => void schemes.set(scheme, handler) },
    webRequest: { onBeforeRequest: (listener: Guard) => (guard = listener) },
    setPermissionRequestHandler: (handler: PermissionHandler) => (permission = handler),
    setPermissionCheckHandler: () => undefined,
    setDevicePermissionHandler: () => undefined,
    clearStorageData: async () => {
      cleared += 1;
      cookies.splice(0);
    },
  };
  return {
    partition,
    cookies,
    get cleared() {
      return cleared;
    },
    request,
    grants(name, url) {
      let granted = false;
      const ask = permission as never as (
        contents: { getURL(): string },
        name: string,
        answer: (isGranted: boolean) => void,
      ) => void;
      ask({ getURL: () => url }, name, (isGranted) => (granted = isGranted));
      return granted;
    },
    electron: electron as never,
  };
}

/** What Chromium adds: of what origin a request is, as it sees it. */
function withFetchSite(url: string, init: RequestInit = {}): Headers {
  const headers = new Headers(init.headers);
  const isOwn = headers.get('origin') === new URL(url).origin;
  headers.set('sec-fetch-site', isOwn ? 'same-origin' : 'none');
  return headers;
}

/** Node's `Request` takes no address of another scheme; the shell reads these two members. */
function asRequest(url: string): Request {
  return { url, method: 'GET' } as Request;
}
