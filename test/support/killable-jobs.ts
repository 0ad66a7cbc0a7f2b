import { createJobRunner } from '#server/jobs/job-runner.ts';
import { createJobThreads } from '#server/jobs/job-threads.ts';
import { createLog } from '#server/log.ts';
import { createSqliteJobStore } from '#server/storage/sqlite/job-store.ts';
import { openForWriting } from '#server/storage/sqlite/open.ts';
import { systemClock } from '#server/clock.ts';
import { sha256 } from '#server/sha256.ts';
import { startSystemTimer } from '#server/worker/timer.ts';

/** A process that runs the jobs of the database file it is given, until it is killed. */
const file = process.argv[2];
if (file === undefined) throw new Error('Name the database file.');
createJobRunner({
  store: createSqliteJobStore(openForWriting(file)),
  startThread: createJobThreads(new URL('./scripted-job-thread.ts', import.meta.url), null),
  seal: (text) => sha256(Buffer.from(`a key ${text}`)),
  now: systemClock,
  startTimer: startSystemTimer,
  log: createLog('warn'),
  processId: 'the killed one',
  onEnd: async () => undefined,
});
