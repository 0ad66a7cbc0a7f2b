import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ALL_LEDGERS, type Caller } from '#server/access/caller.ts';
import { mayReach } from '#server/access/ledger.ts';
import type { Scope } from '#server/access/scopes.ts';
import { AppError } from '#server/errors.ts';
import { HASH_BYTES } from '#server/ledger/hash.ts';
import { TILE_WIDTH } from '#server/ledger/tile.ts';
import type { Reading, ReadingOf } from '#schema/context.ts';
import { readCosignedNote } from '#schema/cosigned-note.ts';
import type { RecognizeLink } from './credentials.ts';
import { type Publish, restBody } from './errors.ts';
import { isNamedByIfNoneMatch } from './if-none-match.ts';
import { readTilePath, type TileAsked } from './tile-path.ts';

export interface TilesDeps {
  readonly recognizeLink: RecognizeLink;
  readonly readingOf: ReadingOf;
  /** Ledgers that anyone may read hashes of, without a token. */
  readonly publicLedgers: typeof ALL_LEDGERS | readonly string[];
  readonly publish: Publish;
}

/** Answers a request; `null` where the path is not one of these. Never rejects. */
export type Tiles = (request: Request) => Promise<Response | null>;

const PREFIX = '/ledgers/';
const READERS: readonly Scope[] = ['records:read', 'ledgers:verify'];
/** What was recorded never changes: neither does a tile or bundle of so many hashes, full or partial. */
const YEAR_S = 31_536_000;
/** Longest entry that its bundle can hold: its length is written in two bytes. */
const ENTRY_BYTES_MAX = 65_535;
const LENGTH_BYTES = 2;

const compress = promisify(gzip);

/**
 * A ledger in the C2SP tlog-tiles layout, for any tlog client: `GET` and `HEAD` of
 * `/ledgers/<id>/checkpoint`, `/ledgers/<id>/tile/<L>/<N>[.p/<W>]` and
 * `/ledgers/<id>/tile/entries/<N>[.p/<W>]`. They hold hashes and times, no content. Needs any of the scopes
 * records:read and ledgers:verify and a token that reaches the ledger, unless the ledger is public. Errors:
 * ROUTE_NOT_FOUND, METHOD_NOT_ALLOWED, UNAUTHENTICATED, FORBIDDEN, LEDGER_NOT_FOUND (missing and foreign ones
 * alike), TILE_NOT_FOUND for what the ledger does not have yet, STORAGE_UNAVAILABLE.
 */
export function createTiles(deps: TilesDeps): Tiles {
  return async (request) => {
    const path = pathOf(request.url);
    if (!path.startsWith(PREFIX)) return null;
    try {
      return await answer(deps, request, path.slice(PREFIX.length));
    } catch (error) {
      return toResponse(deps.publish, error);
    }
  };
}

async function answer(deps: TilesDeps, request: Request, path: string): Promise<Response> {
  const read = readTilePath(path);
  if (read === null) throw new AppError('ROUTE_NOT_FOUND');
  if (request.method !== 'GET' && request.method !== 'HEAD') throw new AppError('METHOD_NOT_ALLOWED');
  const { ledger, asked } = read;
  const isPublic = deps.publicLedgers === ALL_LEDGERS || deps.publicLedgers.includes(ledger);
  const reach = isPublic ? new Set([ledger]) : await readerLedgers(deps, request, ledger);
  const { db } = deps.readingOf(reach);
  const found = await db.ledger.findUnique({ where: { id: ledger }, select: { no: true } });
  if (!found) throw new AppError('LEDGER_NOT_FOUND');
  return toAnswer(request, isPublic, await readAsked(db, found.no, asked));
}

/** The ledgers of the caller, who must be allowed to read this one. */
async function readerLedgers(
  { recognizeLink }: TilesDeps,
  request: Request,
  ledger: string,
): Promise<Caller['ledgers']> {
  const caller = await recognizeLink((name) => request.headers.get(name));
  if (caller === null) throw new AppError('UNAUTHENTICATED');
  if (!READERS.some((scope) => caller.scopes.has(scope))) throw new AppError('FORBIDDEN');
  if (!mayReach(caller, ledger)) throw new AppError('LEDGER_NOT_FOUND');
  return caller.ledgers;
}

interface Resource {
  readonly body: Buffer<ArrayBuffer>;
  readonly type: string;
  readonly isImmutable: boolean;
  /** Whether compressing it is worth anything: hashes are random. */
  readonly isText: boolean;
}

async function readAsked(db: Reading['db'], ledgerNo: number, asked: TileAsked): Promise<Resource> {
  switch (asked.kind) {
    case 'checkpoint': {
      const note = await readCheckpoint(db, ledgerNo);
      const type = 'text/plain; charset=utf-8';
      return { body: Buffer.from(note), type, isImmutable: false, isText: false };
    }
    case 'tile':
      return { ...BYTES, body: await readTile(db, ledgerNo, asked), isText: false };
    case 'entries':
      return { ...BYTES, body: await readBundle(db, ledgerNo, asked), isText: true };
  }
}

