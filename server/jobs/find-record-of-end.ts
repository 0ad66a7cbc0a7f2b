import { parseJson } from '#server/ledger/json.ts';
import { readPreimage } from '#server/ledger/section.ts';
import type { Job } from '#server/ports/job-store.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import { SYSTEM_LEDGER } from '#server/ports/system-log.ts';
import { readVerificationReport } from './verification-report.ts';

/** Id of the event that records how a job ended. */
export function endEventId(jobId: string): string {
  return `${jobId}/finish`;
}

/**
 * Whether the ledger `system` has recorded that this verification ended so. The row of a job is no evidence:
 * whoever writes to the database could make one up; what is recorded is chained and signed.
 *
 * @throws AppError STORAGE_UNAVAILABLE
 */
export async function isEndRecorded(
  archive: Pick<LedgerArchive, 'ledger' | 'recordOf'>,
  job: Pick<Job, 'id' | 'state' | 'progress' | 'result'>,
): Promise<boolean> {
  const system = await archive.ledger(SYSTEM_LEDGER);
  const record = system && (await archive.recordOf(system.no, endEventId(job.id)));
  const details = record?.sections.get('details');
  if (details === undefined) return false;
  const recorded = detailsOf(details);
  const { checked, breakCount, size, root } = readVerificationReport(job);
  const told = { verification: job.id, state: job.state, checked, breakCount, size, root };
  return Object.entries(told).every(([name, value]) => recorded[name] === value);
}

function detailsOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const { details } = parseJson(readPreimage(bytes).json) as { readonly details?: unknown };
    return typeof details === 'object' && details !== null
      ? (details as Readonly<Record<string, unknown>>)
      : {};
  } catch {
    // Not what was recorded: verification names it.
    return {};
  }
}
