import { escapeLiteral } from 'pg';
import { type CommandResponse, getConstructionPlans, PgBoss } from 'pg-boss';
import type { PostgresClient, PostgresPool } from './open.ts';
import { QUEUE_SCHEMA } from './roles.ts';

/** Seconds that a finished job is kept: long enough for an operator to see it, short enough to stay small. */
const KEEP_DONE_S = 60;
/** A batch that was acknowledged is never given up by the queue: this is as long as pg-boss can be told. */
const KEEP_WAITING_S = 60 * 365 * 86_400;
/** Attempts are counted by the worker, which ends in quarantine; the queue itself never gives up. */
const RETRY_LIMIT = 1_000_000;
/** How often finished jobs are deleted, by whichever worker comes first. */
const DELETE_INTERVAL_S = 30;

const QUEUE_OPTIONS = {
  // One batch a ledger at a time, the oldest; one that waits for a retry keeps the others of its ledger
  // waiting.
  policy: 'key_strict_fifo',
  retryLimit: RETRY_LIMIT,
  retentionSeconds: KEEP_WAITING_S,
  deleteAfterSeconds: KEEP_DONE_S,
} as const;

export interface BossOptions {
  readonly queueName: string;
  /** Whether this process keeps the queue's tables small: the worker does. */
  readonly maintains: boolean;
  readonly onError: (error: Error) => void;
}

/**
 * pg-boss over a pool of ours. It neither makes nor changes tables (`installQueue` does), so that the
 * application's role needs no right to.
 */
export function createBoss(pool: PostgresPool, { maintains, onError }: BossOptions): PgBoss {
  const boss = new PgBoss({
    db: { executeSql: (text, values) => pool.query(text, values as unknown[]) },
    schema: QUEUE_SCHEMA,
    migrate: false,
    createSchema: false,
    schedule: false,
    supervise: maintains,
    superviseIntervalSeconds: DELETE_INTERVAL_S,
    maintenanceIntervalSeconds: DELETE_INTERVAL_S,
    // It takes the owner of the tables; vacuum reuses an index's pages.
    reindex: false,
  });
  boss.on('error', onError);
  return boss;
}

/** Makes pg-boss' tables or brings them up to date, and makes the queue. Run by the owner of the tables. */
export async function installQueue(pool: PostgresPool, queueName: string): Promise<void> {
  const boss = new PgBoss({
    db: { executeSql: (text, values) => pool.query(text, values as unknown[]) },
    schema: QUEUE_SCHEMA,
    schedule: false,
    supervise: false,
  });
  const failures: Error[] = [];
  boss.on('error', (error: Error) => failures.push(error));
  await boss.start();
  await boss.createQueue(queueName, QUEUE_OPTIONS);
  const { policy: _fixed, ...changeable } = QUEUE_OPTIONS;
  await boss.updateQueue(queueName, changeable);
  await pool.query(VACUUM_OFTEN);
  await boss.stop({ close: false, graceful: false });
  const [failure] = failures;
  if (failure !== undefined) throw failure;
}

/**
 * A batch leaves three dead rows behind in a table of few live ones, so what counts is their number and not
 * their share, and vacuum does not pause for others: it has little to do each time.
 */
const VACUUM_OFTEN = `ALTER TABLE ${QUEUE_SCHEMA}.job_common SET (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000
)`;

/** The same as a script for a database administrator, where there is no queue yet. */
export function queueScript(queueName: string): string {
  const values = [queueName, JSON.stringify(QUEUE_OPTIONS)].map((text) => escapeLiteral(text));
  return [
    '-- The queue: tables of pg-boss',
    getConstructionPlans(QUEUE_SCHEMA).trim(),
    `SELECT ${QUEUE_SCHEMA}.create_queue(${values.join(', ')}::jsonb);`,
    `${VACUUM_OFTEN};`,
  ].join('\n\n');
}

/** What lets a call of pg-boss run in a transaction of ours. */
export function inTransactionOf(client: PostgresClient) {
  return { db: { executeSql: (text: string, values?: unknown[]) => client.query(text, values) } };
}

/** How many jobs a command of pg-boss changed. */
export function affectedBy(response: CommandResponse): number {
  return 'affected' in response && typeof response.affected === 'number' ? response.affected : 0;
}
