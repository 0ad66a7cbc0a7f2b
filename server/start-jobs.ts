import { randomUUID } from 'node:crypto';
import { systemClock } from './clock.ts';
import type { JobSettings } from './job-thread.ts';
import { createJobRunner } from './jobs/job-runner.ts';
import { createJobThreads } from './jobs/job-threads.ts';
import { createVerificationSchedule, type ScheduledLedger } from './jobs/verification-schedule.ts';
import { readVerificationReport } from './jobs/verification-report.ts';
import type { Logger } from './log.ts';
import { threadEntry } from './places.ts';
import type { Job, JobStore } from './ports/job-store.ts';
import type { RecordOperation } from './ports/system-log.ts';
import { sha256 } from './sha256.ts';
import { every } from './worker/every.ts';
import { startSystemTimer } from './worker/timer.ts';

const ENTRY = threadEntry('job-thread');

/** How often it is asked whether a verification is due. */
const SCHEDULE_MS = 60_000;
/** Breaks that the log names; the verification has the others. */
const LOGGED_BREAKS = 3;

export interface JobsDeps {
  readonly store: JobStore;
  /** All ledgers. */
  readonly ledgers: () => Promise<readonly ScheduledLedger[]>;
  /** How old the last verification of a whole ledger may become; 0: none is ever due. */
  readonly verifyHours: number;
  readonly recordOperation: RecordOperation;
  /** Whether the ledger `system` says that a verification ended as its row says. */
  readonly isEndRecorded: (job: Job) => Promise<boolean>;
  /** See `JobRunDeps`. */
  readonly seal: (text: string) => string;
  /**
   * Told how a job ends, before anyone else can see it; `finishedAt` and all else are set. Where it rejects
   * it is told again, a few times.
   */
  readonly onEnd: (job: Job) => Promise<void>;
  readonly log: Logger;
}

/** Verifications and exports of this process. */
export interface Jobs {
  /** A job was created. Cheap; call it as often as you like. */
  wake(): void;
  /** Lets go of the jobs in hand: they go on after the next start, or in another process at once. */
  stop(): Promise<void>;
}

/** Runs verifications and exports, each in a thread of its own, and sees to it that ledgers are verified. */
export function startJobs(settings: JobSettings, deps: JobsDeps): Jobs {
  const { log, ...rest } = deps;
  const runner = createJobRunner({
    ...rest,
    log,
    async onEnd(job) {
      warnOfBreaks(log, job);
      await deps.onEnd(job);
    },
    startThread: createJobThreads(ENTRY, settings),
    now: systemClock,
    startTimer: startSystemTimer,
    processId: randomUUID(),
  });
  const schedule = createVerificationSchedule({
    ...deps,
    onCreated: () => runner.wake(),
    sha256,
    now: systemClock,
  });
  const scheduling = every(SCHEDULE_MS, 'verification.schedule', schedule, log);
  return {
    wake: () => runner.wake(),
    async stop() {
      await scheduling.stop();
      await runner.stop();
    },
  };
}

/** Whoever reads only the log hears of a ledger that contradicts itself, too. */
function warnOfBreaks(log: Logger, job: Job): void {
  if (job.kind !== 'VERIFICATION') return;
  const { breakCount, breaks } = readVerificationReport(job);
  if (breakCount === 0) return;
  const first = breaks.slice(0, LOGGED_BREAKS);
  log.error({ ledgerNo: job.ledgerNo, job: job.id, breakCount, first }, 'A verification found breaks.');
}
