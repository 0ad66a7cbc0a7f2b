import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#server/errors.ts';

/** One folder of SQL in Prisma's layout: `<folder>/<name>/migration.sql`. */
export interface Migration {
  /** Begins with its time, so that sorting by name gives the order. */
  readonly name: string;
  readonly sql: string;
  /** Hex SHA-256 of the SQL, as Prisma computes it. */
  readonly checksum: string;
}

/** A migration that a database says it has. */
export interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
  readonly finishedAt: unknown;
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

/**
 * Compares what a database has with what there is, before anything is changed.
 *
 * @throws AppError DATA_DIR_NEWER when the database has a migration that is not known here; DATA_DIR_UNUSABLE
 *   when one was edited after it was applied, or failed before
 */
export function refuseContradictions(
  migrations: readonly Migration[],
  applied: readonly AppliedMigration[],
): void {
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

/** The same for one migration. */
export function refuseContradiction(migration: Migration, row: AppliedMigration): void {
  if (row.finishedAt === null) {
    throw unusable(`migration ${row.name} was begun by another tool and never finished`);
  }
  if (row.checksum !== migration.checksum) {
    throw unusable(`migration ${row.name} was edited after it was applied`);
  }
}

/** The error of a database that migrations cannot be applied to. */
export function unusable(reason: string, cause?: unknown): AppError {
  return new AppError('DATA_DIR_UNUSABLE', { message: `The database cannot be used: ${reason}.`, cause });
}
