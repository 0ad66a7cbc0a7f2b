import type { Job } from '#server/ports/job-store.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import { countErasures } from './count-erasures.ts';
import { readExportParams, readExportResult } from './export-params.ts';

/**
 * Whether an export may hold what was erased since it was written. One that is not DONE counts as such: what
 * is written of it cannot be told.
 *
 * @throws AppError STORAGE_UNAVAILABLE
 */
export async function isOutdated(
  archive: Pick<LedgerArchive, 'erasures'>,
  { ledgerNo, state, params, result }: Pick<Job, 'ledgerNo' | 'state' | 'params' | 'result'>,
): Promise<boolean> {
  const made = state === 'DONE' ? readExportResult(result) : null;
  if (made === null) return true;
  return (await countErasures(archive, ledgerNo, readExportParams(params).size)) !== made.erasures;
}
