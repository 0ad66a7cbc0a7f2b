import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#server/clock.ts';
import { AppError } from '#server/errors.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import type { Manifest } from '#server/ledger/pack/manifest.ts';
import type { Condition } from '#server/ports/condition.ts';
import type { ArchivedLedger, LedgerArchive } from '#server/ports/ledger-archive.ts';
import type { Job } from '#server/ports/job-store.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { coveringCheckpoint } from './covering-checkpoint.ts';
import { countErasures } from './count-erasures.ts';
import { describeQuery } from './describe-query.ts';
import { exportName } from './export-name.ts';
import {
  type ExportParams,
  type ExportProgress,
  type ExportResult,
  readExportParams,
} from './export-params.ts';
import { type ExportWriter, openExportWriter } from './export-writer.ts';
import { matchingRecords } from './matching-records.ts';
import { readmeText } from './readme-text.ts';
import { scanRange } from './scan-range.ts';
import { writeLines } from './write-lines.ts';
import { writePack } from './write-pack.ts';

export interface ExportDeps {
  readonly archive: LedgerArchive;
  readonly sha256: Sha256;
  /** What decides whether a record satisfies a condition. */
  readonly matcherOf: (condition: Condition) => (record: ContentRecord) => boolean;
  /** Where finished exports lie; it is made if need be. */
  readonly folder: string;
  /** The built `verify.html`. */
  readonly readVerifyPage: () => Promise<Uint8Array>;
  /** Whether checkpoints are offered to witnesses. */
  readonly hasWitnesses: boolean;
  readonly clock: Clock;
  /** Resolves after some milliseconds; rejects with the signal's reason. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What a job's thread gives its body, as far as exports use it. */
export interface ExportContext {
  readonly job: Job;
  readonly report: (progress: unknown) => void;
  readonly signal: AbortSignal;
}

/** How often an export begins anew because sections were erased while it was written. */
const ATTEMPTS_MAX = 5;

/**
 * What an export does: it writes the records that match, of the size that was pinned when it was asked for,
 * into a file in the folder of exports. Memory stays the same whatever the size. An attempt that was cut off
 * leaves a part that the next one removes: it begins anew and comes to the same records.
 *
 * The body's errors: RECORD_NOT_FOUND where nothing matches an evidence pack or a record is missing,
 * EXPORT_NOT_READY where no checkpoint covers the records, INTERNAL naming what contradicts itself,
 * STORAGE_UNAVAILABLE also where the folder cannot be written.
 */
export function createExportBody(deps: ExportDeps): (context: ExportContext) => Promise<ExportResult> {
  return async (context) => {
    const { ledgerNo } = context.job;
    const params = readExportParams(context.job.params);
    const ledger = (await deps.archive.ledgers()).find(({ no }) => no === ledgerNo);
    if (ledger === undefined) throw new AppError('LEDGER_NOT_FOUND');
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const erased = await countErasures(deps.archive, ledgerNo, params.size);
      const result = await writeFile(deps, context, params, ledger);
      // What was erased meanwhile may be in the file. Whoever erases removes the exports afterwards: so
      // either the erasure is seen here, or the file, or its part, is there by then.
      const isWhole = (await countErasures(deps.archive, ledgerNo, params.size)) === erased;
      if (isWhole && result !== null) return { ...result, erasures: erased };
      if (result !== null) await rm(join(deps.folder, result.file), { force: true });
    }
    throw new AppError('EXPORT_NOT_READY', {
      message: 'Sections were erased again and again while it was written. Make it anew.',
    });
  };
}

/** `null` where it was removed while it was written. */
async function writeFile(
  deps: ExportDeps,
  context: ExportContext,
  params: ExportParams,
  ledger: ArchivedLedger,
): Promise<Omit<ExportResult, 'erasures'> | null> {
  const file = exportName(ledger.id, context.job.id, params.format);
  const writer = await openExportWriter(deps.folder, file).catch(refuseFolder);
  try {
    const count = await writeRecords(deps, context, params, ledger, writer);
    context.signal.throwIfAborted();
    const sha256 = await writer.commit().catch(refuseFolder);
    return sha256 === null ? null : { count, sha256, bytes: writer.bytes, file };
  } finally {
    await writer.discard();
  }
}

/** Gives how many records were written. */
async function writeRecords(
  deps: ExportDeps,
  { signal, report }: ExportContext,
  params: ExportParams,
  ledger: ArchivedLedger,
  writer: ExportWriter,
): Promise<number> {
  const { archive, matcherOf } = deps;
  const { format, size } = params;
  const { from, to, condition } = await scanRange(archive, ledger.no, size, params.condition);
  const total = to - from;
  const progressAt = (read: number, count: number): ExportProgress => {
    return { read, total, count, bytes: writer.bytes };
  };
  report(progressAt(0, 0));
  let count = 0;
  const sink = { write: (bytes: Uint8Array) => writer.write(bytes).catch(refuseFolder) };
  const records = matchingRecords({
    archive,
    ledgerNo: ledger.no,
    from,
    to,
    matches: condition === null ? null : matcherOf(condition),
    onRead: (read, matched) => {
      count = matched;
      report(progressAt(read, matched));
    },
    signal,
  });
  const withheld = new Set(params.withhold);
  if (format !== 'EVIDENCE') {
    await writeLines(sink, format, withheld, records);
    return count;
  }
  // Before anything is waited for: an empty ledger has no checkpoint.
  if (total === 0) throw noRecords();
  const { checkpoint, about } = await describePack(deps, signal, params, ledger);
  const verifyPage = await deps.readVerifyPage();
  const content = { about, checkpoint, records, withheld, verifyPage, readmeText };
  const packed = await writePack(deps, ledger.no, sink, content);
  if (packed === 0) throw noRecords();
  return packed;
}

async function describePack(
  { archive, hasWitnesses, wait, clock }: ExportDeps,
  signal: AbortSignal,
  params: ExportParams,
  { no, id, origin, vkey }: ArchivedLedger,
): Promise<{ readonly checkpoint: string; readonly about: Omit<Manifest, 'count'> }> {
  const covering = { archive, hasWitnesses, wait, signal };
  const { size, root, note } = await coveringCheckpoint(covering, no, params.size);
  const about = {
    ledger: id,
    origin,
    vkey,
    size,
    root,
    createdAt: new Date(clock()).toISOString(),
    createdBy: params.createdBy,
    query: describeQuery(params),
  };
  return { checkpoint: note, about };
}

/** A full disk, or a folder that is not there: whoever asked is told, and the log has the rest. */
function refuseFolder(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const message = `The folder of exports cannot be written (${code}).`;
  throw new AppError('STORAGE_UNAVAILABLE', { message, cause: error });
}

/** The format calls a pack of nothing broken, since it proves nothing. */
function noRecords(): AppError {
  return new AppError('RECORD_NOT_FOUND', {
    message: 'No record matches, and an evidence pack has at least one.',
  });
}
