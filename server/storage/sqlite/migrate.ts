import { hash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import type { Clock } from '#server/clock.ts';
import { AppError, FatalError } from '#server/errors.ts';
import { translated } from './open.ts';

/** One folder of SQL in Prisma's layout: `<folder>/<name>/migration.sql`. */
export interface Migration {
  /** Begins with its time, so that sorting by name gives the order. */
  readonly name: string;
  readonly sql: string;
  /** Hex SHA-256 of the SQL, as Prisma computes it. */
  readonly checksum: string;
}

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

interface AppliedRow {
  readonly name: string;
  readonly checksum: string;
  readonly finishedAt: unknown;
}

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

/**
 * Reads the migrations of a folder in the order of their names.
 *
 * @throws AppError DATA_DIR_UNUSABLE when the folder is missing or a migration has no SQL
 */
export function readMigrations(folder: string): readonly Migration[] {
  if (!existsSync(folder)) throw unusable(`there is no migrations folder at ${folder}`);
  return readdirSync(folder, { withFileTypes: true })
    .filter((item) => item.isDirectory())
    .map((item) => item.name)
    .toSorted()
    .map((name) => readMigration(folder, name));
}

function readMigration(folder: string, name: string): Migration {
  const file = join(folder, name, 'migration.sql');
  if (!existsSync(file)) throw unusable(`migration ${name} has no migration.sql`);
  const sql = readFileSync(file, 'utf8');
  return { name, sql, checksum: hash('sha256', sql, 'hex') };
}

function readApplied(db: BetterSqlite3.Database): readonly AppliedRow[] {
  const table = db.prepare(
    "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_prisma_migrations'",
  );
  if (table.get() === undefined) return [];
  return db
    .prepare<[], AppliedRow>(
      `SELECT migration_name AS name, checksum, finished_at AS finishedAt
       FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at, migration_name`,
    )
    .all();
}

function refuseContradictions(migrations: readonly Migration[], applied: readonly AppliedRow[]): void {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const row of applied) {
    const migration = known.get(row.name);
    if (migration === undefined) {
      throw new AppError('DATA_DIR_NEWER', {
        message:
          `The database has migration ${row.name}, which this version does not know. ` +
          'Use the version that wrote it, or a newer one.',
      });
    }
    refuseContradiction(migration, row);
  }
}

function refuseContradiction(migration: Migration, row: AppliedRow): void {
  if (row.finishedAt === null) {
    throw unusable(`migration ${row.name} was begun by another tool and never finished`);
  }
  if (row.checksum !== migration.checksum) {
    throw unusable(`migration ${row.name} was edited after it was applied`);
  }
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

function unusable(reason: string, cause?: unknown): AppError {
  return new AppError('DATA_DIR_UNUSABLE', { message: `The database cannot be used: ${reason}.`, cause });
}
