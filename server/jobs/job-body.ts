import type { Job } from '#server/ports/job-store.ts';

/**
 * What a job's kind does, in the thread that runs it. Resolves with the job's result, which must survive
 * `JSON.stringify`; what it throws makes the job FAILED, with an `AppError`'s message as the reason. Once
 * `context.signal` is aborted it comes to an end soon, and what it then gives or throws counts for nothing.
 */
export type JobBody = (context: JobContext) => Promise<unknown>;

export interface JobContext {
  readonly job: Job;
  /**
   * The member `resume` of what was reported last, by an earlier run of this job that did not come to its
   * end; `null` in the first run.
   */
  readonly resume: unknown;
  /**
   * Says how far the job is: an object that survives `JSON.stringify`. Cheap, and may be called as often as
   * one likes: about once a second the newest one is kept durably, so it must not be changed afterwards. It
   * also is where a body that never waits hears of `signal`: such a one reports a few times a second.
   */
  readonly report: (progress: unknown) => void;
  /** Aborted when someone asked for the job's end, when the server stops, and when the claim is lost. */
  readonly signal: AbortSignal;
}
