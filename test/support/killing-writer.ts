import { parentPort, workerData } from 'node:worker_threads';
import { startWriter, type WriterParts, type WriterSettings } from '#server/writer.ts';

/**
 * A writer thread that kills its own process, with SIGKILL, at a named point: the real writer with a wrapper
 * around its parts, and triggers on its own connection for the points inside a transaction.
 */

/** Points inside a transaction, by the statement after which it is struck. */
const INSIDE = {
  'intake: in the transaction': 'AFTER INSERT ON batch',
  'append: after the head moved': 'AFTER UPDATE ON head',
  'append: after the batch was completed': 'AFTER DELETE ON batch',
  'append: between two records': 'AFTER INSERT ON record',
  'append: between two tiles': 'AFTER INSERT ON tile',
  'checkpoint: in the transaction': 'AFTER INSERT ON checkpoint',
} as const;

const BETWEEN = [
  'intake: after the commit, before the answer',
  'queue: after a batch was leased',
  'append: after the commit, before anyone hears of it',
  'checkpoint: after the commit, before it is remembered',
] as const;

export const KILL_POINTS: readonly string[] = [...Object.keys(INSIDE), ...BETWEEN];

function withKillPoint(parts: WriterParts, point: string, times: number): WriterParts {
  let left = times;
  const strike = (here: string): void => {
    if (here !== point) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
  const { db, intake, queue, store, checkpoints } = parts;
  const trigger = Object.entries(INSIDE).find(([name]) => name === point)?.[1];
  if (trigger) {
    db.function('strike', () => {
      strike(point);
      return null;
    });
    db.exec(
      `CREATE TEMP TRIGGER strike_here ${trigger.replace(' ON ', ' ON main.')} BEGIN SELECT strike(); END`,
    );
  }
  return {
    db,
    intake: {
      ...intake,
      pending: intake.pending,
      async accept(submission) {
        const acceptance = await intake.accept(submission);
        strike('intake: after the commit, before the answer');
        return acceptance;
      },
    },
    queue: {
      ...queue,
      async take(max) {
        const batches = await queue.take(max);
        if (batches.length > 0) strike('queue: after a batch was leased');
        return batches;
      },
    },
    store: {
      ...store,
      async append(append) {
        const outcome = await store.append(append);
        strike('append: after the commit, before anyone hears of it');
        return outcome;
      },
    },
    checkpoints: {
      ...checkpoints,
      async add(ledger, checkpoint) {
        await checkpoints.add(ledger, checkpoint);
        strike('checkpoint: after the commit, before it is remembered');
      },
    },
  };
}

if (parentPort) {
  const point = process.env['KILL_POINT'];
  const times = Number(process.env['KILL_TIMES'] ?? '1');
  await startWriter(parentPort, workerData as WriterSettings, (parts) =>
    point ? withKillPoint(parts, point, times) : parts,
  );
}
