import { type Caller, may } from '#server/access/caller.ts';
import { type Clock, systemClock } from '#server/clock.ts';
import { AppError } from '#server/errors.ts';
import type { ExportFiles, OpenedExport } from '#server/exports/export-files.ts';
import type { FinishedExport, FoundExport } from '#server/exports/find-export.ts';
import type { RecordOperation } from '#server/ports/system-log.ts';
import { type ByteRange, readRange } from './byte-range.ts';
import type { RecognizeLink } from './credentials.ts';
import { type Publish, restBody } from './errors.ts';
import { isNamedByIfNoneMatch } from './if-none-match.ts';

export interface ExportsDeps {
  readonly recognizeLink: RecognizeLink;
  /** The export with an id, whoever's; `null` where there is none. */
  readonly findExport: (id: string) => Promise<FoundExport | null>;
  readonly files: ExportFiles;
  readonly recordOperation: RecordOperation;
  readonly publish: Publish;
}

/** Answers a request for an export's file; `null` where the path is none of its own. */
export type AnswerExports = (request: Request) => Promise<Response | null>;

const PATH = /^\/exports\/([^/]*)$/;
/** Downloads that are under way, or were: going on with one is no new one … */
const FETCHES_REMEMBERED_MAX = 10_000;
/** … within this time. Whoever gets hold of the token later does not go on with it unseen. */
const FETCH_MS = 60 * 60_000;

/**
 * Makes the answers to `GET` and `HEAD /exports/{id}`: the file of a finished export, or one range of it. It
 * needs the scope exports:create and the export's ledger; anything else is EXPORT_NOT_FOUND.
 *
 * A download is recorded in the ledger `system` before its first byte is given: once an hour for each caller
 * and export, and again where it begins at the first byte again.
 */
export function createExports(deps: ExportsDeps, now: Clock = systemClock): AnswerExports {
  const fetches = createFetches(now);
  return async (request) => {
    const id = PATH.exec(new URL(request.url).pathname)?.[1];
    if (id === undefined) return null;
    if (request.method !== 'GET' && request.method !== 'HEAD') return notAllowed(deps.publish);
    const caller = await deps.recognizeLink((name) => request.headers.get(name));
    if (caller === null) throw new AppError('UNAUTHENTICATED');
    if (!may(caller, 'exports:create')) {
      throw new AppError('FORBIDDEN', { message: 'This needs the scope exports:create.' });
    }
    const found = await deps.findExport(id);
    if (found === null || !may(caller, 'exports:create', found.ledger))
      throw new AppError('EXPORT_NOT_FOUND');
    if (found.result === null) throw new AppError('EXPORT_NOT_READY');
    if (found.isOutdated) throw new AppError('EXPORT_REMOVED');
    const file = await openResult(deps.files, found.result);
    try {
      return await answerFile(deps, request, caller, { ...found, result: found.result, file }, fetches);
    } catch (error) {
      await file.close();
      throw error;
    }
  };
}

/** A file whose size is another one than was written is not the export any more. */
async function openResult(files: ExportFiles, { file, bytes }: FinishedExport): Promise<OpenedExport> {
  const opened = await files.open(file);
  if (opened?.bytes === bytes) return opened;
  await opened?.close();
  throw new AppError('EXPORT_REMOVED');
}

interface OpenResult {
  readonly id: string;
  readonly ledger: string;
  readonly result: FinishedExport;
  readonly file: OpenedExport;
}

async function answerFile(
  deps: ExportsDeps,
  request: Request,
  caller: Caller,
  opened: OpenResult,
  fetches: Fetches,
): Promise<Response> {
  const { file, result } = opened;
  const etag = `"${result.sha256}"`;
  const headers = fileHeaders(result, etag);
  if (isNamedByIfNoneMatch(request.headers.get('if-none-match'), etag)) {
    await file.close();
    return new Response(null, { status: 304, headers });
  }
  const range = request.method === 'HEAD' ? null : wantedRange(request.headers, etag, result.bytes);
  if (range === 'UNSATISFIABLE') {
    await file.close();
    return refused(deps.publish, new AppError('RANGE_INVALID'), {
      'Content-Range': `bytes */${result.bytes}`,
    });
  }
  const { from, to } = range ?? { from: 0, to: result.bytes };
  headers.set('Content-Length', String(to - from));
  if (range !== null) headers.set('Content-Range', `bytes ${from}-${to - 1}/${result.bytes}`);
  const status = range === null ? 200 : 206;
  if (request.method === 'HEAD' || from === to) {
    await file.close();
    return new Response(null, { status, headers });
  }
  await recordFetch(deps, caller, opened, from, fetches);
  return new Response(file.read(from, to), { status, headers });
}

function fileHeaders({ file, sha256, mediaType }: FinishedExport, etag: string): Headers {
  return new Headers({
    'Content-Type': mediaType,
    // The name holds a ledger's id and an export's: nothing that would need quoting.
    'Content-Disposition': `attachment; filename="${file}"`,
    'Accept-Ranges': 'bytes',
    ETag: etag,
    'Repr-Digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
    'Cache-Control': 'private, no-cache',
    Vary: 'Authorization, Cookie',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "sandbox; default-src 'none'",
  });
}

/** The range that is asked for, unless it is asked for of another state of the file. */
function wantedRange(headers: Headers, etag: string, size: number): ByteRange | 'UNSATISFIABLE' | null {
  const condition = headers.get('if-range');
  if (condition !== null && condition.trim() !== etag) return null;
  return readRange(headers.get('range'), size);
}

async function recordFetch(
  { recordOperation }: ExportsDeps,
  { tokenId, name }: Caller,
  { id, ledger, result }: OpenResult,
  from: number,
  fetches: Fetches,
): Promise<void> {
  const fetch = `${tokenId} ${id}`;
  if (from > 0 && fetches.isRecorded(fetch)) return;
  await recordOperation({
    action: 'export.fetch',
    status: 'SUCCESS',
    caller: { tokenId, name },
    ledger,
    details: { export: id, sha256: result.sha256 },
  });
  fetches.add(fetch);
}

type Fetches = ReturnType<typeof createFetches>;

/** What was recorded of downloads lately. */
function createFetches(now: Clock) {
  const recordedAt = new Map<string, number>();
  return {
    isRecorded(fetch: string): boolean {
      const at = recordedAt.get(fetch);
      return at !== undefined && Math.abs(now() - at) < FETCH_MS;
    },
    add(fetch: string): void {
      recordedAt.delete(fetch);
      recordedAt.set(fetch, now());
      const [oldest] = recordedAt.keys();
      if (recordedAt.size > FETCHES_REMEMBERED_MAX && oldest !== undefined) recordedAt.delete(oldest);
    },
  };
}

function notAllowed(publish: Publish): Response {
  return refused(publish, new AppError('METHOD_NOT_ALLOWED'), { Allow: 'GET, HEAD' });
}

function refused(publish: Publish, error: AppError, headers: Readonly<Record<string, string>>): Response {
  const told = publish(error);
  return new Response(restBody(told), {
    status: told.status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
  });
}
