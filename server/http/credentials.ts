import type { IncomingMessage } from 'node:http';
import type { Caller } from '#server/access/caller.ts';
import type { Credentials } from '#server/access/recognize.ts';

/**
 * How a request comes to be sent, which decides what it must show beside a session cookie, since a browser
 * adds the cookie whoever asks for the request:
 * - `CALL`: by a script of the page, with the header below; on anything that may change something.
 * - `LINK`: also by a link or a typed address; on what only gives a file out.
 * - `SOCKET`: a WebSocket, which cannot have headers of the page's own, and no page is kept from opening one.
 */
export type RequestKind = 'CALL' | 'LINK' | 'SOCKET';

/** Gives a header of a request by its lower-case name. */
export type HeaderOf = (name: string) => string | null;

/** Reads what a request is to be recognized by. A cookie that it may not use is none. */
export type ReadCredentials = (kind: RequestKind, header: HeaderOf) => Credentials;

/** Tells who a request is from that may be a `LINK`; `null` where it gives nothing valid. */
export type RecognizeLink = (header: HeaderOf) => Promise<Caller | null>;

/** Cookie of a session, and whether browsers may send it over HTTPS only. */
export interface SessionCookie {
  readonly name: string;
  readonly isSecure: boolean;
}

/**
 * A page of another origin cannot set it without being asked for leave (CORS), which nobody gives it. A form
 * cannot set it at all.
 */
const CSRF_HEADER = 'x-indelible-csrf';

/** The cookie of an appliance that browsers reach over HTTPS, or over plain HTTP. */
export function sessionCookie(isSecure: boolean): SessionCookie {
  // With the prefix no other host of the same domain can plant it, and browsers take it over HTTPS only.
  return { name: isSecure ? '__Host-indelible_session' : 'indelible_session', isSecure };
}

/** Makes what reads credentials, for one name of the cookie. */
export function createReadCredentials({ name, isSecure }: SessionCookie): ReadCredentials {
  return (kind, header) => ({
    authorization: header('authorization'),
    session: mayUseCookie(kind, header, isSecure) ? cookieOf(name, header('cookie')) : null,
  });
}

/** Headers of a request as Node gives them. */
export function headersOf({ headers }: Pick<IncomingMessage, 'headers'>): HeaderOf {
  return (name) => {
    const value = headers[name];
    return typeof value === 'string' ? value : null;
  };
}

/**
 * Whether a request says that it was sent by a script of a page of this appliance.
 *
 * @param isSecure whether browsers reach the appliance over HTTPS only
 */
export function isOwnCall(header: HeaderOf, isSecure: boolean): boolean {
  return header(CSRF_HEADER) === '1' && originOf(header, isSecure) !== 'FOREIGN';
}

function mayUseCookie(kind: RequestKind, header: HeaderOf, isSecure: boolean): boolean {
  switch (kind) {
    case 'CALL':
      return isOwnCall(header, isSecure);
    case 'LINK':
      return originOf(header, isSecure) !== 'FOREIGN' || header('sec-fetch-site') === 'none';
    case 'SOCKET':
      return originOf(header, isSecure) === 'OWN';
  }
}

/**
 * Whose page sent a request. Browsers say it in `Sec-Fetch-Site`, as they see it, so that it also holds
 * behind a proxy that changes the host; over plain HTTP they do not, nor do all for a socket, and there the
 * origin is compared with the host. A page of the same host over plain HTTP is not of an appliance that is
 * reached over HTTPS: whoever is on the way to it has written it.
 */
function originOf(header: HeaderOf, isSecure: boolean): 'OWN' | 'FOREIGN' | 'UNSAID' {
  const site = header('sec-fetch-site');
  if (site !== null) return site === 'same-origin' ? 'OWN' : 'FOREIGN';
  const origin = header('origin');
  if (origin === null) return 'UNSAID';
  if (!URL.canParse(origin)) return 'FOREIGN';
  const { protocol, host } = new URL(origin);
  const isOwn = host === header('host')?.toLowerCase() && (protocol === 'https:' || !isSecure);
  return isOwn ? 'OWN' : 'FOREIGN';
}

/** A cookie that is there twice was planted by somebody: neither is believed. */
function cookieOf(name: string, cookies: string | null): string | null {
  const prefix = `${name}=`;
  const found = (cookies ?? '')
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie.startsWith(prefix));
  return found.length === 1 ? (found[0]?.slice(prefix.length) ?? null) : null;
}
