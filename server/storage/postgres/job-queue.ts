import type { PgBoss } from 'pg-boss';
import { FatalError } from '#server/errors.ts';
import { type Batch, type JobQueue, RETRY_WAIT_MAX_MS } from '#server/ports/job-queue.ts';
import { affectedBy, inTransactionOf } from './boss.ts';
import { createLedgerNumbers } from './ledger-numbers.ts';
import { endTransaction, type Lease, type Leases } from './leases.ts';
import { begin, inTransaction, type PostgresClient, type PostgresPool, translated } from './open.ts';
import { QUEUE_SCHEMA } from './roles.ts';

export interface PostgresJobQueueOptions {
  /** Holds one connection for each batch in hand, so it has some more than the worker takes at once. */
  readonly pool: PostgresPool;
  readonly boss: PgBoss;
  readonly queueName: string;
  /** The same as the ledger store's: it ends what begins here. */
  readonly leases: Leases;
  readonly now: () => number;
}

const JOB = `${QUEUE_SCHEMA}.job`;
/** The database's clock, which decides what is due. */
const JOB_NOW = `${QUEUE_SCHEMA}.job_now()`;

/**
 * A lease that does nothing for so long is lost: its worker's machine is gone without a word. The database
 * ends the transaction then, and the batch is out again.
 */
const IDLE_TIMEOUT_MS = 60_000;
/** So many times `take` is called between two looks for retries that are impossibly far away. */
const TAKES_BETWEEN_LOOKS = 256;

/**
 * The worker's side of the queue on Postgres: pg-boss, each batch fetched in a transaction of its own that
 * stays open as long as the batch is in hand.
 */
export function createPostgresJobQueue(options: PostgresJobQueueOptions): JobQueue {
  const { pool, queueName, leases, now } = options;
  const takeOne = createTakeOne(options);
  let takes = 0;

  const release = async (batch: Batch): Promise<void> => {
    const lease = leases.takeUp(batch.id);
    if (lease) await leases.rollBack(lease);
  };

  return {
    async take(max) {
      return await translated(async () => {
        const batches: Batch[] = [];
        try {
          takes += 1;
          if (takes % TAKES_BETWEEN_LOOKS === 0) await bringBackFarRetries(pool, queueName);
          while (batches.length < max) {
            let batch = await takeOne();
            if (batch === null && batches.length === 0 && (await bringBackFarRetries(pool, queueName))) {
              batch = await takeOne();
            }
            if (batch === null) break;
            batches.push(batch);
          }
        } catch (error) {
          // Nobody would ever work on these.
          await Promise.all(batches.map(release));
          throw error;
        }
        return batches;
      });
    },
    release,
    async retry(batch, at, reason) {
      await translated(async () => {
        const lease = leases.takeUp(batch.id);
        if (lease) {
          await retryUnderLease(options, lease, at, reason);
        } else {
          // The lease went with its connection: the batch is out already, and may have been taken since.
          await inTransaction(pool, async (client) => {
            if (await lockWaiting(client, queueName, batch.id)) {
              await putOff(options, client, batch.id, at - now(), reason);
            }
          });
        }
      });
    },
    async nextDueAt() {
      return await translated(async () => {
        // Not one that somebody works on: it is due, and nobody else could take it. By the database's clock,
        // whatever this machine's says: else a worker would come too early, again and again.
        const { rows } = await pool.query<{ wait_ms: number }>(
          `SELECT (extract(epoch FROM start_after - ${JOB_NOW}) * 1000)::float8 AS wait_ms FROM ${JOB}
           WHERE name = $1 AND state = 'retry' ORDER BY start_after LIMIT 1 FOR KEY SHARE SKIP LOCKED`,
          [queueName],
        );
        return rows[0] ? now() + Math.ceil(rows[0].wait_ms) : null;
      });
    },
    async depth() {
      return await inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ batches: number; events: number; oldest_at: number | null }>(
          `SELECT COUNT(*) AS batches, COALESCE(SUM(event_count), 0)::int8 AS events,
             MIN(queued_at) AS oldest_at FROM batch_payload`,
        );
        const { batches, events, oldest_at: oldestAt } = rows[0]!;
        return { batches, events, oldestAt };
      });
    },
  };
}

