import { Worker } from 'node:worker_threads';
import type { ErrorCode } from '#server/errors.ts';
import type { Job } from '#server/ports/job-store.ts';
import type { FromJob, JobThreadData, ToJob } from './job-messages.ts';

/** How a job's thread ended. */
export type JobOutcome =
  | { readonly type: 'DONE'; readonly result: unknown }
  | { readonly type: 'FAILED'; readonly code: ErrorCode; readonly message: string }
  /** It said nothing of how the job ended. */
  | { readonly type: 'CRASHED'; readonly error: Error };

/** A job in its thread, as the main thread sees it. */
export interface JobThread {
  /** Resolves when the thread is gone. */
  readonly ended: Promise<JobOutcome>;
  /** Asks the job to come to an end. */
  abort(): void;
  /** Ends the thread wherever it is. */
  kill(): void;
}

/** Starts a job in a thread of its own; `onProgress` is told what the job reports. */
export type StartJobThread = (
  job: Job,
  resume: unknown,
  onProgress: (progress: unknown) => void,
) => JobThread;

/**
 * Bodies work in constant memory; one that takes so much on the heap is ended, as a rule without the process.
 */
const HEAP_MB_MAX = 1024;

/**
 * Starts jobs in threads.
 *
 * @param entry the module that a thread runs; it calls `serveJob`
 * @param settings what it needs to know, plain data
 */
export function createJobThreads(entry: URL, settings: unknown): StartJobThread {
  return (job, resume, onProgress) => {
    const workerData: JobThreadData<unknown> = { settings, job, resume };
    const thread = new Worker(entry, { workerData, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX } });
    let outcome: JobOutcome | null = null;
    let failure: Error | null = null;
    thread.on('message', (message: FromJob) => {
      if (message.type === 'progress') onProgress(message.progress);
      else if (message.type === 'done') outcome = { type: 'DONE', result: message.result };
      else outcome = { type: 'FAILED', code: message.code, message: message.message };
    });
    thread.on('error', (error) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    const ended = new Promise<JobOutcome>((resolve) => {
      thread.once('exit', (code) => {
        const crashed = (): JobOutcome => ({
          type: 'CRASHED',
          error: failure ?? new Error(`The job's thread ended with code ${code}.`),
        });
        resolve(outcome ?? crashed());
      });
    });
    return {
      ended,
      abort: () => thread.postMessage({ type: 'abort' } satisfies ToJob),
      kill: () => void thread.terminate(),
    };
  };
}
