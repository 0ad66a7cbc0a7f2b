import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSchema } from '#scripts/generate.ts';
import { diffDatabase, MIGRATIONS } from '#scripts/migrate.ts';
import { NO_FILTER, toMigrationList, withSchemaEngine } from '#scripts/schema-engine.ts';
import { AppError } from '#server/errors.ts';
import { readMigrations } from '#server/storage/migrations.ts';
import { migratePostgres, migrationScript, missingMigrations } from '#server/storage/postgres/migrate.ts';
import { openPool, type PostgresPool } from '#server/storage/postgres/open.ts';
import { grantApplicationRights } from '#server/storage/postgres/roles.ts';
import { asRole, createEmptyDatabase } from '#test/support/empty-database.ts';
import { createDatabase } from '#test/support/postgres-database.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const NAMES = readMigrations(MIGRATIONS.postgresql).map(({ name }) => name);

function poolOf(url: string, name = 'tests'): PostgresPool {
  const pool = openPool(url, { max: 2, name });
  onTestFinished(() => pool.end());
  return pool;
}

/** A folder with the project's migrations and more. */
function migrationsAnd(more: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  cpSync(MIGRATIONS.postgresql, folder, { recursive: true });
  for (const [name, sql] of Object.entries(more)) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'migration.sql'), sql);
  }
  return folder;
}

async function errorOf(run: Promise<unknown>): Promise<AppError> {
  const error = await run.catch((caught: unknown) => caught);
  if (error instanceof AppError) return error;
  throw new Error(`no AppError was thrown but ${String(error)}`);
}

const tablesOf = async (url: string): Promise<readonly string[]> =>
  await asRole(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
    );
    return rows.map(({ name }) => name);
  });

