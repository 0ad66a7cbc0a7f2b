import { randomUUID } from 'node:crypto';
import { escapeLiteral } from 'pg';
import { AppError, FatalError } from '#server/errors.ts';
import {
  type AppliedMigration,
  type Migration,
  readMigrations,
  refuseContradictions,
  unusable,
} from '#server/storage/migrations.ts';
import {
  type PostgresClient,
  type PostgresPool,
  type Queryable,
  translated,
  translateError,
} from './open.ts';

/** The oldest Postgres that this runs on. */
export const POSTGRES_MAJOR_MIN = 15;

/** What Prisma itself keeps, so that its tools and this migrator can take turns on one database. */
const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                    VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum"              VARCHAR(64) NOT NULL,
    "finished_at"           TIMESTAMPTZ,
    "migration_name"        VARCHAR(255) NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        TIMESTAMPTZ,
    "started_at"            TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count"   INTEGER NOT NULL DEFAULT 0
)`;

/** The advisory lock that Prisma's own tools take while they migrate. */
const MIGRATION_LOCK = 72_707_369;

/** Waits for whoever migrates or grants at this moment, to the end of the transaction. */
export const WAIT_FOR_MIGRATION = `SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`;

/** Makes tables where the rights are given, whatever the role's own search path is. */
const MIGRATION_BEGIN = `BEGIN;
SET LOCAL search_path = public;
${WAIT_FOR_MIGRATION}`;

/** For those who may not change tables themselves. */
const HOW_TO_MIGRATE = 'run `indelible migrate` with the URL of the user that owns the tables';

/**
 * Brings a database up to the migrations of a folder and says which were applied now.
 *
 * All of it is one transaction under Prisma's advisory lock: of many processes that start at once exactly one
 * migrates, the others wait and find it done. A crash leaves nothing of it. Where nothing is to be applied no
 * right to change tables is needed.
 *
 * @throws AppError DATA_DIR_NEWER when the database has a migration that the folder lacks; DATA_DIR_UNUSABLE
 *   when one was edited after it was applied, failed before or fails now, this user may not change tables, or
 *   the server is too old; STORAGE_UNAVAILABLE when the database cannot be reached
 */
export async function migratePostgres(
  pool: PostgresPool,
  folder: string,
): Promise<{ readonly applied: readonly string[] }> {
  const migrations = readMigrations(folder);
  return await translated(async () => {
    const client = await pool.connect();
    try {
      await refuseOldServer(client);
      await client.query(MIGRATION_BEGIN);
      const missing = missingOf(migrations, await readApplied(client));
      if (missing.length > 0) await refuseWithoutRight(client, missing);
      for (const migration of missing) await apply(client, migration);
      // A crash before this leaves the database as it was; after it all of them are applied.
      await client.query('COMMIT');
      return { applied: missing.map(({ name }) => name) };
    } catch (error) {
      // Where this fails the connection is gone, and with it the transaction.
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  });
}

/** The migrations that a database lacks: what a user who may not change tables has to ask for. */
export async function missingMigrations(pool: PostgresPool, folder: string): Promise<readonly string[]> {
  const migrations = readMigrations(folder);
  return await translated(async () =>
    missingOf(migrations, await readApplied(pool)).map((migration) => migration.name),
  );
}

/** The same as one script for a database administrator: what `migratePostgres` would run. */
export function migrationScript(migrations: readonly Migration[]): string {
  const applied = migrations.map(
    (migration) =>
      `-- Migration ${migration.name}\n${migration.sql.trimEnd()}\n\n${historyEntry(migration)};`,
  );
  return [`${MIGRATION_BEGIN};`, `${MIGRATIONS_TABLE};`, ...applied, 'COMMIT;'].join('\n\n');
}

async function refuseOldServer(client: PostgresClient): Promise<void> {
  const { rows } = await client.query<{ version: string; number: number }>(
    `SELECT current_setting('server_version') AS version,
            current_setting('server_version_num')::int AS number`,
  );
  const { version = '', number = 0 } = rows[0] ?? {};
  if (number < POSTGRES_MAJOR_MIN * 10_000) {
    throw unusable(`its server is Postgres ${version}, and ${POSTGRES_MAJOR_MIN} or later is needed`);
  }
}

function missingOf(
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): readonly Migration[] {
  refuseContradictions(migrations, applied);
  return migrations.filter(({ name }) => !applied.some((row) => row.name === name));
}

async function readApplied(client: Queryable): Promise<readonly AppliedMigration[]> {
  const { rows: tables } = await client.query<{ role: string; name: string | null; may: boolean | null }>(
    `SELECT current_user AS role, to_regclass('public._prisma_migrations') AS name,
            has_table_privilege(to_regclass('public._prisma_migrations'), 'SELECT') AS may`,
  );
  const { role, name, may } = tables[0]!;
  if (name === null) return [];
  if (may === false) {
    throw unusable(
      `its user ${role} has no rights to the tables: ` +
        `${HOW_TO_MIGRATE} and --app-role ${role}, then start again`,
    );
  }
  const { rows } = await client.query<AppliedMigration>(
    `SELECT migration_name AS name, checksum, finished_at AS "finishedAt"
     FROM public._prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at, migration_name`,
  );
  return rows;
}

/** Says what to do before the first statement fails for a reason that only names a schema. */
async function refuseWithoutRight(client: PostgresClient, missing: readonly Migration[]): Promise<void> {
  const { rows } = await client.query<{ role: string; may: boolean }>(
    `SELECT current_user AS role, has_schema_privilege('public', 'CREATE') AND coalesce(
       (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('public.ledger')), true
     ) AS may`,
  );
  const { role, may } = rows[0]!;
  if (may) return;
  const names = missing.map(({ name }) => name).join(', ');
  throw unusable(
    `it lacks the migrations ${names}, and its user ${role} may not change tables: ` +
      `${HOW_TO_MIGRATE}, then start again`,
  );
}

async function apply(client: PostgresClient, migration: Migration): Promise<void> {
  try {
    await client.query(MIGRATIONS_TABLE);
    await client.query(migration.sql);
    await client.query(historyEntry(migration));
  } catch (error) {
    // An outage is no fault of the migration.
    const known = translateError(error);
    if (known instanceof AppError || known instanceof FatalError) throw known;
    const reason = error instanceof Error ? error.message : String(error);
    throw unusable(`migration ${migration.name} failed and was undone: ${reason}`, error);
  }
}

function historyEntry({ name, checksum }: Migration): string {
  const values = [randomUUID(), checksum, name].map((text) => escapeLiteral(text)).join(', ');
  return `INSERT INTO "_prisma_migrations"
    ("id", "checksum", "migration_name", "started_at", "finished_at", "applied_steps_count")
VALUES (${values}, clock_timestamp(), clock_timestamp(), 1)`;
}
