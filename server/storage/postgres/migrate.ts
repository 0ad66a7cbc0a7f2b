import { randomUUID } from 'node:crypto';
import { AppError, FatalError } from '#server/errors.ts';
import {
  type AppliedMigration,
  type Migration,
  readMigrations,
  refuseContradictions,
  unusable,
} from '#server/storage/migrations.ts';
import type { PostgresClient } from './open.ts';
import { type PostgresPool, translated } from './open.ts';

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

/**
 * Brings a database up to the migrations of a folder and says which were applied now.
 *
 * All of it is one transaction under Prisma's advisory lock: of many processes that start at once exactly one
 * migrates, the others wait and find it done. A crash leaves nothing of it. Where nothing is to be applied no
 * right to change tables is needed.
 *
 * @throws AppError DATA_DIR_NEWER when the database has a migration that the folder lacks; DATA_DIR_UNUSABLE
 *   when one was edited after it was applied, failed before or fails now, or this user may not change tables;
 *   STORAGE_UNAVAILABLE when the database cannot be reached
 */
export async function migratePostgres(
  pool: PostgresPool,
  folder: string,
): Promise<{ readonly applied: readonly string[] }> {
  const migrations = readMigrations(folder);
  return await translated(async () => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
      const applied = await readApplied(client);
      refuseContradictions(migrations, applied);
      const missing = migrations.filter(({ name }) => !applied.some((row) => row.name === name));
      for (const migration of missing) await apply(client, migration);
      await client.query('COMMIT');
      return { applied: missing.map(({ name }) => name) };
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined); // The connection is gone, and with it the transaction.
      throw error;
    } finally {
      client.release();
    }
  });
}

/** The migrations that a database lacks: what a user who may not change tables has to ask for. */
export async function missingMigrations(pool: PostgresPool, folder: string): Promise<readonly string[]> {
  const migrations = readMigrations(folder);
  return await translated(async () => {
    const applied = await readApplied(pool);
    refuseContradictions(migrations, applied);
    return migrations
      .filter(({ name }) => !applied.some((row) => row.name === name))
      .map((migration) => migration.name);
  });
}

async function readApplied(
  client: Pick<PostgresClient, 'query'> | PostgresPool,
): Promise<readonly AppliedMigration[]> {
  const { rows: tables } = await client.query("SELECT to_regclass('_prisma_migrations') AS name");
  if (tables[0].name === null) return [];
  const { rows } = await client.query<AppliedMigration>(
    `SELECT migration_name AS name, checksum, finished_at AS "finishedAt"
     FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at, migration_name`,
  );
  return rows;
}

async function apply(client: PostgresClient, migration: Migration): Promise<void> {
  try {
    await client.query(MIGRATIONS_TABLE);
    await client.query(migration.sql);
    await client.query(
      `INSERT INTO _prisma_migrations
         (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, clock_timestamp(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
  } catch (error) {
    if (error instanceof AppError || error instanceof FatalError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw unusable(`migration ${migration.name} failed and was undone: ${reason}`, error);
  }
}