describe('migratePostgres', () => {
  it('applies everything to an empty database, once, and says what', async () => {
    const { ownerUrl, superuserUrl: url } = await createEmptyDatabase();
    const pool = poolOf(ownerUrl);
    expect(await missingMigrations(pool, MIGRATIONS.postgresql)).toEqual(NAMES);
    expect(await migratePostgres(pool, MIGRATIONS.postgresql)).toEqual({ applied: NAMES });
    expect(await migratePostgres(pool, MIGRATIONS.postgresql)).toEqual({ applied: [] });
    expect(await missingMigrations(pool, MIGRATIONS.postgresql)).toEqual([]);
    expect(await diffDatabase({ provider: 'postgresql', url }, readSchema('postgresql'))).toBeNull();
  });

  it('lets exactly one of many that start at once migrate; the others wait and find it done', async () => {
    const { ownerUrl } = await createEmptyDatabase();
    const pools = Array.from({ length: 8 }, (_, i) => poolOf(ownerUrl, `starter ${i}`));
    const all = await Promise.all(pools.map((pool) => migratePostgres(pool, MIGRATIONS.postgresql)));
    expect(all.map(({ applied }) => applied.length).toSorted((a, b) => a - b)).toEqual([
      ...Array(7).fill(0),
      NAMES.length,
    ]);
    const history = await pools[0]!.query('SELECT count(*)::int AS rows FROM _prisma_migrations');
    expect(history.rows).toEqual([{ rows: NAMES.length }]);
  });

  it('leaves nothing half done when its connection is cut, and the next one begins anew', async () => {
    const { ownerUrl, superuserUrl } = await createEmptyDatabase();
    const slow = migrationsAnd({
      '29990101000000_slow': 'CREATE TABLE half (id INTEGER); SELECT pg_sleep(60)',
    });
    const cut = errorOf(migratePostgres(poolOf(ownerUrl, 'to be cut'), slow));
    await asRole(superuserUrl, async (client) => {
      const sleeping = `SELECT pg_terminate_backend(pid) AS cut FROM pg_stat_activity
        WHERE application_name = 'to be cut' AND datname = current_database() AND wait_event = 'PgSleep'`;
      await expect.poll(async () => (await client.query(sleeping)).rows, { timeout: 10_000 }).toHaveLength(1);
    });
    expect((await cut).code).toBe('STORAGE_UNAVAILABLE');
    expect(await tablesOf(superuserUrl)).toEqual([]);
    expect(await migratePostgres(poolOf(ownerUrl), MIGRATIONS.postgresql)).toEqual({ applied: NAMES });
  });

  it('undoes all of it when one migration fails, and says which and why', async () => {
    const { ownerUrl, superuserUrl } = await createEmptyDatabase();
    const broken = migrationsAnd({
      '29990101000000_broken': 'CREATE TABLE half (id INTEGER); SELECT nonsense()',
    });
    const { code, message } = await errorOf(migratePostgres(poolOf(ownerUrl), broken));
    expect(code).toBe('DATA_DIR_UNUSABLE');
    expect(message).toContain('migration 29990101000000_broken failed and was undone: function nonsense()');
    expect(await tablesOf(superuserUrl)).toEqual([]);
  });

  it('refuses a database of a newer version and changes nothing in it', async () => {
    const { ownerUrl, superuserUrl } = await createDatabase();
    const newer = migrationsAnd({ '29990101000000_newer': 'CREATE TABLE newer (id INTEGER)' });
    await migratePostgres(poolOf(ownerUrl), newer);
    const older = migrationsAnd({ '29980101000000_older': 'CREATE TABLE older (id INTEGER)' });
    const { code, message } = await errorOf(migratePostgres(poolOf(ownerUrl), older));
    expect(code).toBe('DATA_DIR_NEWER');
    expect(message).toContain('29990101000000_newer');
    expect(await tablesOf(superuserUrl)).not.toContain('older');
  });

  it('refuses a database whose migration was edited afterwards or never finished', async () => {
    const { ownerUrl } = await createDatabase();
    const pool = poolOf(ownerUrl);
    const edited = migrationsAnd({ [NAMES[0]!]: 'SELECT 1' });
    expect((await errorOf(migratePostgres(pool, edited))).message).toBe(
      `The database cannot be used: migration ${NAMES[0]} was edited after it was applied.`,
    );
    await pool.query('UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = $1', [
      NAMES[1],
    ]);
    expect((await errorOf(migratePostgres(pool, MIGRATIONS.postgresql))).message).toContain(
      `migration ${NAMES[1]} was begun by another tool and never finished`,
    );
  });

  it('tells a user who may not change tables what is missing and what to run', async () => {
    const { ownerUrl, url } = await createDatabase();
    const app = poolOf(url);
    // Nothing is missing: no right is needed.
    expect(await migratePostgres(app, MIGRATIONS.postgresql)).toEqual({ applied: [] });
    const newer = migrationsAnd({ '29990101000000_newer': 'CREATE TABLE newer (id INTEGER)' });
    expect(await errorOf(migratePostgres(app, newer))).toMatchObject({
      code: 'DATA_DIR_UNUSABLE',
      message:
        'The database cannot be used: it lacks the migrations 29990101000000_newer, and its user ' +
        'indelible_app may not change tables: run `indelible migrate` with the URL of the user that owns ' +
        'the tables, then start again.',
    });
    await poolOf(ownerUrl).query('REVOKE ALL ON _prisma_migrations FROM indelible_app');
    expect((await errorOf(migratePostgres(app, MIGRATIONS.postgresql))).message).toContain(
      'its user indelible_app has no rights to the tables: run `indelible migrate` with the URL of the ' +
        'user that owns the tables and --app-role indelible_app',
    );
  });

  it('tells it also where there is no table yet', async () => {
    const { url } = await createEmptyDatabase();
    const { message } = await errorOf(migratePostgres(poolOf(url), MIGRATIONS.postgresql));
    expect(message).toContain(NAMES.join(', '));
    expect(message).toContain('indelible migrate');
  });

  it('makes the tables in the schema public, whatever the search path of the role is', async () => {
    const { ownerUrl, superuserUrl } = await createEmptyDatabase();
    await asRole(ownerUrl, (client) => client.query('CREATE SCHEMA indelible_owner'));
    await migratePostgres(poolOf(ownerUrl), MIGRATIONS.postgresql);
    expect(await tablesOf(superuserUrl)).toContain('record');
  });

  it("leaves a database that Prisma's own engine finds in sync with migrations and models", async () => {
    const { ownerUrl, superuserUrl: url } = await createEmptyDatabase();
    await migratePostgres(poolOf(ownerUrl), MIGRATIONS.postgresql);
    const migrations = readMigrations(MIGRATIONS.postgresql);
    const list = { migrationsList: toMigrationList('postgresql', migrations), filters: NO_FILTER };
    const answers = await withSchemaEngine(
      readSchema('postgresql'),
      { provider: 'postgresql', url },
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

  it('can be done by an administrator with the script instead', async () => {
    const { ownerUrl } = await createEmptyDatabase();
    await asRole(ownerUrl, (client) => client.query(migrationScript(readMigrations(MIGRATIONS.postgresql))));
    expect(await migratePostgres(poolOf(ownerUrl), MIGRATIONS.postgresql)).toEqual({ applied: [] });
  });
});

describe('rights', () => {
  it('are given while servers run, again and again, and by two at once', async () => {
    const { ownerUrl, url } = await createDatabase();
    const owner = poolOf(ownerUrl);
    const app = poolOf(url);
    const asked = Promise.all(Array.from({ length: 50 }, () => app.query('SELECT count(*) FROM ledger')));
    await Promise.all(Array.from({ length: 4 }, () => grantApplicationRights(owner, 'indelible_app')));
    // None of them was refused.
    expect(await asked).toHaveLength(50);
  });
});
