import { onTestFinished } from 'vitest';
import { Client } from 'pg';
import { fromStoredText } from '#server/ports/stored-text.ts';
import { sha256 } from '#server/sha256.ts';
import { createBoss } from '#server/storage/postgres/boss.ts';
import { createPostgresCheckpointStore } from '#server/storage/postgres/checkpoint-store.ts';
import { createPostgresIntake, type PostgresIntake } from '#server/storage/postgres/intake.ts';
import { createPostgresJobQueue } from '#server/storage/postgres/job-queue.ts';
import { createLeases } from '#server/storage/postgres/leases.ts';
import { createPostgresLedgerCatalog } from '#server/storage/postgres/ledger-catalog.ts';
import { createPostgresLedgerReader } from '#server/storage/postgres/ledger-reader.ts';
import { createPostgresLedgerStore } from '#server/storage/postgres/ledger-store.ts';
import { inTransaction, openPool, type PostgresPool } from '#server/storage/postgres/open.ts';
import { createPostgresQuarantine } from '#server/storage/postgres/quarantine.ts';
import { createPostgresTokenStore } from '#server/storage/postgres/token-store.ts';
import { createDatabase, type TestDatabase } from './postgres-database.ts';
import { TEST_QUEUE } from './postgres-server.ts';
import {
  NOW,
  type OpenStorage,
  type ReadQuarantinedEvent,
  type SharedStorage,
  type StorageOptions,
  type StorageReads,
  type StorageUnderTest,
} from './storage-under-test.ts';

export interface PostgresStorage extends StorageUnderTest {
  readonly intake: PostgresIntake;
  readonly pool: PostgresPool;
  readonly database: TestDatabase;
  restart(options?: StorageOptions): Promise<PostgresStorage>;
  /** A second process that accepts and records as well. */
  another(options?: StorageOptions): Promise<PostgresStorage>;
}

/** The storage on Postgres: a database of its own on the server that the tests share. */
export const openPostgresStorage = openPostgresStorageAt();

/** The same on another server: gives its port when a test needs it. */
export function openPostgresStorageAt(port?: () => number) {
  return (async (options: StorageOptions = {}) => {
    const database = await createDatabase(port?.());
    return await openWorkingProcess(database, await createDatabaseClock(database), options);
  }) satisfies OpenStorage;
}

/** Sets the clock of the queue, which is the database's, to what the clock of a test shows. */
type SetClock = (now: () => number) => Promise<void>;

/** Lets the clock of a database's queue be set; a microsecond passes each time, as on a real one. */
async function createDatabaseClock(database: TestDatabase): Promise<SetClock> {
  const pool = openPool(database.superuserUrl, { max: 1, name: 'clock' });
  onTestFinished(() => pool.end());
  await pool.query(
    `CREATE TABLE test_clock (at TIMESTAMPTZ NOT NULL);
     INSERT INTO test_clock VALUES (now());
     GRANT SELECT ON test_clock TO PUBLIC;
     CREATE OR REPLACE FUNCTION pgboss.job_now() RETURNS TIMESTAMPTZ LANGUAGE sql STABLE
     AS 'SELECT at FROM public.test_clock';`,
  );
  let passed = 0;
  return async (now) => {
    await pool.query(
      `UPDATE test_clock SET at = to_timestamp(0) + $1 * interval '1 ms' + $2 * interval '1 us'`,
      [now(), (passed += 1)],
    );
  };
}

interface Process {
  readonly pool: PostgresPool;
  readonly boss: ReturnType<typeof createBoss>;
  /** As `kill -9` of it: the database ends what it left. */
  kill(): Promise<void>;
}

let processes = 0;

async function openProcess({ url, superuserUrl }: TestDatabase): Promise<Process> {
  const name = `process ${(processes += 1)}`;
  const pool = openPool(url, { max: 20, name });
  const boss = createBoss(pool, { queueName: TEST_QUEUE, maintains: false, onError: () => undefined });
  await boss.start();
  let killed = false;
  const kill = async (): Promise<void> => {
    if (killed) return;
    killed = true;
    await boss.stop({ close: false, graceful: false });
    const client = new Client({ connectionString: superuserUrl });
    await client.connect();
    await client.query(
      `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
       WHERE application_name = $1 AND datname = current_database()`,
      [name],
    );
    await client.end();
    // Whoever holds one of its connections hears that it broke, and lets go of it.
    await pool.end();
  };
  onTestFinished(kill);
  return { pool, boss, kill };
}

async function openWorkingProcess(
  database: TestDatabase,
  setClock: SetClock,
  options: StorageOptions,
): Promise<PostgresStorage> {
  const { pool, boss, kill } = await openProcess(database);
  const now = options.now ?? (() => NOW);
  const { queueEventsMax, queueCharactersMax } = options;
  const leases = createLeases();
  const parts = { pool, boss, queueName: TEST_QUEUE, leases, now };
  const intake = createPostgresIntake({
    ...parts,
    refusal: options.refusal ?? (() => null),
    onQueued: options.onQueued ?? (() => undefined),
    onFailure: () => undefined,
    ...(queueEventsMax === undefined ? {} : { queueEventsMax }),
    ...(queueCharactersMax === undefined ? {} : { queueCharactersMax }),
  });
  const onTime = <Port extends object>(port: Port): Port => withClock(port, () => setClock(now));
  return {
    store: onTime(createPostgresLedgerStore(parts)),
    ...shared(pool),
    pool,
    database,
    intake: { ...intake, accept: onTime(intake).accept },
    queue: onTime(createPostgresJobQueue({ ...parts, gatherEventsMax: 0 })),
    quarantine: onTime(createPostgresQuarantine({ ...parts, onReplayed: () => undefined })),
    tokens: createPostgresTokenStore(pool),
    settle: intake.settle,
    async restart(next = options) {
      await kill();
      return await openWorkingProcess(database, setClock, next);
    },
    another: async (next = options) => await openWorkingProcess(database, setClock, next),
    async beside() {
      const other = await openProcess(database);
      const store = createPostgresLedgerStore({ ...parts, ...other, leases: createLeases() });
      return { store: onTime(store), ...shared(other.pool) };
    },
  };
}

/** The port, whose calls set the database's clock before they go on. */
function withClock<Port extends object>(port: Port, set: () => Promise<void>): Port {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        await set();
        return await Reflect.apply(member, target, args);
      };
    },
  });
}

function shared(pool: PostgresPool): Omit<SharedStorage, 'store'> {
  return {
    checkpoints: createPostgresCheckpointStore(pool),
    catalog: createPostgresLedgerCatalog(pool, sha256),
    read: createReads(pool),
  };
}

function createReads(pool: PostgresPool): StorageReads {
  const reader = createPostgresLedgerReader(pool);
  return {
    records: (ledger) => collect(reader.records(ledger, 0)),
    notes: (ledger) => collect(reader.checkpoints(ledger)),
    tile: async (ledger, level, index) => await reader.tile(ledger, level, index),
    quarantined: async () =>
      await inTransaction(pool, async (client) => {
        const { rows } = await client.query<ReadQuarantinedEvent>(
          `SELECT q.id, l.id AS ledger, q.event_id AS "eventId", q.code, q.message, q.line, q.state,
                  q.closed_by AS "closedBy", q.closed_reason AS "closedReason"
           FROM quarantined_event q JOIN ledger l ON l.no = q.ledger_no ORDER BY q.id`,
        );
        return rows.map((row) => ({
          ...row,
          eventId: row.eventId === null ? null : fromStoredText(row.eventId),
        }));
      }),
  };
}

async function collect<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}
