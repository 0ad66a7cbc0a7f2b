import { createHash } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import type { CommandContext } from '#server/cli/command.ts';
import { CannotRunError } from '#server/cli/exit-codes.ts';
import { isMembers, RefusedError } from '#server/cli/graphql-call.ts';
import { whole } from '#server/cli/progress-line.ts';
import type { ReachedAppliance } from '#server/cli/reach-appliance.ts';
import { parseJson } from '#server/ledger/json.ts';
import type { FetchableExport } from './follow-export.ts';

/** Attempts one after the other that bring no byte. */
const ATTEMPTS_MAX = 8;
const FIRST_WAIT_MS = 250;
const WAIT_MAX_MS = 10_000;
const REMOVED = 410;

/**
 * Fetches the file of an export to a path where there is none, readable by its owner only. After a cut it
 * goes on where it was. The file is at its path only when it is whole and its SHA-256 is the export's.
 *
 * @returns `false` where the SHA-256 is another one; then there is no file
 * @throws RefusedError, CannotRunError where the appliance cannot be reached or the file cannot be written;
 *   the reason of the interruption
 */
export async function downloadExport(
  appliance: ReachedAppliance,
  wanted: FetchableExport,
  file: string,
  context: CommandContext,
): Promise<boolean> {
  const part = `${file}.part`;
  const handle = await openPart(part);
  try {
    await fetchAll(appliance, wanted, handle, context);
    await handle.sync();
    if ((await hashOf(part)) !== wanted.sha256) return false;
    await rename(part, file);
    return true;
  } finally {
    await handle.close();
    // Where it was renamed there is none. Another attempt begins anew, with an export of its own.
    rmSync(part, { force: true });
  }
}

async function openPart(part: string): Promise<FileHandle> {
  try {
    rmSync(part, { force: true });
    return await open(part, 'wx', 0o600);
  } catch (error) {
    return refuseDisk(error);
  }
}

async function fetchAll(
  appliance: ReachedAppliance,
  wanted: FetchableExport,
  handle: FileHandle,
  { interrupted, wait, output }: CommandContext,
): Promise<void> {
  const show = (at: number): void => output.status(`${whole(at)} of ${whole(wanted.bytes)} bytes fetched`);
  let at = 0;
  for (let failed = 0; at < wanted.bytes; ) {
    const before = at;
    let problem = 'the answer ended too early';
    try {
      for await (const { from, bytes } of fetchFrom(appliance, wanted, at, interrupted)) {
        if (from + bytes.length > wanted.bytes)
          throw new CannotRunError('The appliance gives more than it said.');
        await writeAll(handle, bytes, from);
        at = from + bytes.length;
        show(at);
      }
    } catch (error) {
      if (!(error instanceof CutError)) throw error;
      problem = error.message;
    }
    interrupted.throwIfAborted();
    if (at >= wanted.bytes) return;
    failed = at > before ? 0 : failed + 1;
    if (failed >= ATTEMPTS_MAX) {
      throw new CannotRunError(`The file cannot be fetched: ${problem}. The export stays on the appliance.`);
    }
    await wait(Math.min(WAIT_MAX_MS, FIRST_WAIT_MS * 2 ** failed), interrupted);
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, from: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle
      .write(bytes, done, bytes.length - done, from + done)
      .catch(refuseDisk);
    done += bytesWritten;
  }
}

function refuseDisk(error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error);
  throw new CannotRunError(`What was fetched cannot be written: ${reason}`);
}

/** The connection broke, or the appliance has no time: it is worth another attempt. */
class CutError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CutError';
  }
}

interface Piece {
  readonly from: number;
  readonly bytes: Uint8Array;
}

/** What the appliance gives from a place on; from the start where it does not give parts. */
async function* fetchFrom(
  { url, token }: ReachedAppliance,
  wanted: FetchableExport,
  start: number,
  interrupted: AbortSignal,
): AsyncGenerator<Piece> {
  const address = new URL(wanted.url.replace(/^\//, ''), url.endsWith('/') ? url : `${url}/`);
  const headers = {
    authorization: `Bearer ${token}`,
    ...(start === 0 ? {} : { range: `bytes=${start}-`, 'if-range': `"${wanted.sha256}"` }),
  };
  try {
    const response = await fetch(address, { headers, signal: interrupted });
    if (response.status !== 200 && response.status !== 206) throw await refusal(response);
    let from = response.status === 206 ? start : 0;
    if (response.body === null) return;
    for await (const bytes of response.body) {
      yield { from, bytes };
      from += bytes.length;
    }
  } catch (error) {
    interrupted.throwIfAborted();
    // What `fetch` throws is a TypeError; everything else has been looked at.
    if (!(error instanceof TypeError)) throw error;
    const cause = error.cause instanceof Error ? error.cause : error;
    throw new CutError(cause.message);
  }
}

async function refusal(response: Response): Promise<Error> {
  const text = await response.text();
  if (response.status >= 500) return new CutError(`the appliance answers with ${response.status}`);
  const code = response.status === REMOVED ? 'EXPORT_REMOVED' : String(response.status);
  try {
    const answer = parseJson(text);
    const error: unknown = isMembers(answer) ? answer['error'] : null;
    if (isMembers(error)) return new RefusedError(String(error['code']), String(error['message']));
  } catch {
    // Not JSON: whatever stands in between answers in its own words.
  }
  return new RefusedError(code, 'The appliance does not give the file.');
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(file)) hash.update(bytes as Uint8Array);
  return hash.digest('hex');
}
