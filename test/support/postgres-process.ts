import { onTestFinished } from 'vitest';
import { Client } from 'pg';
import { systemClock } from '#server/clock.ts';
import { sha256 } from '#server/sha256.ts';
import { createBoss } from '#server/storage/postgres/boss.ts';
import { createPostgresCheckpointStore } from '#server/storage/postgres/checkpoint-store.ts';
import { createPostgresIntake } from '#server/storage/postgres/intake.ts';
import { createPostgresJobQueue } from '#server/storage/postgres/job-queue.ts';
import { createLeases } from '#server/storage/postgres/leases.ts';
import { createPostgresLedgerCatalog } from '#server/storage/postgres/ledger-catalog.ts';
import { createPostgresLedgerReader } from '#server/storage/postgres/ledger-reader.ts';
import { createPostgresLedgerStore } from '#server/storage/postgres/ledger-store.ts';
import { openPool } from '#server/storage/postgres/open.ts';
import { createSaltSource } from '#server/worker/salts.ts';
import { startWorker, type WorkerDeps } from '#server/worker/run.ts';
import { SILENT } from './ledger-fixture.ts';
import type { TestDatabase } from './postgres-database.ts';
import { TEST_QUEUE } from './postgres-server.ts';

export type PostgresProcess = Awaited<ReturnType<typeof openPostgresProcess>>;

let made = 0;

/**
 * A process on a database, by the clock of the machine.
 *
 * @param options its clock, and the port of a proxy where one stands in between
 */
export async function openPostgresProcess(
  { url, superuserUrl }: TestDatabase,
  { port, now = systemClock }: { readonly port?: number; readonly now?: () => number } = {},
) {
  const name = `plain process ${(made += 1)}`;
  const address = new URL(url);
  if (port !== undefined) address.port = String(port);
  const pool = openPool(address.href, { max: 20, name });
  const boss = createBoss(pool, { queueName: TEST_QUEUE, maintains: false, onError: () => undefined });
  await boss.start();
  const leases = createLeases();
  const parts = { pool, boss, queueName: TEST_QUEUE, leases, now };
  const intake = createPostgresIntake({
    ...parts,
    refusal: () => null,
    onQueued: () => undefined,
    onFailure: () => undefined,
  });
  const reader = createPostgresLedgerReader(pool);
  /** Ends its connections from the side of the database, and waits until they are gone there. */
  const terminate = async (): Promise<void> => {
    await asSuperuserOf({ superuserUrl }, (client) =>
      client.query(
        `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
         WHERE application_name = $1 AND datname = current_database()`,
        [name],
      ),
    );
  };
  onTestFinished(async () => {
    await intake.stop();
    await boss.stop({ close: false, graceful: false });
    await terminate();
    await pool.end();
  });
  const ports = {
    pool,
    boss,
    leases,
    intake,
    terminate,
    queue: createPostgresJobQueue(parts),
    store: createPostgresLedgerStore(parts),
    catalog: createPostgresLedgerCatalog(pool, sha256),
    checkpoints: createPostgresCheckpointStore(pool),
    read: {
      records: async (ledger: string) => await collect(reader.records(ledger, 0)),
      notes: async (ledger: string) => await collect(reader.checkpoints(ledger)),
      tile: reader.tile,
      quarantined: async () => await Promise.resolve([]),
    },
  };
  return {
    ...ports,
    /** Records all that waits, as the worker does, outages and all. */
    recordAll: async (change: Partial<WorkerDeps> = {}) => await recordAll({ ...ports, now, ...change }),
  };
}

async function recordAll(
  deps: Pick<WorkerDeps, 'queue' | 'store' | 'now'> & Partial<WorkerDeps>,
): Promise<void> {
  do {
    const worker = startWorker({
      sha256,
      newSalt: createSaltSource(),
      concurrency: 4,
      log: SILENT,
      onSequenced: () => undefined,
      onOutage: () => undefined,
      onFatal: (error) => {
        throw error;
      },
      ...deps,
    });
    await worker.stop({ drain: new AbortController().signal });
    // What a connection held that broke is nobody's until the database has noticed.
  } while ((await deps.queue.depth()).batches > 0);
}

async function collect<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

/** Runs statements as the superuser of a test's database. */
export async function asSuperuserOf<T>(
  { superuserUrl }: Pick<TestDatabase, 'superuserUrl'>,
  run: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}
