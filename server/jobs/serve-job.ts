import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { AppError, FatalError } from '#server/errors.ts';
import type { JobKind } from '#server/ports/job-store.ts';
import type { JobBody } from './job-body.ts';
import type { FromJob, JobThreadData, ToJob } from './job-messages.ts';

/** How often the main thread is told of progress, and asked whether the job shall end. */
const TELL_MS = 250;

/** A job's body and what it stands on. */
export interface OpenedJob {
  readonly body: JobBody;
  readonly close: () => void | Promise<void>;
}

/**
 * The side of a job's thread: runs the job and tells the main thread how far it is and how it ended.
 *
 * @param open opens what the job stands on; it is closed when the job has ended
 * @throws whatever the body throws that is neither `AppError` nor `FatalError`: the thread ends with it, and
 *   the job counts as crashed
 */
export async function serveJob<Settings>(
  port: MessagePort,
  { settings, job, resume }: JobThreadData<Settings>,
  open: (settings: Settings, kind: JobKind) => OpenedJob | Promise<OpenedJob>,
): Promise<void> {
  const tell = (message: FromJob): void => port.postMessage(message);
  const aborting = new AbortController();
  const obey = (message: ToJob): void => {
    if (message.type === 'abort') aborting.abort(new AppError('APPLIANCE_STOPPING'));
  };
  port.on('message', obey);
  const reporting = createReporting(tell, () => {
    // A body that reads from SQLite never waits, and a message would only come in while it does.
    const waiting: { readonly message: ToJob } | undefined = receiveMessageOnPort(port);
    if (waiting) obey(waiting.message);
  });
  let opened: OpenedJob | null = null;
  try {
    opened = await open(settings, job.kind);
    const context = { job, resume, report: reporting.report, signal: aborting.signal };
    const result = await opened.body(context);
    reporting.flush();
    tell({ type: 'done', result });
  } catch (error) {
    reporting.flush();
    tell(toFailure(error));
  } finally {
    port.off('message', obey);
    await opened?.close();
  }
}

function toFailure(error: unknown): FromJob {
  if (error instanceof AppError) return { type: 'failed', code: error.code, message: error.message };
  // The files of the database are damaged: trying again would not mend them.
  if (error instanceof FatalError) return { type: 'failed', code: 'INTERNAL', message: error.message };
  throw error;
}

function createReporting(tell: (message: FromJob) => void, onTold: () => void) {
  let newest: { readonly progress: unknown } | null = null;
  let toldAt = Number.NEGATIVE_INFINITY;
  let late: NodeJS.Timeout | null = null;
  const flush = (): void => {
    if (late !== null) clearTimeout(late);
    late = null;
    if (newest !== null) tell({ type: 'progress', progress: newest.progress });
    newest = null;
    toldAt = performance.now();
  };
  return {
    flush,
    report(progress: unknown): void {
      newest = { progress };
      if (performance.now() - toldAt >= TELL_MS) {
        flush();
        onTold();
      }
      // For a body that waits after this.
      else late ??= setTimeout(flush, TELL_MS);
    },
  };
}
