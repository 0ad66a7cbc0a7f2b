import type { Clock } from '#server/clock.ts';
import type { JobStore } from '#server/ports/job-store.ts';
import type { ExportFiles } from './export-files.ts';

export interface KeepDeps {
  readonly jobs: Pick<JobStore, 'prune'>;
  readonly files: ExportFiles;
  /** Days after which finished files are removed. */
  readonly days: number;
  readonly clock: Clock;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Exports of a ledger that stay listed when they have ended. */
export const EXPORTS_KEPT = 500;
/** A part that nobody has written to for so long is nobody's any more. */
const PART_IDLE_MS = DAY_MS;

/** When the file of an export that ended then is removed, in ms since the epoch. */
export function expiryOf(finishedAt: number, days: number): number {
  return finishedAt + days * DAY_MS;
}

/**
 * Removes the files that have been there for their time, and the oldest exports of each ledger from the list.
 * To be called from time to time, by any process; again is no harm.
 *
 * @throws AppError STORAGE_UNAVAILABLE; the file system's error
 */
export async function keepExports({ jobs, files, days, clock }: KeepDeps): Promise<void> {
  const now = clock();
  await files.removeOlder(now - days * DAY_MS, now - PART_IDLE_MS);
  await files.removeIds(new Set(await jobs.prune('EXPORT', EXPORTS_KEPT)));
}
