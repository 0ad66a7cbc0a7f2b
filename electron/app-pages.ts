import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Session } from 'electron';
import { EVIDENCE_HOST, PAGE_SCHEME, SHELL_HOST } from './bridge.ts';
import type { ElectronApi } from './electron-api.ts';

/** Where the shell's own files lie. */
export interface PagePlaces {
  /** The folder of `status.html` and the others. */
  readonly pages: string;
  /** The page that verifies evidence. */
  readonly verifyPage: string;
}

const STATUS_PAGE = `${PAGE_SCHEME}://${SHELL_HOST}/status.html`;
const SETTINGS_PAGE = `${PAGE_SCHEME}://${SHELL_HOST}/settings.html`;
const EVIDENCE_PAGE = `${PAGE_SCHEME}://${EVIDENCE_HOST}/verify.html`;

/** Addresses of the shell's pages. */
export const PAGES = { status: STATUS_PAGE, settings: SETTINGS_PAGE, evidence: EVIDENCE_PAGE } as const;

/** Every file that there is to get, by host and path. A name that is not here is no file. */
const FILES = new Set([
  'status.html',
  'status.js',
  'settings.html',
  'settings.js',
  'shell.css',
  'tokens.css',
]);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const;

/** Tells Chromium of the scheme; to be called before the app is ready. */
export function registerPageScheme(protocol: ElectronApi['protocol']): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: PAGE_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: false } },
  ]);
}

/** Serves the shell's pages to the windows of a session. */
export function servePages(session: Session, places: PagePlaces): void {
  session.protocol.handle(PAGE_SCHEME, (request) => answer(request.url, request.method, places));
}

async function answer(address: string, method: string, places: PagePlaces): Promise<Response> {
  const { host, pathname } = new URL(address);
  const name = pathname.slice(1);
  if (method !== 'GET') return new Response(null, { status: 405 });
  if (host === EVIDENCE_HOST && name === 'verify.html') {
    // Its own policy stands in it, by the hashes of its script and its style.
    return page(await readFile(places.verifyPage), '.html', {});
  }
  if (host !== SHELL_HOST || !FILES.has(name)) return new Response(null, { status: 404 });
  const body = await readFile(join(places.pages, name));
  return page(body, extname(name), { 'content-security-policy': POLICY });
}

function page(body: Buffer, ending: string, more: Readonly<Record<string, string>>): Response {
  const type = TYPES[ending] ?? 'application/octet-stream';
  return new Response(new Uint8Array(body), { headers: { ...HEADERS, ...more, 'content-type': type } });
}
