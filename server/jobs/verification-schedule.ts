import type { Clock } from '#server/clock.ts';
import { AppError } from '#server/errors.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import type { Logger } from '#server/log.ts';
import { type Job, JOBS_OPEN_MAX, type JobStore } from '#server/ports/job-store.ts';
import type { RecordOperation } from '#server/ports/system-log.ts';
import { readVerificationParams, verificationParamsText } from './verification-params.ts';

export interface VerificationScheduleDeps {
  readonly store: JobStore;
  readonly ledgers: () => Promise<readonly ScheduledLedger[]>;
  /** How old the last verification of a whole ledger may become; 0: none is ever due. */
  readonly verifyHours: number;
  readonly recordOperation: RecordOperation;
  /** Whether the ledger `system` says that a verification ended as its row says. */
  readonly isEndRecorded: (job: Job) => Promise<boolean>;
  /** Told when a job was created. */
  readonly onCreated: () => void;
  readonly sha256: Sha256;
  readonly now: Clock;
  readonly log: Logger;
}

export interface ScheduledLedger {
  readonly no: number;
  readonly id: string;
  /** ms since the epoch. */
  readonly createdAt: number;
}

/** Verifications of a ledger that stay listed when they have ended. */
export const VERIFICATIONS_KEPT = 50;
const HOUR_MS = 60 * 60 * 1000;
/** One that came to no result is tried again after this time, unless the next one is due before. */
const AGAIN_MS = HOUR_MS;
/** While one waits or runs it is looked at again so late. */
const OPEN_LOOK_MS = 10 * 60 * 1000;

/**
 * Makes what sees to it that every ledger is verified as a whole from time to time. To be called every minute
 * or so, by each of many processes: they come to the same id for the verification that is due, so it is
 * created and recorded once. It also removes the oldest verifications of each ledger.
 *
 * The pass's errors: STORAGE_UNAVAILABLE, and those of `RecordOperation`; the next pass makes up for it.
 */
export function createVerificationSchedule(deps: VerificationScheduleDeps): () => Promise<void> {
  const { store, now, log } = deps;
  // What need not be looked at before: the list of a ledger's jobs is read when one may be due.
  const lookAt = new Map<number, number>();
  return async () => {
    await store.prune('VERIFICATION', VERIFICATIONS_KEPT);
    if (deps.verifyHours === 0) return;
    for (const ledger of await deps.ledgers()) {
      if ((lookAt.get(ledger.no) ?? 0) > now()) continue;
      const jobs = await store.list(ledger.no, 'VERIFICATION', VERIFICATIONS_KEPT + JOBS_OPEN_MAX);
      const last = await findLast(deps, jobs);
      const dueAt = dueAtOf(ledger, last, deps.verifyHours * HOUR_MS, now());
      lookAt.set(ledger.no, dueAt);
      if (dueAt > now()) continue;
      try {
        await createDue(deps, ledger, last);
      } catch (error) {
        if (!(error instanceof AppError && error.code === 'JOBS_FULL')) throw error;
        log.warn(
          { ledger: ledger.id },
          'A verification is due and has to wait for those that were asked for.',
        );
      }
    }
  };
}

/**
 * The last verification of the whole ledger that counts. What only a row says does not: one of a time to
 * come, one that waits or runs for longer than they are apart, one that came to an end that nobody recorded.
 */
async function findLast(deps: VerificationScheduleDeps, jobs: readonly Job[]): Promise<Job | null> {
  const now = deps.now();
  for (const job of jobs) {
    if (readVerificationParams(job.params)?.isWhole !== true || job.createdAt > now) continue;
    const isOpen = job.state === 'QUEUED' || job.state === 'RUNNING';
    if (isOpen && now - job.createdAt > Math.max(deps.verifyHours, 1) * HOUR_MS) continue;
    if (job.state === 'DONE' && !(await deps.isEndRecorded(job))) continue;
    return job;
  }
  return null;
}

/** When the next verification is due; while the last one is not at its end, when to look again. */
function dueAtOf({ createdAt }: ScheduledLedger, last: Job | null, everyMs: number, now: number): number {
  if (last === null) return Math.min(createdAt, now) + everyMs;
  if (last.state === 'QUEUED' || last.state === 'RUNNING') return now + OPEN_LOOK_MS;
  const regular = last.createdAt + everyMs;
  return last.state === 'DONE' ? regular : Math.min(regular, (last.finishedAt ?? last.createdAt) + AGAIN_MS);
}

async function createDue(
  { store, recordOperation, sha256, now, onCreated }: VerificationScheduleDeps,
  { no, id: ledger, createdAt }: ScheduledLedger,
  last: Job | null,
): Promise<void> {
  // Whoever looks now finds the same last one, and so comes to the same id.
  const id = idOf(sha256, `${ledger}\n${last?.id ?? 'first'}`, last?.createdAt ?? createdAt);
  await recordOperation({
    action: 'verification.start',
    status: 'ATTEMPT',
    caller: null,
    ledger,
    details: { verification: id, from: null, to: null },
    eventId: id,
  });
  const params = verificationParamsText({ from: null, to: null, scheduled: true });
  await store.create({ id, kind: 'VERIFICATION', ledgerNo: no, params, requestedBy: null, createdAt: now() });
  onCreated();
}

/** A UUIDv7 of a time, whose random bits are those of a hash. */
function idOf(sha256: Sha256, text: string, at: number): string {
  const bits = Buffer.from(sha256(Buffer.from(text)), 'base64').toString('hex');
  const time = at.toString(16).padStart(12, '0');
  const variant = ((Number.parseInt(bits.slice(3, 5), 16) & 0x3f) | 0x80).toString(16);
  const random = `7${bits.slice(0, 3)}-${variant}${bits.slice(5, 7)}-${bits.slice(7, 19)}`;
  return `${time.slice(0, 8)}-${time.slice(8)}-${random}`;
}
