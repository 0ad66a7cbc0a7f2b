/** Long work that someone asked for, or that is due: it runs in a thread of its own, off the write path. */
export type JobKind = 'VERIFICATION' | 'EXPORT';
/** QUEUED → RUNNING → DONE, FAILED (`error` says why) or CANCELLED. */
export type JobState = 'QUEUED' | 'RUNNING' | 'DONE' | 'FAILED' | 'CANCELLED';

export interface NewJob {
  /** UUIDv7. */
  readonly id: string;
  readonly kind: JobKind;
  readonly ledgerNo: number;
  /** What is to be done, as JSON text; the kind's own shape. */
  readonly params: string;
  /** Id of the token that asked for it; `null` where the schedule did. */
  readonly requestedBy: string | null;
  /** ms since the epoch. */
  readonly createdAt: number;
}

export interface Job extends NewJob {
  readonly state: JobState;
  /** Someone asked for its end; whoever runs it hears of that from `keep`. */
  readonly cancelRequested: boolean;
  /** How far it is, as JSON text, with all that is needed to go on from there after a crash. */
  readonly progress: string | null;
  /** What came of it, as JSON text, once it is DONE. */
  readonly result: string | null;
  /** Why it is FAILED: a sentence for whoever asked. */
  readonly error: string | null;
  /** ms since the epoch. */
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

export interface JobEnd {
  readonly state: 'DONE' | 'FAILED' | 'CANCELLED';
  readonly progress: string | null;
  readonly result: string | null;
  readonly error: string | null;
  /** ms since the epoch. */
  readonly at: number;
}

/**
 * Jobs, durable: one that was created is run, also after `kill -9`, by one process at a time. Errors of all:
 * STORAGE_UNAVAILABLE.
 */
export interface JobStore {
  /**
   * Durable when this resolves. A job of this id that is there is left as it is, so that of several processes
   * which create the same job at once one does. Errors: JOBS_FULL where JOBS_OPEN_MAX of this ledger are not
   * at their end.
   */
  create(job: NewJob): Promise<void>;
  find(id: string): Promise<Job | null>;
  /** Of one ledger and kind, newest first. */
  list(ledgerNo: number, kind: JobKind, max: number): Promise<readonly Job[]>;
  /**
   * Takes a job of these kinds that waits, or whose claim ran out (its process died), for `owner` until
   * `until` (ms since the epoch). Ledgers take turns: it is the oldest job of the ledger for which none of
   * that kind has begun for longest. Of two who claim at the same time each job goes to one.
   */
  claim(kinds: readonly JobKind[], owner: string, now: number, until: number): Promise<Job | null>;
  /**
   * Keeps the claim until `until` and the progress durably.
   *
   * @returns CANCELLED: someone asked for its end. LOST: the claim ran out and another one has the job; then
   *   nothing was written
   */
  keep(id: string, owner: string, until: number, progress: string): Promise<'KEPT' | 'CANCELLED' | 'LOST'>;
  /** Ends the job. `false`, and nothing is written, where the claim is another one's. */
  finish(id: string, owner: string, end: JobEnd): Promise<boolean>;
  /** Asks for its end; one that waits ends at once. `false` where it has ended, or is not there. */
  cancel(id: string, at: number): Promise<boolean>;
  /** Removes all but the newest `keep` that have ended, of each ledger and of this kind; gives their ids. */
  prune(kind: JobKind, keep: number): Promise<readonly string[]>;
}

/** Most jobs of one ledger that wait or run at once. */
export const JOBS_OPEN_MAX = 20;
