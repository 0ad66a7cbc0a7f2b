import { PAGE_SCHEME, SHELL_HOST, EVIDENCE_HOST } from './bridge.ts';

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);
const SOCKETS: Readonly<Record<string, string>> = { 'ws:': 'http:', 'wss:': 'https:' };

/** Scheme, host and port, also of a scheme of ours and of a socket; `null` where an address has none. */
export function originOf(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { protocol, host, username, password } = new URL(address);
  if (host === '' || username !== '' || password !== '') return null;
  return `${SOCKETS[protocol] ?? protocol}//${host}`;
}

/** Origin of the shell's own pages. */
export const SHELL_ORIGIN = `${PAGE_SCHEME}://${SHELL_HOST}`;
/** Origin of the page that verifies evidence: it reads what others wrote, so it may ask for nothing else. */
export const EVIDENCE_ORIGIN = `${PAGE_SCHEME}://${EVIDENCE_HOST}`;

/** What a page makes of its own bytes; it leads nowhere. */
const WITHOUT_HOST = new Set(['blob:', 'data:']);

/** Whether a page may ask for an address: its own origin's, or what it holds itself. */
export function mayRequest(address: string, origins: readonly string[]): boolean {
  if (!URL.canParse(address)) return false;
  if (WITHOUT_HOST.has(new URL(address).protocol)) return true;
  const origin = originOf(address);
  return origin !== null && origins.includes(origin);
}

/**
 * Reads the address of a remote appliance as a person gives it.
 *
 * @returns it without a `/` at its end, or what is wrong with it
 */
export function readRemoteUrl(
  text: string,
): { readonly url: string } | { readonly problem: 'FORM' | 'PLAIN_HTTP' } {
  const given = text.trim();
  if (given.length > 2048 || !URL.canParse(given)) return { problem: 'FORM' };
  const url = new URL(given);
  const isWhole = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!isWhole || url.hostname === '') return { problem: 'FORM' };
  // A token that is sent in the clear is everybody's.
  if (url.protocol === 'http:' && !LOOPBACK.has(url.hostname)) return { problem: 'PLAIN_HTTP' };
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { problem: 'FORM' };
  return { url: url.href.replace(/\/+$/, '') };
}
