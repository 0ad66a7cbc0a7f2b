import type { PgBoss } from 'pg-boss';
import { AppError, FatalError } from '#server/errors.ts';
import { BATCH_EVENTS_MAX } from '#server/ports/intake.ts';
import { type Batch, type JobQueue, type QueueDepth, RETRY_WAIT_MAX_MS } from '#server/ports/job-queue.ts';
import { affectedBy, inTransactionOf } from './boss.ts';
import { unpackLines } from './packed-lines.ts';
import { createLedgerNumbers, type LedgerNumbers } from './ledger-numbers.ts';
import { endTransaction, type Lease, type Leases } from './leases.ts';
import { begin, codeOf, inTransaction, type PostgresClient, type PostgresPool, translated } from './open.ts';
import { letOthersPass } from './queue-turns.ts';
import { QUEUE_SCHEMA } from './roles.ts';

export interface PostgresJobQueueOptions {
  /** Holds one connection for each batch in hand, so it has some more than the worker takes at once. */
  readonly pool: PostgresPool;
  readonly boss: PgBoss;
  readonly queueName: string;
  /** The same as the ledger store's: it ends what begins here. */
  readonly leases: Leases;
  readonly now: () => number;
  /** Most events that small jobs of a ledger are gathered to, BATCH_EVENTS_MAX unless given; 0: none are. */
  readonly gatherEventsMax?: number;
}

const JOB = `${QUEUE_SCHEMA}.job`;
/** The database's clock, which decides what is due. */
const JOB_NOW = `${QUEUE_SCHEMA}.job_now()`;

/**
 * A lease that does nothing for so long is lost: its worker's machine is gone without a word. The database
 * ends the transaction then, and the batch is out again.
 */
const IDLE_TIMEOUT_MS = 60_000;
/** Worded so that pg-boss' own index on such jobs serves it: those that are done are many. */
const IN_RETRY = "state = 'retry' AND policy = 'key_strict_fifo'";
/**
 * A job may be the oldest of its ledger and yet come after the one in hand: its transaction began earlier and
 * committed later. pg-boss then waits until that one is done with, which may be by whoever asks. Not here.
 */
const FETCH_LOCK_TIMEOUT_MS = 10;
/** SQLSTATE of a lock that was not had in that time. */
const LOCK_NOT_AVAILABLE = '55P03';
/** So many times a job is looked for that others take and give back. */
const LOCK_TRIES_MAX = 20;
/** So many times `take` is called between two looks for retries that are impossibly far away. */
const TAKES_BETWEEN_LOOKS = 256;

/**
 * The worker's side of the queue on Postgres: pg-boss, each batch fetched in a transaction of its own that
 * stays open as long as the batch is in hand.
 */
export function createPostgresJobQueue(options: PostgresJobQueueOptions): JobQueue {
  const { pool, queueName, leases, now } = options;
  const numbers = createLedgerNumbers();
  const takeOne = createTakeOne(options, numbers);
  let takes = 0;

  const release = async (batch: Batch): Promise<void> => {
    const lease = leases.takeUp(batch.id);
    if (lease) await leases.rollBack(lease);
  };

  const takeUpTo = async (max: number, batches: Batch[]): Promise<void> => {
    while (batches.length < max) {
      const batch = await takeOne();
      if (batch === 'HELD') {
        if (!(await letOthersPass(pool, queueName))) return;
      } else if (batch !== null) batches.push(batch);
      else if (batches.length > 0 || !(await bringBackFarRetries(pool, queueName))) return;
    }
  };

  return {
    async take(max) {
      return await translated(async () => {
        const batches: Batch[] = [];
        try {
          takes += 1;
          if (takes % TAKES_BETWEEN_LOOKS === 0) await bringBackFarRetries(pool, queueName);
          await takeUpTo(max, batches);
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
        if (jobIdsOf(batch.id).length > 1) {
          // One of its jobs is to blame: from now on each is tried by itself, and that is the first attempt.
          leases.keepApart(await numbers.get(pool, batch.ledger));
          if (lease) await leases.rollBack(lease);
        } else if (lease) await retryUnderLease(options, lease, batch, at, reason);
        else await retryAlone(options, batch, at, reason);
      });
    },
    async nextDueAt() {
      return await translated(async () => {
        // Not one that somebody works on: it is due, and nobody else could take it. By the database's clock,
        // whatever this machine's says: else a worker would come too early, again and again.
        const { rows } = await pool.query<{ wait_ms: number }>(
          `SELECT (extract(epoch FROM start_after - ${JOB_NOW}) * 1000)::float8 AS wait_ms FROM ${JOB}
           WHERE name = $1 AND ${IN_RETRY} ORDER BY start_after LIMIT 1 FOR KEY SHARE SKIP LOCKED`,
          [queueName],
        );
        return rows[0] ? now() + Math.ceil(rows[0].wait_ms) : null;
      });
    },
    depth: () => readQueueDepth(pool),
  };
}

/** What waits, whichever process queued it. Needs nothing of a worker. */
export async function readQueueDepth(pool: PostgresPool): Promise<QueueDepth> {
  return await inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ batches: number; events: number; oldest_at: number | null }>(
      `SELECT COUNT(*) AS batches, COALESCE(SUM(event_count), 0)::int8 AS events, MIN(queued_at) AS oldest_at
       FROM batch_payload`,
    );
    const { batches, events, oldest_at: oldestAt } = rows[0]!;
    return { batches, events, oldestAt };
  });
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
  for (let tries = 0; tries < LOCK_TRIES_MAX; tries++) {
    const { rowCount } = await client.query(
      `SELECT 1 FROM ${JOB} WHERE name = $1 AND id = $2 AND state < 'active' FOR UPDATE`,
      [queueName, batchId],
    );
    if (rowCount === 1) return true;
    // pg-boss gives a failed job back as a new row, which the statement that waited for the old one does not
    // see. What the job carries stays where it is as long as it waits.
    const carried = await client.query('SELECT 1 FROM batch_payload WHERE job_id = $1', [batchId]);
    if (carried.rowCount === 0) return false;
  }
  throw new AppError('STORAGE_UNAVAILABLE', { message: 'A batch changes hands too fast to be locked.' });
}

/**
 * Fetches one batch and leaves its transaction open as its lease; `null` where nothing is to be had, `HELD`
 * where the next one cannot be had now, and others might.
 */
function createTakeOne(options: PostgresJobQueueOptions, numbers: LedgerNumbers) {
  const { pool, boss, queueName, leases, now, gatherEventsMax = BATCH_EVENTS_MAX } = options;
  return async (): Promise<Batch | 'HELD' | null> => {
    let held = false;
    const client = await pool.connect();
    try {
      const takenAt = now();
      await begin(client, IDLE_TIMEOUT_MS, FETCH_LOCK_TIMEOUT_MS);
      // Crash from here to the end of the lease: the transaction ends with the connection, and the batch
      // waits as if it had never been fetched.
      const fetching = { batchSize: 1, includeMetadata: true, ...inTransactionOf(client) } as const;
      const [job] = await boss.fetch<JobData>(queueName, fetching);
      if (job) {
        const ledgerNo = job.data.ledger;
        // One that failed before is tried by itself, so that others do not suffer from it.
        const room = job.retryCount > 0 || leases.isApart(ledgerNo) ? 0 : gatherEventsMax - job.data.events;
        const jobIds = [job.id, ...(await lockFollowers(client, queueName, ledgerNo, room))] as const;
        const pieces = await readPayloads(client, jobIds);
        const ledger = await numbers.ledgerOf(client, ledgerNo);
        const id = jobIds.join(PIECES_JOINT);
        await leases.begin({ batchId: id, ledgerNo, client, jobIds, takenAt });
        return toBatch(id, ledger, job.retryCount + 1, pieces);
      }
    } catch (error) {
      if (codeOf(error) !== LOCK_NOT_AVAILABLE) {
        client.release(true);
        throw error;
      }
      held = true;
    }
    await endTransaction(client, 'ROLLBACK');
    return held ? 'HELD' : null;
  };
}

function toBatch(id: string, ledger: string, attempts: number, pieces: readonly Piece[]): Batch {
  return {
    id,
    ledger,
    attempts,
    payload: pieces.map(({ payload }) => payload).join('\n'),
    eventCount: pieces.reduce((sum, { eventCount }) => sum + eventCount, 0),
    pieces: pieces.map(({ id: pieceId, eventCount }) => ({ id: pieceId, eventCount })),
  };
}

/** What the intake writes into a job beside its lines. */
interface JobData {
  /** Number of the ledger. */
  readonly ledger: number;
  readonly events: number;
}

/** Between the ids of jobs in the id of a batch that was gathered from several. */
const PIECES_JOINT = '+';

/** The jobs of a batch, by its id. */
export function jobIdsOf(batchId: string): readonly string[] {
  return batchId.split(PIECES_JOINT);
}

/** Most jobs that are gathered into one batch. */
const PIECES_MAX = 200;
const GATHERED_CHARACTERS_MAX = 8 * 1024 * 1024;

/**
 * Locks the jobs that wait behind the first one of their ledger, oldest first, as far as they fit into one
 * batch with it: a transaction with a thousand events costs little more than one with a single event.
 */
async function lockFollowers(
  client: PostgresClient,
  queueName: string,
  ledgerNo: number,
  eventsMax: number,
): Promise<readonly string[]> {
  if (eventsMax <= 0) return [];
  const { rows } = await client.query<{ id: string; events: number; characters: number }>(
    `SELECT j.id, p.event_count AS events, p.characters
     FROM ${JOB} j JOIN batch_payload p ON p.job_id = j.id
     WHERE j.name = $1 AND j.singleton_key = $2 AND j.state = 'created' AND NOT j.blocked
       AND j.policy = 'key_strict_fifo'
     ORDER BY j.created_on, j.id LIMIT ${PIECES_MAX} FOR UPDATE OF j SKIP LOCKED`,
    [queueName, String(ledgerNo)],
  );
  let [events, characters] = [0, 0];
  const followers: string[] = [];
  for (const row of rows) {
    events += row.events;
    characters += row.characters;
    if (events > eventsMax || characters > GATHERED_CHARACTERS_MAX) break;
    followers.push(row.id);
  }
  return followers;
}

interface Piece {
  readonly id: string;
  readonly eventCount: number;
  readonly payload: string;
}

/** What the jobs carry, in their order. */
async function readPayloads(client: PostgresClient, jobIds: readonly string[]): Promise<readonly Piece[]> {
  const { rows } = await client.query<{ id: string; eventCount: number; packed: Buffer }>(
    `SELECT job_id AS id, event_count AS "eventCount", payload AS packed
     FROM batch_payload WHERE job_id = ANY ($1::uuid[])`,
    [jobIds],
  );
  const pieces = new Map(
    rows.map(({ id, eventCount, packed }) => [id, { id, eventCount, payload: linesOf(id, packed) }]),
  );
  return jobIds.map((id) => {
    const piece = pieces.get(id);
    if (!piece) throw new FatalError('*', `The lines of batch ${id} are gone, and it waits in the queue.`);
    return piece;
  });
}

function linesOf(jobId: string, packed: Buffer): string {
  try {
    return unpackLines(packed);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FatalError('*', `The lines of batch ${jobId} are damaged: ${reason}`);
  }
}

async function retryUnderLease(
  options: PostgresJobQueueOptions,
  lease: Lease,
  batch: Batch,
  at: number,
  reason: string,
): Promise<void> {
  try {
    // The database's clock stands still in a transaction: what counts is the time since it began.
    await putOff(options, lease.client, batch, at - lease.takenAt, reason);
  } catch (error) {
    await options.leases.undo(lease);
    throw error;
  }
  // Crash before this: the attempt does not count and the batch is out at once.
  await options.leases.commit(lease);
}

/** The lease went with its connection: the batch is out already, and may have been taken since. */
async function retryAlone(
  options: PostgresJobQueueOptions,
  batch: Batch,
  at: number,
  reason: string,
): Promise<void> {
  await inTransaction(options.pool, async (client) => {
    if (!(await lockWaiting(client, options.queueName, batch.id))) return;
    await putOff(options, client, batch, at - options.now(), reason);
  });
}

/** Gives the job back as failed once more, not to be fetched before the wait is over. */
async function putOff(
  { boss, queueName }: PostgresJobQueueOptions,
  client: PostgresClient,
  { id, attempts }: Batch,
  waitMs: number,
  reason: string,
): Promise<void> {
  // JSON in Postgres cannot hold U+0000, and whoever reads a reason does not miss it.
  const output = { reason: reason.replaceAll('\u0000', '') };
  const failure = await boss.fail(queueName, id, output, inTransactionOf(client));
  if (affectedBy(failure) !== 1) throw new Error(`Batch ${id} is not in hand`);
  // Where the lease was lost the fetch was undone, and with it the count.
  await client.query(
    `UPDATE ${JOB} SET start_after = ${JOB_NOW} + $3 * interval '1 millisecond',
       started_on = COALESCE(started_on, ${JOB_NOW}), retry_count = GREATEST(retry_count, $4)
     WHERE name = $1 AND id = $2`,
    [queueName, id, Math.max(0, waitMs), attempts - 1],
  );
}

/** Makes retries due that wait longer than any may: the clock was put back. Says whether there were any. */
async function bringBackFarRetries(pool: PostgresPool, queueName: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `UPDATE ${JOB} SET start_after = ${JOB_NOW} WHERE name = $1 AND id IN (
       SELECT id FROM ${JOB} WHERE name = $1 AND ${IN_RETRY}
         AND start_after > ${JOB_NOW} + $2 * interval '1 millisecond' FOR UPDATE SKIP LOCKED)`,
    [queueName, RETRY_WAIT_MAX_MS],
  );
  return rowCount !== 0;
}
