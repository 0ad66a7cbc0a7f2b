import { whole } from '#server/cli/progress-line.ts';
import type { Clock } from '#server/clock.ts';
import { AppError } from '#server/errors.ts';
import { MIGRATIONS } from '#server/places.ts';
import { sha256 } from '#server/sha256.ts';
import type { DataDirPaths } from '#server/storage/data-dir.ts';
import { createPostgresCheckpointStore } from '#server/storage/postgres/checkpoint-store.ts';
import { excessRights, lackingRights } from '#server/storage/postgres/excess-rights.ts';
import { createStartReader } from '#server/storage/postgres/ledger-at-start.ts';
import { missingMigrations, POSTGRES_MAJOR_MIN } from '#server/storage/postgres/migrate.ts';
import { inTransaction, openPool, type PostgresPool, translated } from '#server/storage/postgres/open.ts';
import { chunkOf, PARTITION_RECORDS, partitionName } from '#server/storage/postgres/partitions.ts';
import { QUEUE_SCHEMA } from '#server/storage/postgres/roles.ts';
import { createRememberedCheckpoints } from '#server/storage/remembered-checkpoints.ts';
import { createPostgresRecordSource } from '#server/storage/postgres/record-source.ts';
import { createPostgresSegmentStore } from '#server/storage/postgres/segment-store.ts';
import { checkIndex } from './check-index.ts';
import { checkLedger } from './check-ledger.ts';
import { checkQuarantine, checkQueue } from './check-waiting.ts';
import { type Finding, fine, problem, reasonOf, warning } from './finding.ts';

const RESTORE = 'Stop all servers, keep the database as it is, and restore the newest backup beside it.';
const REACH = 'Look at DATABASE_URL, at the network and at the log of the database.';
const MIGRATE = 'Run `indelible migrate` with the URL of the user that owns the tables';

export interface CheckedPostgres {
  readonly url: string;
  readonly queueName: string;
  readonly paths: DataDirPaths;
  readonly clock: Clock;
}

/** Looks at the database as the servers see it, and writes nothing. */
export async function* checkPostgres(checked: CheckedPostgres): AsyncGenerator<Finding> {
  const pool = openPool(checked.url, { max: 2, name: 'indelible doctor' });
  try {
    yield* checkServer(pool, checked.url);
    const migrated = await checkMigrations(pool);
    yield migrated;
    // Without its tables everything after this fails.
    if (migrated.level !== 'ok') return;
    const lacking = await lackingRights(pool);
    for (const sentence of lacking) yield problem('Rights', sentence, `${MIGRATE} and --app-role.`);
    if (lacking.length > 0) return;
    yield* checkRights(pool);
    yield await checkWall(pool);
    yield* checkWaiting(pool, checked);
    yield await checkPartitions(pool);
    yield* checkLedgers(pool, checked.paths);
    yield await checkIndex(createPostgresSegmentStore(pool), createPostgresRecordSource(pool));
  } catch (error) {
    yield problem('Database', reasonOf(error), REACH);
  } finally {
    await pool.end();
  }
}

interface ServerRow {
  readonly version: string;
  readonly number: number;
  readonly role: string;
  readonly standby: boolean;
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
}

async function* checkServer(pool: PostgresPool, url: string): AsyncGenerator<Finding> {
  const { rows } = await translated(
    async () =>
      await pool.query<ServerRow>(
        `SELECT current_setting('server_version') AS version,
                current_setting('server_version_num')::int AS number,
                current_user AS role, pg_is_in_recovery() AS standby, current_setting('fsync') AS fsync,
                current_setting('full_page_writes') AS full_page_writes,
                current_setting('synchronous_commit') AS synchronous_commit`,
      ),
  );
  const server = rows[0]!;
  const { host, pathname } = new URL(url);
  const text = `Postgres ${server.version} at ${host}${pathname}, as ${server.role}`;
  yield server.number >= POSTGRES_MAJOR_MIN * 10_000
    ? fine('Database', text)
    : problem('Database', `${text}, is too old`, `Postgres ${POSTGRES_MAJOR_MIN} or later is needed.`);
  if (server.standby) {
    yield problem('Database', 'is a standby, which cannot be written', 'DATABASE_URL names the primary.');
  }
  yield* checkDurability(server);
}

