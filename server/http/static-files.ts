import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface StaticFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
  /** Whether the name changes with the content, so that the file may be kept for ever. */
  readonly isImmutable: boolean;
  /** Of a page that is given with another nonce each time: the text before, between and behind its places. */
  readonly aroundNonce: readonly string[] | null;
}

/** Stands in a page where its nonce belongs: what lets its scripts make style sheets, and nobody else's. */
const NONCE_PLACE = '__CSP_NONCE__';

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  ico: 'image/x-icon',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json; charset=utf-8',
  map: 'application/json; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  wasm: 'application/wasm',
  webmanifest: 'application/manifest+json',
  webp: 'image/webp',
  woff2: 'font/woff2',
};
const HASHED = /^\/assets\/.*-[A-Za-z0-9_-]{8,}\.\w+$/;

/**
 * Reads the built UI into memory, by the path it is asked for. Only what was there at the start is ever
 * served, so no path can lead anywhere else. An absent folder gives no files: the API works without the UI.
 */
export function readStaticFiles(folder: string): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  if (!existsSync(folder)) return files;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = file.slice(folder.length).replaceAll('\\', '/').replace(/^\/*/, '/');
    const body = new Uint8Array(readFileSync(file));
    files.set(path, {
      body,
      type: TYPES[entry.name.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      isImmutable: HASHED.test(path),
      aroundNonce: aroundNonce(entry.name, body),
    });
  }
  const index = files.get('/index.html');
  if (index) files.set('/', index);
  return files;
}

function aroundNonce(name: string, body: Uint8Array): StaticFile['aroundNonce'] {
  if (!name.endsWith('.html')) return null;
  const parts = new TextDecoder('utf-8', { fatal: true }).decode(body).split(NONCE_PLACE);
  return parts.length === 1 ? null : parts;
}
