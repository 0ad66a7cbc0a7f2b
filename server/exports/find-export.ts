import type { JobStore } from '#server/ports/job-store.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import { exportMediaType, isExportId } from './export-name.ts';
import { type ExportResult, readExportParams, readExportResult } from './export-params.ts';
import { isOutdated } from './is-outdated.ts';

/** An export as whoever gives its file out needs it. */
export interface FoundExport {
  readonly id: string;
  /** Id of its ledger. */
  readonly ledger: string;
  /** `null` unless it is DONE. */
  readonly result: FinishedExport | null;
  /** It may hold what was erased since, and the file may still be there: nobody is given it. */
  readonly isOutdated: boolean;
}

export interface FinishedExport extends ExportResult {
  readonly mediaType: string;
}

/**
 * The export with an id, whoever's it is; `null` where there is none. The id may be any text.
 *
 * @param archive what tells of erasures: a process that was away when one was carried out has its files
 *   still
 * @throws AppError STORAGE_UNAVAILABLE
 */
export async function findExport(
  jobs: Pick<JobStore, 'find'>,
  id: string,
  archive: Pick<LedgerArchive, 'erasures'>,
): Promise<FoundExport | null> {
  if (!isExportId(id)) return null;
  const job = await jobs.find(id);
  if (job === null || job.kind !== 'EXPORT') return null;
  const { ledger } = readExportParams(job.params);
  const result = job.state === 'DONE' ? readExportResult(job.result) : null;
  return {
    id,
    ledger,
    result: result && { ...result, mediaType: exportMediaType(result.file) },
    isOutdated: result !== null && (await isOutdated(archive, job)),
  };
}
