import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSchema } from '#scripts/generate.ts';
import { MIGRATIONS } from '#scripts/migrate.ts';
import { NO_FILTER, toMigrationList, withSchemaEngine } from '#scripts/schema-engine.ts';
import { AppError } from '#server/errors.ts';
import { readMigrations } from '#server/storage/migrations.ts';
import { migrateSqlite } from '#server/storage/sqlite/migrate.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const clock = () => NOW;

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'indelible-migrate-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function openDatabase(file = ':memory:'): Database.Database {
  const db = new Database(file);
  db.pragma('foreign_keys = ON');
  onTestFinished(() => {
    db.close();
  });
  return db;
}

function writeMigrations(migrations: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, sql] of Object.entries(migrations)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'migration.sql'), sql);
  }
  return folder;
}

function codeOf(run: () => unknown): readonly [string, string] {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return [error.code, error.message];
    throw error;
  }
  throw new Error('nothing was thrown');
}

const tablesOf = (db: Database.Database) =>
  db
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB '[a-z]*'")
    .pluck()
    .all()
    .filter((name) => !name.startsWith('sqlite_'));

const CREATE_A = 'CREATE TABLE a (id INTEGER PRIMARY KEY);';
const CREATE_B = 'CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a(id));';

describe('migrateSqlite', () => {
  it('applies the migrations in the order of their names and says which', () => {
    const db = openDatabase();
    const folder = writeMigrations({ '2_b': CREATE_B, '1_a': CREATE_A });
    expect(migrateSqlite(db, folder, clock)).toEqual({ applied: ['1_a', '2_b'] });
    expect(tablesOf(db)).toEqual(['a', 'b']);
  });

  it('applies each migration once and later ones when they come', () => {
    const db = openDatabase();
    const folder = writeMigrations({ '1_a': CREATE_A });
    migrateSqlite(db, folder, clock);
    expect(migrateSqlite(db, folder, clock).applied).toEqual([]);
    mkdirSync(join(folder, '2_b'));
    writeFileSync(join(folder, '2_b', 'migration.sql'), CREATE_B);
    expect(migrateSqlite(db, folder, clock).applied).toEqual(['2_b']);
  });

  it('keeps the history exactly as Prisma keeps it', () => {
    const db = openDatabase();
    migrateSqlite(db, writeMigrations({ '1_a': CREATE_A }), clock);
    expect(db.prepare('SELECT * FROM _prisma_migrations').get()).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      checksum: 'c4b19760bf64bdb3c8c6aab92154e78149b9e2a5237976e818a485ded4954a0a',
      finished_at: '2026-01-02T03:04:05.678+00:00',
      migration_name: '1_a',
      logs: null,
      rolled_back_at: null,
      started_at: '2026-01-02T03:04:05.678+00:00',
      applied_steps_count: 1,
    });
  });

  it("leaves a database that Prisma's own engine finds in sync with migrations and models", async () => {
    const file = join(temporaryFolder(), 'prisma.db');
    const db = openDatabase(file);
    migrateSqlite(db, MIGRATIONS.sqlite, clock);
    const list = {
      migrationsList: toMigrationList('sqlite', readMigrations(MIGRATIONS.sqlite)),
      filters: NO_FILTER,
    };
    const answers = await withSchemaEngine(
      readSchema('sqlite'),
      { provider: 'sqlite', file },
      async (engine) => [
        await engine.diagnoseMigrationHistory({ ...list, optInToShadowDatabase: true }),
        await engine.applyMigrations(list),
      ],
    );
    expect(answers).toEqual([
      { editedMigrationNames: [], failedMigrationNames: [], hasMigrationsTable: true, history: null },
      { appliedMigrationNames: [] },
    ]);
  });

  it('goes on where Prisma stopped', async () => {
    const file = join(temporaryFolder(), 'prisma.db');
    const first = readMigrations(MIGRATIONS.sqlite).slice(0, 1);
    const list = { migrationsList: toMigrationList('sqlite', first), filters: NO_FILTER };
    const byPrisma = await withSchemaEngine(readSchema('sqlite'), { provider: 'sqlite', file }, (engine) =>
      engine.applyMigrations(list),
    );
    expect(byPrisma.appliedMigrationNames).toHaveLength(1);
    const { applied } = migrateSqlite(openDatabase(file), MIGRATIONS.sqlite, clock);
    expect(applied).toEqual(
      readMigrations(MIGRATIONS.sqlite)
        .slice(1)
        .map(({ name }) => name),
    );
  });

  it('undoes a migration that fails, keeps the ones before it and says why', () => {
    const db = openDatabase();
    const folder = writeMigrations({ '1_a': CREATE_A, '2_b': `${CREATE_B} INSERT INTO nowhere VALUES (1);` });
    const [code, message] = codeOf(() => migrateSqlite(db, folder, clock));
    expect(code).toBe('DATA_DIR_UNUSABLE');
    expect(message).toContain('migration 2_b failed and was undone: no such table: nowhere');
    expect(tablesOf(db)).toEqual(['a']);
    writeFileSync(join(folder, '2_b', 'migration.sql'), CREATE_B);
    expect(migrateSqlite(db, folder, clock).applied).toEqual(['2_b']);
  });

  it('refuses a migration that leaves a row pointing at nothing', () => {
    const db = openDatabase();
    const folder = writeMigrations({ '1_a': CREATE_A, '2_b': `${CREATE_B} INSERT INTO b VALUES (1, 7);` });
    expect(codeOf(() => migrateSqlite(db, folder, clock))[1]).toContain(
      'rows of 2_b point at rows that do not exist',
    );
    expect(tablesOf(db)).toEqual(['a']);
  });

  it('lets a migration rebuild a table that others point at', () => {
    const db = openDatabase();
    const folder = writeMigrations({
      '1_a': `${CREATE_A} ${CREATE_B} INSERT INTO a VALUES (1); INSERT INTO b VALUES (1, 1);`,
      '2_a':
        'CREATE TABLE n (id INTEGER PRIMARY KEY, x); INSERT INTO n SELECT id, 0 FROM a; DROP TABLE a;' +
        'ALTER TABLE n RENAME TO a;',
    });
    expect(migrateSqlite(db, folder, clock).applied).toEqual(['1_a', '2_a']);
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
    expect(() => db.exec('INSERT INTO b VALUES (2, 2)')).toThrow('FOREIGN KEY constraint failed');
  });

  it('refuses a database whose migration was edited afterwards', () => {
    const db = openDatabase();
    const folder = writeMigrations({ '1_a': CREATE_A });
    migrateSqlite(db, folder, clock);
    writeFileSync(join(folder, '1_a', 'migration.sql'), `${CREATE_A}\n`);
    expect(codeOf(() => migrateSqlite(db, folder, clock))).toEqual([
      'DATA_DIR_UNUSABLE',
      'The database cannot be used: migration 1_a was edited after it was applied.',
    ]);
  });

  it('refuses a database in which another tool left a migration half done', () => {
    const db = openDatabase();
    const folder = writeMigrations({ '1_a': CREATE_A });
    migrateSqlite(db, folder, clock);
    db.exec('UPDATE _prisma_migrations SET finished_at = NULL');
    expect(codeOf(() => migrateSqlite(db, folder, clock))).toEqual([
      'DATA_DIR_UNUSABLE',
      'The database cannot be used: migration 1_a was begun by another tool and never finished.',
    ]);
  });

  it('refuses a database of a newer version and changes nothing in it', () => {
    const db = openDatabase();
    const folder = writeMigrations({ '1_a': CREATE_A, '9_z': CREATE_B });
    migrateSqlite(db, folder, clock);
    const older = temporaryFolder();
    cpSync(join(folder, '1_a'), join(older, '1_a'), { recursive: true });
    mkdirSync(join(older, '2_c'));
    writeFileSync(join(older, '2_c', 'migration.sql'), 'CREATE TABLE c (id INTEGER);');
    const [code, message] = codeOf(() => migrateSqlite(db, older, clock));
    expect(code).toBe('DATA_DIR_NEWER');
    expect(message).toContain('migration 9_z');
    expect(tablesOf(db)).toEqual(['a', 'b']);
  });

  it('forgets a migration that was rolled back and applies it again', () => {
    const db = openDatabase();
    const folder = writeMigrations({ '1_a': CREATE_A });
    migrateSqlite(db, folder, clock);
    db.exec("DROP TABLE a; UPDATE _prisma_migrations SET rolled_back_at = '2026-01-02T03:04:05.678+00:00'");
    expect(migrateSqlite(db, folder, clock).applied).toEqual(['1_a']);
  });

  it('names a missing folder and a migration without SQL', () => {
    const db = openDatabase();
    expect(codeOf(() => migrateSqlite(db, '/nowhere/at/all', clock))[1]).toContain('no migrations folder');
    const folder = temporaryFolder();
    mkdirSync(join(folder, '1_a'));
    expect(codeOf(() => migrateSqlite(db, folder, clock))[1]).toContain('1_a has no migration.sql');
  });

  it('calls a database that cannot be written unavailable, not unusable', () => {
    const file = join(temporaryFolder(), 'a.db');
    new Database(file).exec(CREATE_A).close();
    const copy = join(temporaryFolder(), 'b.db');
    copyFileSync(file, copy);
    const db = new Database(copy, { readonly: true });
    onTestFinished(() => {
      db.close();
    });
    expect(codeOf(() => migrateSqlite(db, writeMigrations({ '1_b': CREATE_B }), clock))[0]).toBe(
      'STORAGE_UNAVAILABLE',
    );
  });
});
