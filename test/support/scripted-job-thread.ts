import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { AppError, FatalError } from '#server/errors.ts';
import type { JobBody } from '#server/jobs/job-body.ts';
import type { JobThreadData } from '#server/jobs/job-messages.ts';
import { serveJob } from '#server/jobs/serve-job.ts';

/** A job's thread whose body does what the job's params say: `{"script": name}`. */
const SCRIPTS: Readonly<Record<string, JobBody>> = {
  /** Says what it was given. */
  tell: async ({ job, resume, report }) => {
    report({ checked: 1, resume: { secret: 'of this run' } });
    return { id: job.id, resume };
  },
  /** Counts to a hundred; the first run waits at the middle until it is asked to end. */
  count: async ({ resume, report, signal }) => {
    const from = (resume as { next: number } | null)?.next ?? 0;
    const counted: number[] = [];
    for (let i = from; i < 100; i++) {
      counted.push(i);
      report({ checked: i + 1, resume: { next: i + 1 } });
      if (i === 49) while (!signal.aborted) await nextTurn();
      signal.throwIfAborted();
    }
    return { from, counted: counted.length };
  },
  /** Never waits, as one that reads from SQLite. */
  busy: async ({ report, signal }) => {
    for (let i = 0; !signal.aborted; i++) report({ checked: i });
    throw signal.reason;
  },
  /** Neither waits nor reports. */
  hang: async ({ report }) => {
    report({ checked: 1 });
    for (;;);
  },
  refuse: async ({ report }) => {
    report({ checked: 3, resume: 1 });
    throw new AppError('EXPORT_NOT_READY', { message: 'Not now, not ever.' });
  },
  damaged: async () => {
    throw new FatalError('*', 'The file is damaged.');
  },
  /** The storage is away at first. */
  outage: async ({ resume, report }) => {
    if (resume !== null) return 'came back';
    report({ resume: 'was here' });
    throw new AppError('STORAGE_UNAVAILABLE');
  },
  crash: async ({ report }) => {
    report({ checked: 7 });
    throw new Error('a fault of ours');
  },
  exit: async () => process.exit(3),
  /** Takes the whole process with it. */
  kill: async () => process.kill(process.pid, 'SIGKILL'),
  /** Crashes once, and gets on after that. */
  recover: async ({ resume, report }) => {
    if (resume !== null) return 'got on';
    report({ resume: 'half' });
    throw new Error('once only');
  },
};

if (parentPort) {
  const data = workerData as JobThreadData<unknown>;
  const { script } = JSON.parse(data.job.params) as { script: string };
  await serveJob(parentPort, data, () => {
    const body = SCRIPTS[script];
    if (body === undefined) throw new Error(`There is no script ${script}.`);
    return { body, close: () => undefined };
  });
}
