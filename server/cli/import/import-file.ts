import { createHash, type Hash as Hasher } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { CannotRunError } from '#server/cli/exit-codes.ts';
import { type Element, FileBrokenError } from './element.ts';
import { readElements } from './json-elements.ts';
import type { ImportProgress, ProgressFile } from './progress-file.ts';
import { type Chunk, readChunks } from './read-chunks.ts';
import type { RejectedEvent, RejectedFile } from './rejected-file.ts';
import { type Receipt, type SendTarget, sendEvents } from './send-events.ts';

/** What an import counts. `events` is all that was answered. */
export interface ImportCounts {
  readonly events: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
}

export interface ImportedFile extends ImportCounts {
  /** Events that an earlier import of this file had answered; they are in the counts. */
  readonly resumedAt: number;
  /** Why the file could not be read to its end; `null` when it was. */
  readonly broken: string | null;
}

export interface FileImport {
  readonly file: string;
  readonly target: SendTarget;
  readonly progress: ProgressFile;
  readonly rejected: RejectedFile;
  /** Events to leave out; `null`: those that an earlier import had answered. */
  readonly skip: number | null;
  /** Told after each chunk; bytes are of the file. */
  readonly onProgress: (counts: ImportCounts, bytesDone: number, bytesTotal: number) => void;
}

/**
 * Sends a file's events, in order. Every receipt stands for an event that is durable at the appliance.
 *
 * Crash: progress is written after the receipts, so a crash between them sends a chunk again: it answers
 * DUPLICATE.
 *
 * @throws CannotRunError when the file cannot be read or the appliance stays away; progress is kept then
 */
export async function importFile(run: FileImport): Promise<ImportedFile> {
  const bytesTotal = fileSize(run.file);
  const start = await findStart(run);
  let { counts } = start;
  if (run.skip === null && counts.events === 0) run.rejected.clear();
  run.onProgress(counts, 0, bytesTotal);
  let broken: string | null = null;
  try {
    for await (const chunk of ahead(readChunks(start.elements, start.position))) {
      run.target.interrupted.throwIfAborted();
      const { outcome, rejected } = await sendChunk(run, chunk);
      run.rejected.add(rejected);
      counts = added(counts, outcome);
      for (const bytes of chunk.bytes) start.hasher.update(bytes);
      const digest = start.hasher.copy().digest('hex');
      if (run.skip === null) run.progress.write({ ...counts, digest });
      run.onProgress(counts, chunk.end, bytesTotal);
    }
  } catch (error) {
    if (!(error instanceof FileBrokenError)) throw error;
    broken = error.message;
  }
  // A whole import leaves no progress: run again, it sends all again and finds only duplicates.
  if (run.skip === null && broken === null) run.progress.remove();
  return { ...counts, resumedAt: start.counts.events, broken };
}

/** @throws CannotRunError where there is no such file or it may not be read */
export function fileSize(file: string): number {
  try {
    const stat = statSync(file);
    if (stat.isDirectory()) throw new Error('it is a folder');
    return stat.size;
  } catch (error) {
    throw new CannotRunError(
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

const NOTHING: ImportCounts = { events: 0, accepted: 0, duplicates: 0, rejected: 0 };
const READ_BYTES = 1024 * 1024;

interface Start {
  readonly elements: AsyncIterator<Element>;
  /** Over the bytes of all events that were answered. */
  readonly hasher: Hasher;
  readonly position: number;
  readonly counts: ImportCounts;
}

/** Goes to the first event that was not answered; to the file's beginning where it is not the file it was. */
async function findStart(run: FileImport): Promise<Start> {
  const open = () => readElements(createReadStream(run.file, { highWaterMark: READ_BYTES }));
  if (run.skip !== null) {
    const elements = open();
    for (let position = 0; position < run.skip; position++) if ((await elements.next()).done) break;
    return { elements, hasher: createHash('sha256'), position: run.skip, counts: NOTHING };
  }
  const saved = run.progress.read();
  if (saved !== null) {
    const elements = open();
    const hasher = await skipAnswered(elements, saved);
    if (hasher !== null) return { elements, hasher, position: saved.events, counts: countsOf(saved) };
    await elements.return(undefined);
  }
  return { elements: open(), hasher: createHash('sha256'), position: 0, counts: NOTHING };
}

/** Gives the digest so far, or `null` where the file does not begin with what was answered. */
async function skipAnswered(elements: AsyncIterator<Element>, saved: ImportProgress): Promise<Hasher | null> {
  const hasher = createHash('sha256');
  try {
    for (let count = 0; count < saved.events; count++) {
      const next = await elements.next();
      if (next.done) return null;
      hasher.update(next.value.bytes);
    }
  } catch (error) {
    if (error instanceof FileBrokenError) return null;
    throw error;
  }
  return hasher.copy().digest('hex') === saved.digest ? hasher : null;
}

function countsOf({ events, accepted, duplicates, rejected }: ImportProgress): ImportCounts {
  return { events, accepted, duplicates, rejected };
}

/** Reads one chunk ahead, so that the next is cut and checked while the appliance works on the last. */
async function* ahead(chunks: AsyncGenerator<Chunk>): AsyncGenerator<Chunk> {
  let next = chunks.next();
  for (;;) {
    const result = await next;
    if (result.done) return;
    next = chunks.next();
    // It is awaited at the next turn; if there is none, its failure is of no interest.
    next.catch(() => undefined);
    yield result.value;
  }
}

async function sendChunk(
  run: FileImport,
  chunk: Chunk,
): Promise<{ readonly outcome: ImportCounts; readonly rejected: readonly RejectedEvent[] }> {
  const sent = chunk.events.filter(({ problem, text }) => problem === null && text !== null);
  const receipts = await sendEvents(
    run.target,
    sent.map(({ text }) => text ?? ''),
  );
  const answers = receipts.values();
  let outcome = NOTHING;
  const rejected: RejectedEvent[] = [];
  for (const [at, { line, text, problem }] of chunk.events.entries()) {
    const receipt = problem === null && text !== null ? answers.next().value : undefined;
    outcome = added(outcome, countOf(receipt));
    if (receipt && receipt.outcome !== 'REJECTED') continue;
    const errors = receipt?.errors ?? (problem === null ? [] : [problem]);
    rejected.push({ line, event: chunk.position + at + 1, errors, text: originalText(chunk, at) });
  }
  return { outcome, rejected };
}

/**
 * The text as it stands in the file, without the id it was sent with; `null` where it was too long to keep.
 */
function originalText(chunk: Chunk, at: number): string | null {
  const bytes = chunk.bytes[at];
  return bytes && bytes.length > 0 ? new TextDecoder().decode(bytes).trim() : null;
}

function countOf(receipt: Receipt | undefined): ImportCounts {
  const outcome = receipt?.outcome ?? 'REJECTED';
  return {
    events: 1,
    accepted: outcome === 'ACCEPTED' ? 1 : 0,
    duplicates: outcome === 'DUPLICATE' ? 1 : 0,
    rejected: outcome === 'REJECTED' ? 1 : 0,
  };
}

function added(left: ImportCounts, right: ImportCounts): ImportCounts {
  return {
    events: left.events + right.events,
    accepted: left.accepted + right.accepted,
    duplicates: left.duplicates + right.duplicates,
    rejected: left.rejected + right.rejected,
  };
}
