import type { ArchivedRecord } from '#server/ports/ledger-archive.ts';
import type { Run } from './run.ts';

/**
 * How much later than the first the last of the records may have been recorded that no checkpoint covers. An
 * appliance signs within seconds; whoever takes checkpoints away to rewrite what they signed leaves far more.
 */
export const UNSIGNED_MAX_MS = 60 * 60 * 1_000;

/**
 * Says which of the newest records no checkpoint covers: nothing that was signed speaks for them. Where they
 * are older than a server that stopped can leave them, it is a break.
 */
export async function checkCovered(run: Run): Promise<void> {
  const { size, deps, ledger, breaks, notChecked } = run;
  const newest = await deps.archive.checkpointUpTo(ledger.no, size);
  const found: unknown = newest?.size;
  // What cannot be a size was reported with the checkpoints.
  const covered = typeof found === 'number' && Number.isSafeInteger(found) ? Math.max(0, found) : 0;
  if (covered >= size) return;
  const count = size - covered;
  const [first, last] = [await recordAt(run, covered), await recordAt(run, size - 1)];
  const ms = timeOf(last) - timeOf(first);
  if (ms > UNSIGNED_MAX_MS) {
    const message = `no checkpoint signs the newest ${count} records, although there was time to`;
    breaks.add('SIGNATURE_INVALID', covered, message);
  } else {
    notChecked.add(`who recorded the newest ${count} records: no checkpoint covers them yet`);
  }
}

async function recordAt({ deps, ledger }: Run, index: number): Promise<ArchivedRecord | null> {
  return (await deps.archive.records(ledger.no, index, index + 1))[0] ?? null;
}

/** `NaN` where there is none, which is reported with the records. */
function timeOf(record: ArchivedRecord | null): number {
  const time: unknown = record?.recordedAt;
  return typeof time === 'number' ? time : Number.NaN;
}
