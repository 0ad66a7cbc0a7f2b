import type { ErrorCode } from '#server/errors.ts';
import type { Job } from '#server/ports/job-store.ts';

/** What a job's thread is given to start with; all of it can be sent to a thread. */
export interface JobThreadData<Settings> {
  readonly settings: Settings;
  readonly job: Job;
  readonly resume: unknown;
}

/** What the main thread asks of a job's thread. */
export interface ToJob {
  readonly type: 'abort';
}

/** What a job's thread tells. */
export type FromJob =
  /** How far it is; more than one a moment is not told. */
  | { readonly type: 'progress'; readonly progress: unknown }
  | { readonly type: 'done'; readonly result: unknown }
  /** It cannot be carried through; `message` is for whoever asked. */
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };
