import type { PostgresPool } from './open.ts';
import { QUEUE_SCHEMA } from './roles.ts';

const JOB = `${QUEUE_SCHEMA}.job`;
/** Behind everything that waits its turn in the ordinary way. */
const BEHIND_ALL = 10_000;
/** How long a job waits for its turn before it counts as much as the newest one of any ledger. */
const OLD_S = 10;

/**
 * Lets other ledgers pass the jobs that cannot be had: those that are older than the one in hand of their
 * ledger, and came to light later because their transaction committed later. pg-boss would try them first,
 * and wait.
 *
 * @returns whether there were any
 */
export async function letOthersPass(pool: PostgresPool, queueName: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `WITH free AS MATERIALIZED (
       SELECT id FROM ${JOB} WHERE name = $1 AND state < 'active' AND policy = 'key_strict_fifo'
       FOR UPDATE SKIP LOCKED
     ), held AS (
       SELECT singleton_key, max(created_on) AS created_on FROM ${JOB} j
       WHERE name = $1 AND state < 'active' AND policy = 'key_strict_fifo'
         AND NOT EXISTS (SELECT FROM free WHERE free.id = j.id)
       GROUP BY singleton_key
     )
     UPDATE ${JOB} j SET priority = priority - ${BEHIND_ALL} FROM free, held
     WHERE j.name = $1 AND j.id = free.id AND j.singleton_key = held.singleton_key
       AND j.created_on <= held.created_on AND j.priority > -${BEHIND_ALL}`,
    [queueName],
  );
  return rowCount !== 0;
}

/**
 * Gives jobs that have waited long the turn of the newest: no ledger waits for ever, however busy others are.
 */
export async function raiseOldJobs(pool: PostgresPool, queueName: string): Promise<void> {
  await pool.query(
    `UPDATE ${JOB} SET priority = 0 WHERE name = $1 AND id IN (
       SELECT id FROM ${JOB} WHERE name = $1 AND state = 'created' AND priority < 0
         AND created_on < ${QUEUE_SCHEMA}.job_now() - interval '${OLD_S} seconds'
       FOR UPDATE SKIP LOCKED)`,
    [queueName],
  );
}