const BYTES = { type: 'application/octet-stream', isImmutable: true } as const;

async function readCheckpoint(db: Reading['db'], ledgerNo: number): Promise<string> {
  const newest = await db.checkpoint.findFirst({ where: { ledgerNo }, orderBy: { size: 'desc' } });
  if (!newest) throw new AppError('TILE_NOT_FOUND', { message: 'The ledger has no checkpoint yet.' });
  return await readCosignedNote(db, newest);
}

async function readTile(
  db: Reading['db'],
  ledgerNo: number,
  { level, index, width }: Extract<TileAsked, { kind: 'tile' }>,
): Promise<Buffer<ArrayBuffer>> {
  const key = { ledgerNo, level, index: BigInt(index) };
  const tile = await db.tile.findUnique({ where: { ledgerNo_level_index: key }, select: { hashes: true } });
  if (!tile || tile.hashes.length < width * HASH_BYTES) throw new AppError('TILE_NOT_FOUND');
  return Buffer.from(tile.hashes.subarray(0, width * HASH_BYTES));
}

async function readBundle(
  db: Reading['db'],
  ledgerNo: number,
  { index, width }: Extract<TileAsked, { kind: 'entries' }>,
): Promise<Buffer<ArrayBuffer>> {
  const from = BigInt(index) * BigInt(TILE_WIDTH);
  const to = from + BigInt(width);
  // Asked first: what is not there yet is no damage.
  const head = await db.head.findUnique({ where: { ledgerNo }, select: { size: true } });
  if (!head || head.size < to) throw new AppError('TILE_NOT_FOUND');
  const rows = await db.record.findMany({
    where: { ledgerNo, index: { gte: from, lt: to } },
    orderBy: { index: 'asc' },
    select: { entry: true },
  });
  if (rows.length !== width) throw new Error(`Ledger ${ledgerNo}: records from ${from} on are missing.`);
  return Buffer.concat(rows.flatMap(({ entry }) => prefixed(entry)));
}

/**
 * An entry with its length before it. The longest that is ever written is far below what two bytes can say:
 * it has six commitments, and its ledger's id has at most 64 characters.
 */
function prefixed(entry: string): readonly Buffer[] {
  const bytes = Buffer.from(entry);
  if (bytes.length > ENTRY_BYTES_MAX) throw new Error(`An entry has ${bytes.length} bytes.`);
  const length = Buffer.allocUnsafe(LENGTH_BYTES);
  length.writeUInt16BE(bytes.length);
  return [length, bytes];
}

async function toAnswer(request: Request, isPublic: boolean, resource: Resource): Promise<Response> {
  const { type, isImmutable, isText } = resource;
  const isGzip = isText && acceptsGzip(request.headers.get('accept-encoding'));
  const etag = `"${createHash('sha256').update(resource.body).digest('base64url')}${isGzip ? '-gzip' : ''}"`;
  const vary = [...(isText ? ['Accept-Encoding'] : []), ...(isPublic ? [] : ['Authorization', 'Cookie'])];
  const headers = new Headers({
    'Content-Type': type,
    'Cache-Control': `${isPublic ? 'public' : 'private'}, ${isImmutable ? IMMUTABLE : 'no-cache'}`,
    ETag: etag,
    ...(vary.length === 0 ? {} : { Vary: vary.join(', ') }),
    ...(isGzip ? { 'Content-Encoding': 'gzip' } : {}),
    ...(isPublic ? { 'Access-Control-Allow-Origin': '*' } : {}),
  });
  if (isNamedByIfNoneMatch(request.headers.get('if-none-match'), etag)) {
    headers.delete('Content-Encoding');
    return new Response(null, { status: 304, headers });
  }
  const body = isGzip ? await compress(resource.body) : resource.body;
  headers.set('Content-Length', String(body.length));
  return new Response(request.method === 'HEAD' ? null : body, { headers });
}

const IMMUTABLE = `max-age=${YEAR_S}, immutable`;

/** Whether a compressed answer is taken (RFC 9110 section 12.5.3). */
function acceptsGzip(accepted: string | null): boolean {
  for (const part of (accepted ?? '').split(',')) {
    const [coding = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    if (coding === 'gzip') return !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  }
  return false;
}

/** The path without the query, nothing in it unescaped. */
function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + '://'.length);
  const [path = ''] = url.slice(start === -1 ? url.length : start).split(/[?#]/, 1);
  return path;
}

function toResponse(publish: Publish, error: unknown): Response {
  const told = publish(error);
  const headers = new Headers({
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
  });
  if (told.status === 401) headers.set('WWW-Authenticate', 'Bearer');
  if (told.status === 405) headers.set('Allow', 'GET, HEAD');
  if (told.retryAfter !== undefined) headers.set('Retry-After', String(told.retryAfter));
  return new Response(restBody(told), { status: told.status, headers });
}
