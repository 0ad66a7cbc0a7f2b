import { randomUUID } from 'node:crypto';
import type BetterSqlite3 from 'better-sqlite3';
import type { Clock } from '#server/clock.ts';
import { AppError, FatalError } from '#server/errors.ts';
import {
  type AppliedMigration,
  type Migration,
  readMigrations,
  refuseContradiction,
  refuseContradictions,
  unusable,
} from '#server/storage/migrations.ts';
import { translated } from './open.ts';

/** What Prisma itself keeps, so that its tools and this migrator can take turns on one database. */
const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                    TEXT PRIMARY KEY NOT NULL,
    "checksum"              TEXT NOT NULL,
    "finished_at"           DATETIME,
    "migration_name"        TEXT NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        DATETIME,
    "started_at"            DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count"   INTEGER UNSIGNED NOT NULL DEFAULT 0
)`;

/**
 * Brings a database up to the migrations of a folder and says which were applied now.
 *
 * Each migration runs in one EXCLUSIVE transaction together with the row that says it is applied: a crash
 * leaves it applied or leaves no trace of it, and the next start goes on from there. A second process waits
 * and then finds it applied. Everything is checked before anything is changed.
 *
 * @param db the write connection; its `foreign_keys` setting is restored
 * @throws AppError DATA_DIR_NEWER when the database has a migration that the folder lacks
 * @throws AppError DATA_DIR_UNUSABLE when a migration was edited after it was applied, failed before or fails
 * now
 * @throws AppError STORAGE_UNAVAILABLE when the disk is full, read-only or failing; FatalError when the file
 * is damaged
 */
export function migrateSqlite(
  db: BetterSqlite3.Database,
  folder: string,
  clock: Clock,
): { readonly applied: readonly string[] } {
  const migrations = readMigrations(folder);
  refuseContradictions(
    migrations,
    translated(() => readApplied(db)),
  );
  const foreignKeys = db.pragma('foreign_keys', { simple: true });
  // SQLite ignores this setting inside a transaction, and a table cannot be rebuilt while it is on.
  db.pragma('foreign_keys = OFF');
  try {
    const applied = migrations.filter((migration) => applyOnce(db, migration, clock));
    return { applied: applied.map(({ name }) => name) };
  } finally {
    db.pragma(`foreign_keys = ${foreignKeys === 0 || foreignKeys === 0n ? 'OFF' : 'ON'}`);
  }
}

function readApplied(db: BetterSqlite3.Database): readonly AppliedMigration[] {
  const table = db.prepare(
    "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_prisma_migrations'",
  );
  if (table.get() === undefined) return [];
  return db
    .prepare<[], AppliedMigration>(
      `SELECT migration_name AS name, checksum, finished_at AS finishedAt
       FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at, migration_name`,
    )
    .all();
}

/** Applies one migration unless it is applied; gives whether it did. */
function applyOnce(db: BetterSqlite3.Database, migration: Migration, clock: Clock): boolean {
  const apply = db.transaction(() => {
    // Asked again under the lock: another process may have been faster.
    const row = readApplied(db).find(({ name }) => name === migration.name);
    if (row !== undefined) {
      refuseContradiction(migration, row);
      return false;
    }
    db.exec(MIGRATIONS_TABLE);
    const startedAt = toSqliteTime(clock());
    db.exec(migration.sql);
    refuseDangling(db, migration);
    db.prepare(
      `INSERT INTO _prisma_migrations
         (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES (?, ?, ?, ?, ?, 1)`,
    ).run(randomUUID(), migration.checksum, migration.name, startedAt, toSqliteTime(clock()));
    return true;
  });
  try {
    return translated(() => apply.exclusive());
  } catch (error) {
    if (error instanceof AppError || error instanceof FatalError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw unusable(`migration ${migration.name} failed and was undone: ${reason}`, error);
  }
}

function refuseDangling(db: BetterSqlite3.Database, migration: Migration): void {
  const dangling = db.pragma('foreign_key_check');
  if (Array.isArray(dangling) && dangling.length > 0) {
    throw new Error(`${dangling.length} rows of ${migration.name} point at rows that do not exist`);
  }
}

function toSqliteTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '+00:00');
}