/**
 * Locks the batch's job if it still waits, after whoever works on it now is done with it: the answer is true
 * until the transaction ends.
 */
export async function lockWaiting(
  client: PostgresClient,
  queueName: string,
  batchId: string,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT 1 FROM ${JOB} WHERE name = $1 AND id = $2 AND state < 'active' FOR UPDATE`,
    [queueName, batchId],
  );
  return rowCount === 1;
}

/** Fetches one batch and leaves its transaction open as its lease; `null` where nothing is to be had. */
function createTakeOne({ pool, boss, queueName, leases, now }: PostgresJobQueueOptions) {
  const numbers = createLedgerNumbers();
  return async (): Promise<Batch | null> => {
    const client = await pool.connect();
    try {
      const takenAt = now();
      await begin(client, IDLE_TIMEOUT_MS);
      // Crash from here to the end of the lease: the transaction ends with the connection, and the batch waits
      // as if it had never been fetched.
      const fetching = { batchSize: 1, includeMetadata: true, ...inTransactionOf(client) } as const;
      const [job] = await boss.fetch(queueName, fetching);
      if (!job) {
        await endTransaction(client, 'ROLLBACK');
        return null;
      }
      const { ledger_no: ledgerNo, event_count: eventCount, payload } = await readPayload(client, job.id);
      const ledger = await numbers.ledgerOf(client, ledgerNo);
      await leases.begin({ batchId: job.id, ledgerNo, client, takenAt });
      return { id: job.id, ledger, attempts: job.retryCount + 1, payload, eventCount };
    } catch (error) {
      client.release(true);
      throw error;
    }
  };
}

interface PayloadRow {
  readonly ledger_no: number;
  readonly event_count: number;
  readonly payload: string;
}

async function readPayload(client: PostgresClient, jobId: string): Promise<PayloadRow> {
  const { rows } = await client.query<PayloadRow>(
    'SELECT ledger_no, event_count, payload FROM batch_payload WHERE job_id = $1',
    [jobId],
  );
  if (!rows[0]) throw new FatalError('*', `The lines of batch ${jobId} are gone, and it waits in the queue.`);
  return rows[0];
}

async function retryUnderLease(
  options: PostgresJobQueueOptions,
  lease: Lease,
  at: number,
  reason: string,
): Promise<void> {
  try {
    // The database's clock stands still in a transaction: what counts is the time since it began.
    await putOff(options, lease.client, lease.batchId, at - lease.takenAt, reason);
  } catch (error) {
    await options.leases.undo(lease);
    throw error;
  }
  // Crash before this: the attempt does not count and the batch is out at once.
  await options.leases.commit(lease);
}

/** Gives the job back as failed once more, not to be fetched before the wait is over. */
async function putOff(
  { boss, queueName }: PostgresJobQueueOptions,
  client: PostgresClient,
  batchId: string,
  waitMs: number,
  reason: string,
): Promise<void> {
  // JSON in Postgres cannot hold U+0000, and whoever reads a reason does not miss it.
  const output = { reason: reason.replaceAll('\u0000', '') };
  const failure = await boss.fail(queueName, batchId, output, inTransactionOf(client));
  if (affectedBy(failure) !== 1) throw new Error(`Batch ${batchId} is not in hand`);
  await client.query(
    `UPDATE ${JOB} SET start_after = ${JOB_NOW} + $3 * interval '1 millisecond' WHERE name = $1 AND id = $2`,
    [queueName, batchId, Math.max(0, waitMs)],
  );
}

/** Makes those retries due that wait longer than any may: the clock was put back. Says whether there were any. */
async function bringBackFarRetries(pool: PostgresPool, queueName: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `UPDATE ${JOB} SET start_after = ${JOB_NOW} WHERE name = $1 AND id IN (
       SELECT id FROM ${JOB} WHERE name = $1 AND state = 'retry'
         AND start_after > ${JOB_NOW} + $2 * interval '1 millisecond' FOR UPDATE SKIP LOCKED)`,
    [queueName, RETRY_WAIT_MAX_MS],
  );
  return rowCount !== 0;
}