function* checkDurability(server: ServerRow): Generator<Finding> {
  const off = (['fsync', 'full_page_writes'] as const).filter((name) => server[name] !== 'on');
  for (const name of off) {
    yield problem(
      'Durability',
      `${name} is off: a power cut can lose what was acknowledged`,
      'Switch it on.',
    );
  }
  if (server.synchronous_commit === 'off') {
    yield warning(
      'Durability',
      'synchronous_commit is off by default; the servers switch it on for what they acknowledge',
      'Switch it on: other tools on this database may rely on it.',
    );
  } else if (off.length === 0) {
    yield fine('Durability', `fsync, full_page_writes on; synchronous_commit ${server.synchronous_commit}`);
  }
}

async function checkMigrations(pool: PostgresPool): Promise<Finding> {
  try {
    const missing = await missingMigrations(pool, MIGRATIONS.postgres);
    if (missing.length === 0) return fine('Migrations', 'all are applied');
    return problem('Migrations', `not applied yet: ${missing.join(', ')}`, `${MIGRATE}.`);
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'STORAGE_UNAVAILABLE') throw error;
    const isNewer = error.code === 'DATA_DIR_NEWER';
    return problem(
      'Migrations',
      error.message,
      isNewer ? 'Use a newer version of Indelible.' : `${MIGRATE}.`,
    );
  }
}

async function* checkRights(pool: PostgresPool): AsyncGenerator<Finding> {
  const sentences = await excessRights(pool);
  if (sentences.length === 0) yield fine('Rights', 'the role has what a server needs and no more');
  for (const sentence of sentences) {
    yield warning(
      'Rights',
      sentence,
      'Let the servers connect as the role of `indelible migrate --app-role`.',
    );
  }
}

/** By what is declared, and by asking for rows as a connection that was opened for no ledger. */
async function checkWall(pool: PostgresPool): Promise<Finding> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT c.relname AS name
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'ledger_no'
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND NOT (c.relrowsecurity AND c.relforcerowsecurity
                AND EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = c.oid AND polname = 'ledger_wall'))
     ORDER BY 1`,
  );
  const open = rows.map(({ name }) => name).join(', ');
  if (open !== '') {
    return problem(
      'Wall between ledgers',
      `does not stand on ${open}`,
      'Someone took it down: look who may.',
    );
  }
  const seen = await pool.query('SELECT 1 FROM head LIMIT 1');
  if (seen.rows.length === 0) return fine('Wall between ledgers', 'stands');
  return warning(
    'Wall between ledgers',
    'does not hold for this role',
    'A role that is no superuser and has no BYPASSRLS is held back by it.',
  );
}

async function* checkWaiting(
  pool: PostgresPool,
  { queueName, clock }: CheckedPostgres,
): AsyncGenerator<Finding> {
  const { queue, waiting, error, quarantined } = await inTransaction(pool, async (client) => ({
    queue: await client.query(`SELECT 1 FROM ${QUEUE_SCHEMA}.queue WHERE name = $1`, [queueName]),
    waiting: await client.query<{ events: number; oldestAt: number | null }>(
      'SELECT coalesce(sum(event_count), 0)::int8 AS events, min(queued_at) AS "oldestAt" FROM batch_payload',
    ),
    error: await client.query<{ output: unknown }>(
      `SELECT output FROM ${QUEUE_SCHEMA}.job WHERE name = $1 AND state = 'retry' AND output IS NOT NULL
       ORDER BY created_on LIMIT 1`,
      [queueName],
    ),
    quarantined: await client.query<{ open: number }>(
      "SELECT count(*) AS open FROM quarantined_event WHERE state = 'OPEN'",
    ),
  }));
  if (queue.rows.length === 0) {
    yield problem('Queue', `there is none called ${queueName}`, `${MIGRATE}, or look at AUDIT_QUEUE_NAME.`);
  }
  const { events = 0, oldestAt = null } = waiting.rows[0] ?? {};
  yield checkQueue({ events, oldestAt, error: errorText(error.rows[0]?.output) }, clock());
  yield checkQuarantine(quarantined.rows[0]?.open ?? 0);
}

/** pg-boss keeps why a job failed as JSON. */
function errorText(output: unknown): string | null {
  if (output === undefined || output === null) return null;
  const { message } = Object(output) as { readonly message?: unknown };
  return typeof message === 'string' ? message : JSON.stringify(output).slice(0, 300);
}

/** The partition that each ledger writes into, and the next one once that is half full. */
async function checkPartitions(pool: PostgresPool): Promise<Finding> {
  const { heads, tables } = await inTransaction(pool, async (client) => ({
    heads: await client.query<{ no: number; size: number }>('SELECT ledger_no AS no, size FROM head'),
    tables: await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE oid IN
         (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'public.record'::regclass)`,
    ),
  }));
  const there = new Set(tables.rows.map(({ name }) => name));
  const missing = heads.rows
    .flatMap(({ no, size }) =>
      [size, size + PARTITION_RECORDS / 2].map((index) => partitionName(no, chunkOf(index))),
    )
    .filter((name) => !there.has(name));
  if (missing.length === 0) return fine('Partitions', `${whole(there.size)}, ahead of every head`);
  const names = [...new Set(missing)].join(', ');
  return warning('Partitions', `not made yet: ${names}`, 'A worker makes them; is one running?');
}

