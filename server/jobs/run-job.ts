import type { Clock } from '#server/clock.ts';
import { type ErrorCode, ERRORS } from '#server/errors.ts';
import type { Logger } from '#server/log.ts';
import type { Job, JobEnd, JobStore } from '#server/ports/job-store.ts';
import { endedProgressText, jobProgressText, readJobProgress, type RunNotes } from './job-progress.ts';
import type { JobOutcome, JobThread, StartJobThread } from './job-threads.ts';
import { createWait, type StartTimer, type Wait } from './wait.ts';

export interface JobRunDeps {
  readonly store: JobStore;
  readonly startThread: StartJobThread;
  /**
   * A keyed hash of a text, of a key that is not in the database: what a job goes on from must be what this
   * appliance kept, or someone who writes to the database could have it skip what is broken.
   */
  readonly seal: (text: string) => string;
  readonly now: Clock;
  readonly startTimer: StartTimer;
  readonly log: Logger;
  /**
   * Told how a job ends before it counts as ended, so that what is recorded of that is never missing. After a
   * crash in between it is told again, and then perhaps of another end.
   */
  readonly onEnd: (job: Job) => Promise<void>;
}

/** A claimed job in hand. */
export interface JobRun {
  /** Resolves when the job has ended, or is given back. It never rejects. */
  readonly over: Promise<void>;
  /** Lets go of the job: whoever claims it next goes on where it is. */
  stop(): void;
}

/** How long a claim holds: a process that dies keeps a job from the others for so long. */
export const CLAIM_MS = 30_000;
/** How often the claim and the progress are kept, and it is asked whether someone wants the end. */
const KEEP_MS = 1000;
/** So many times it is asked to end, KEEP_MS apart; then its thread is ended wherever it is. */
const ABORT_TURNS_MAX = 5;
/** Runs that crash, one after the other, without the job getting on. */
export const ATTEMPTS_MAX = 3;
/** A run that crashed comes so late again. */
const CRASH_WAIT_MS = 5000;
/** How often a job waits for something that is not there, without getting on: an hour. */
export const OUTAGES_MAX = 240;
const OUTAGE_WAIT_MS = 15_000;
/** How often an end is told that nobody takes. */
const TELL_TRIES_MAX = 5;

/**
 * Why the thread shall end. LOST: another one has the job. OUT: the storage is away for so long that another
 * one may have it. STOPPED: this process stops.
 */
type Verdict = 'CANCELLED' | 'LOST' | 'OUT' | 'STOPPED';

/** Runs a claimed job to its end. `owner` is who claimed it, a name that is used for this one claim. */
export function runJob(job: Job, owner: string, deps: JobRunDeps): JobRun {
  const run = new Run(job, owner, deps);
  return { over: run.toItsEnd(), stop: () => run.stop() };
}

class Run {
  private readonly deps: JobRunDeps;
  private readonly job: Job;
  private readonly owner: string;
  private readonly wait: Wait;
  private readonly startedAt: number;
  private readonly resumedFrom: string;
  private reported: unknown;
  private notes: RunNotes;
  private verdict: Verdict | null = null;
  private isStopping = false;
  /** When the claim runs out, as far as this process knows. */
  private claimedUntil: number;

  constructor(job: Job, owner: string, deps: JobRunDeps) {
    const { reported, notes } = readJobProgress(job.progress);
    this.deps = deps;
    this.job = job;
    this.owner = owner;
    this.wait = createWait(deps.startTimer);
    this.startedAt = deps.now();
    this.claimedUntil = this.startedAt + CLAIM_MS;
    // What is not sealed begins anew.
    this.reported = notes.seal === this.sealOf(reported) ? reported : {};
    this.resumedFrom = JSON.stringify(resumeOf(this.reported));
    this.notes = { attempts: notes.attempts, outages: notes.outages };
  }

  stop(): void {
    this.isStopping = true;
    this.verdict ??= 'STOPPED';
    this.wait.wake();
  }

  async toItsEnd(): Promise<void> {
    const { job, deps } = this;
    try {
      if (job.cancelRequested) return await this.end({ state: 'CANCELLED' });
      if (this.notes.attempts >= ATTEMPTS_MAX) return await this.endCrashed();
      this.notes = { ...this.notes, attempts: this.notes.attempts + 1 };
      // Before the thread is there: one that takes the process with it counts as well.
      await this.keep(CLAIM_MS);
      await this.conclude(this.verdict === null ? await this.throughThread() : null);
    } catch (error) {
      // The claim runs out, and whoever gets the job then goes on.
      deps.log.error({ err: error, job: job.id }, 'A job was let go of; it is taken up again.');
    }
  }

  private async throughThread(): Promise<JobOutcome> {
    const thread = this.deps.startThread(this.job, resumeOf(this.reported), (progress) => {
      this.reported = progress;
    });
    let outcome: JobOutcome | null = null;
    void thread.ended.then((how) => {
      outcome = how;
      this.wait.wake();
    });
    let abortTurns = 0;
    for (;;) {
      if (this.verdict !== null) askToEnd(thread, (abortTurns += 1));
      await this.wait.wait(KEEP_MS);
      if (outcome !== null) return outcome;
      if (this.verdict !== 'LOST' && this.verdict !== 'OUT') await this.keepOn();
    }
  }

