import { unpackLines } from '#server/storage/postgres/packed-lines.ts';
import { Client } from 'pg';
import { expect, onTestFinished } from 'vitest';
import type { Acceptance, SubmittedEvent } from '#server/ports/intake.ts';
import { sha256 } from '#server/sha256.ts';
import { createBoss } from '#server/storage/postgres/boss.ts';
import {
  createPostgresIntake,
  type PostgresIntake,
  type PostgresIntakeOptions,
} from '#server/storage/postgres/intake.ts';
import { createPostgresLedgerCatalog } from '#server/storage/postgres/ledger-catalog.ts';
import { openPool } from '#server/storage/postgres/open.ts';
import { outcomes } from './ledger-fixture.ts';
import { createDatabase, type TestDatabase } from './postgres-database.ts';
import { TEST_QUEUE } from './postgres-server.ts';
import { NOW } from './storage-under-test.ts';

/** A process that only accepts. */
export interface AcceptingProcess {
  readonly name: string;
  readonly intake: PostgresIntake;
  readonly failures: unknown[];
}

let processes = 0;

/** Opens one. */
export async function openIntake(
  { url }: TestDatabase,
  options: Partial<PostgresIntakeOptions> = {},
): Promise<AcceptingProcess> {
  const name = `intake ${(processes += 1)}`;
  const pool = openPool(url, { max: 4, name });
  const boss = createBoss(pool, { queueName: TEST_QUEUE, maintains: false, onError: () => undefined });
  await boss.start();
  const failures: unknown[] = [];
  const intake = createPostgresIntake({
    pool,
    boss,
    queueName: TEST_QUEUE,
    now: () => NOW,
    refusal: () => null,
    onQueued: () => undefined,
    onFailure: (error) => failures.push(error),
    ...options,
  });
  onTestFinished(async () => {
    await boss.stop({ close: false, graceful: false });
    await pool.end();
  });
  return { name, intake, failures };
}

/** A database with the ledgers `acme` and `other`. */
export async function openDatabase(port?: number): Promise<TestDatabase> {
  const database = await createDatabase(port);
  const pool = openPool(database.url, { max: 1, name: 'catalog' });
  for (const id of ['acme', 'other']) {
    await createPostgresLedgerCatalog(pool, sha256).create({
      id,
      name: null,
      origin: `o/${id}`,
      vkey: `v/${id}`,
      createdAt: NOW,
    });
  }
  await pool.end();
  return database;
}

/** Someone who sees and may do everything. */
export async function openSuperuser({ superuserUrl }: TestDatabase): Promise<Client> {
  const client = new Client({ connectionString: superuserUrl });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** The lines in the queue, in order; each batch has its job, and each job its batch. */
export async function queuedLines(superuser: Client): Promise<readonly string[]> {
  const { rows } = await superuser.query<{ payload: Buffer | null; job: string | null }>(
    `SELECT b.payload, j.id AS job FROM pgboss.job j FULL JOIN batch_payload b ON b.job_id = j.id
     ORDER BY j.created_on, j.id`,
  );
  for (const { payload, job } of rows) expect([payload, job]).not.toContain(null);
  return rows.flatMap(({ payload }) => unpackLines(payload!).split('\n'));
}

/** Sends events for nobody to wait for. */
export async function accept(
  { intake }: AcceptingProcess,
  events: readonly SubmittedEvent[],
  ledger = 'acme',
): Promise<Acceptance> {
  return await intake.accept({ ledger, events, settle: false });
}

/** The same for the outcomes alone. */
export async function acceptAll(
  process: AcceptingProcess,
  events: readonly SubmittedEvent[],
): Promise<readonly string[]> {
  return outcomes((await accept(process, events)).admissions);
}

/** Waits until a statement of a process waits for something that `pg_stat_activity` calls so. */
export async function untilWaiting(
  superuser: Client,
  { name }: AcceptingProcess,
  event: string,
): Promise<void> {
  const waiting = async (): Promise<unknown[]> => {
    const { rows } = await superuser.query(
      'SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND $2 IN (wait_event, wait_event_type)',
      [name, event],
    );
    return rows;
  };
  await expect.poll(waiting, { timeout: 10_000, interval: 5 }).not.toHaveLength(0);
}

/** Ends the connections of a process. */
export async function terminate(superuser: Client, { name }: AcceptingProcess): Promise<void> {
  await superuser.query(
    'SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = $1',
    [name],
  );
}
