import type { JobStore } from '#server/ports/job-store.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import type { ExportFiles } from './export-files.ts';
import { isOutdated } from './is-outdated.ts';

export interface RemoveOutdatedDeps {
  readonly jobs: Pick<JobStore, 'find'>;
  readonly archive: Pick<LedgerArchive, 'erasures' | 'ledgers'>;
  readonly files: Pick<ExportFiles, 'removeOf'>;
}

/**
 * Removes the exports of a ledger that may hold what was erased since they were written, and what is
 * unfinished. Those that were made after the last erasure stay. Again is no harm.
 *
 * @throws AppError STORAGE_UNAVAILABLE; the file system's error
 */
export async function removeOutdated(
  { jobs, archive, files }: RemoveOutdatedDeps,
  ledgerNo: number,
): Promise<void> {
  const ledger = (await archive.ledgers()).find(({ no }) => no === ledgerNo);
  if (ledger === undefined) return;
  await files.removeOf(ledger.id, async (id) => {
    const job = await jobs.find(id);
    return job !== null && !(await isOutdated(archive, job));
  });
}