  /** Keeps the claim. Where nobody can be asked, the job goes on for as long as the claim surely holds. */
  private async keepOn(): Promise<void> {
    try {
      await this.keep(CLAIM_MS);
    } catch (error) {
      this.deps.log.warn({ err: error, job: this.job.id }, "A job's progress could not be kept.");
      if (this.deps.now() >= this.claimedUntil) this.verdict = 'OUT';
    }
  }

  private async keep(ms: number): Promise<void> {
    this.forgiveCrashes();
    const until = this.deps.now() + ms;
    const text = jobProgressText(this.reported, { ...this.notes, seal: this.sealOf(this.reported) });
    const kept = await this.deps.store.keep(this.job.id, this.owner, until, text);
    this.claimedUntil = until;
    if (kept === 'LOST') this.verdict = 'LOST';
    if (kept === 'CANCELLED') this.verdict ??= 'CANCELLED';
  }

  private sealOf(reported: unknown): string {
    const { id, params } = this.job;
    return this.deps.seal(JSON.stringify([id, params, reported]));
  }

  /** A job that got on makes up for runs before it that crashed. */
  private forgiveCrashes(): void {
    if (JSON.stringify(resumeOf(this.reported)) === this.resumedFrom) return;
    this.notes = { attempts: 0, outages: 0 };
  }

  /** @param outcome `null` where there was no thread */
  private async conclude(outcome: JobOutcome | null): Promise<void> {
    const { attempts, outages } = this.notes;
    const before = { attempts: Math.max(0, attempts - 1), outages };
    if (this.verdict === 'LOST') {
      this.deps.log.warn({ job: this.job.id }, 'Another process has taken a job over.');
    } else if (this.verdict === 'CANCELLED') await this.end({ state: 'CANCELLED' });
    else if (this.verdict !== null || outcome === null) await this.giveBack(before, 0);
    else if (outcome.type === 'DONE') {
      await this.end({ state: 'DONE', result: JSON.stringify(outcome.result ?? null) });
    } else if (outcome.type === 'FAILED') {
      const { code, message } = outcome;
      this.deps.log.warn({ job: this.job.id, kind: this.job.kind, code }, message);
      if (mayPass(code) && outages < OUTAGES_MAX) {
        await this.giveBack({ ...before, outages: outages + 1 }, OUTAGE_WAIT_MS);
      } else await this.end({ state: 'FAILED', code, error: message });
    } else {
      this.deps.log.error({ err: outcome.error, job: this.job.id, kind: this.job.kind }, 'A job crashed.');
      if (attempts >= ATTEMPTS_MAX) await this.endCrashed();
      else await this.giveBack(this.notes, CRASH_WAIT_MS);
    }
  }

  private async endCrashed(): Promise<void> {
    const error = `It was begun ${ATTEMPTS_MAX} times, and its process ended each time before it got on.`;
    await this.end({ state: 'FAILED', code: 'INTERNAL', error });
  }

  /** Lets whoever asks have the job after `ms`. */
  private async giveBack(notes: RunNotes, ms: number): Promise<void> {
    this.notes = notes;
    await this.insist(() => this.keep(ms));
  }

  private async end(how: {
    readonly state: JobEnd['state'];
    readonly result?: string;
    readonly code?: ErrorCode;
    readonly error?: string;
  }): Promise<void> {
    const { state, result = null, code, error = null } = how;
    const isOurs = await this.insist(async () => {
      await this.keep(CLAIM_MS);
      return this.verdict !== 'LOST';
    });
    if (isOurs !== true) return;
    const notes = code === undefined ? this.notes : { ...this.notes, code };
    const progress = endedProgressText(this.reported, notes);
    const at = this.deps.now();
    const ended = { ...this.job, state, progress, result, error, finishedAt: at };
    // Where it cannot be told, whoever waits for the job is told all the same.
    const tell = async (): Promise<true> => {
      await this.deps.onEnd(ended);
      return true;
    };
    await this.insist(tell, TELL_TRIES_MAX);
    await this.insist(() =>
      this.deps.store.finish(this.job.id, this.owner, { state, progress, result, error, at }),
    );
  }

  /** Tries until it works; `null` where it did not, or this process stops. */
  private async insist<T>(run: () => Promise<T>, triesMax = OUTAGES_MAX): Promise<T | null> {
    for (let tries = 1; ; tries++) {
      try {
        return await run();
      } catch (error) {
        this.deps.log.warn(
          { err: error, job: this.job.id, tries },
          'What became of a job could not be noted yet.',
        );
        if (tries >= triesMax || this.isStopping) return null;
        await this.wait.wait(KEEP_MS);
      }
    }
  }
}

/** Whether it may be there again later. */
function mayPass(code: ErrorCode): boolean {
  return ERRORS[code].status === 503 && ERRORS[code].retry;
}

function askToEnd(thread: JobThread, turn: number): void {
  if (turn > ABORT_TURNS_MAX) thread.kill();
  else thread.abort();
}

/** What the next run is given to go on from. */
function resumeOf(reported: unknown): unknown {
  return typeof reported === 'object' && reported !== null && 'resume' in reported
    ? (reported.resume ?? null)
    : null;
}