async function* checkLedgers(pool: PostgresPool, paths: DataDirPaths): AsyncGenerator<Finding> {
  const start = createStartReader(pool, sha256, createRememberedCheckpoints(paths.checkpoints));
  const checkpoints = createPostgresCheckpointStore(pool);
  const reads = {
    read: (identity: Parameters<typeof start.read>[0]) => start.read(identity),
    checkpointSize: async (ledger: string) => (await checkpoints.latest(ledger))?.size ?? null,
    restore: RESTORE,
  };
  for (const id of await start.missing()) {
    yield problem(`Ledger ${id}`, 'is gone: this data folder holds a checkpoint of it', RESTORE);
  }
  for (const identity of await start.ledgers()) yield await checkLedger(reads, identity);
}

/** More than this behind the primary, a standby is no place to read from. */
const REPLICA_LAG_MAX_S = 30;

/** Looks whether the replica answers, is one, and follows. */
export async function* checkReplica(url: string, replicaUrl: string): AsyncGenerator<Finding> {
  const pools = [url, replicaUrl].map((one) => openPool(one, { max: 1, name: 'indelible doctor' }));
  const [primary, replica] = pools as [PostgresPool, PostgresPool];
  try {
    yield await translated(async () => await compareReplica(primary, replica));
  } catch (error) {
    yield problem(
      'Replica',
      reasonOf(error),
      'Look at DATABASE_REPLICA_URL. Until then the primary is read.',
    );
  } finally {
    await Promise.all(pools.map((pool) => pool.end()));
  }
}

async function compareReplica(primary: PostgresPool, replica: PostgresPool): Promise<Finding> {
  const {
    rows: [own],
  } = await replica.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
  if (!own?.standby) {
    return warning('Replica', 'is no standby', 'DATABASE_REPLICA_URL names a standby of the primary.');
  }
  const {
    rows: [at],
  } = await primary.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn');
  const {
    rows: [lag],
  } = await replica.query<{ bytes: number; seconds: number }>(
    `SELECT greatest(pg_wal_lsn_diff($1, pg_last_wal_replay_lsn()), 0)::int8 AS bytes,
            coalesce(extract(epoch FROM now() - pg_last_xact_replay_timestamp()), 0)::float8 AS seconds`,
    [at?.lsn],
  );
  const { bytes = 0, seconds = 0 } = lag ?? {};
  // Where nothing is missing, the time of the last transaction only says how long nothing happened.
  if (bytes === 0) return fine('Replica', 'has everything that the primary has');
  const text = `is ${whole(bytes)} bytes and at most ${whole(seconds)} s behind`;
  if (seconds <= REPLICA_LAG_MAX_S) return fine('Replica', text);
  return problem('Replica', text, 'Look at its log and at pg_stat_replication of the primary.');
}
