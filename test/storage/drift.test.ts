import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Provider, readSchema } from '#scripts/generate.ts';
import { diffDatabase, diffMigrations, MIGRATIONS } from '#scripts/migrate.ts';
import type { EngineDatabase } from '#scripts/schema-engine.ts';
import { type Migration, readMigrations } from '#server/storage/migrations.ts';
import { createDatabase } from '#test/support/postgres-database.ts';

const databases: Readonly<Record<Provider, () => Promise<EngineDatabase>>> = {
  sqlite: async () => ({ provider: 'sqlite', file: ':memory:' }),
  postgresql: async () => ({ provider: 'postgresql', url: (await createDatabase()).superuserUrl }),
};

/** The project's migrations and one more. */
function withMigration(provider: Provider, sql: string): readonly Migration[] {
  return [...readMigrations(MIGRATIONS[provider]), { name: '99999999999999_planted', sql, checksum: '' }];
}

/** What a migration may do that no model says, and what puts it right. */
const PLANTED: readonly (readonly [Provider, what: string, sql: string, found: string])[] = [
  ['sqlite', 'a table', 'CREATE TABLE planted (id INTEGER PRIMARY KEY);', 'DROP TABLE "planted"'],
  ['sqlite', 'a column', 'ALTER TABLE token ADD COLUMN planted TEXT;', 'RENAME TO "token"'],
  ['sqlite', 'an index', 'CREATE INDEX planted ON record (digest);', 'DROP INDEX "planted"'],
  ['postgresql', 'a table', 'CREATE TABLE planted (id INTEGER PRIMARY KEY);', 'DROP TABLE "planted"'],
  ['postgresql', 'a column', 'ALTER TABLE token ADD COLUMN planted TEXT;', 'DROP COLUMN "planted"'],
  [
    'postgresql',
    'a column of record',
    'ALTER TABLE record ADD COLUMN planted TEXT;',
    'DROP COLUMN "planted"',
  ],
  [
    'postgresql',
    'another type',
    'ALTER TABLE token ALTER COLUMN created_at TYPE INTEGER;',
    'SET DATA TYPE BIGINT',
  ],
  [
    'postgresql',
    'a column that may be empty',
    'ALTER TABLE tile ALTER COLUMN hashes DROP NOT NULL;',
    'SET NOT NULL',
  ],
  ['postgresql', 'an index', 'CREATE INDEX planted ON checkpoint (root);', 'DROP INDEX "planted"'],
  ['postgresql', 'an index of record', 'CREATE INDEX planted ON record (digest);', 'DROP INDEX "planted"'],
  [
    'postgresql',
    'a foreign key',
    'ALTER TABLE head ADD CONSTRAINT planted FOREIGN KEY (ledger_no) REFERENCES ledger (no);',
    'DROP CONSTRAINT "planted"',
  ],
];

describe.each(['sqlite', 'postgresql'] as const)('the migrations of %s', (provider) => {
  it('add up to the Prisma models', async () => {
    const migrations = readMigrations(MIGRATIONS[provider]);
    expect(migrations.length).toBeGreaterThanOrEqual(2);
    expect(await diffMigrations(await databases[provider](), migrations, readSchema(provider))).toBeNull();
  });

  it('are found wanting when a model has a member that no migration adds', async () => {
    const schema = readSchema(provider).replace('model Record {', 'model Record {\n  planted String?');
    const migrations = readMigrations(MIGRATIONS[provider]);
    expect(await diffMigrations(await databases[provider](), migrations, schema)).toMatch(
      /ADD COLUMN +"planted"/,
    );
  });

  it.each(PLANTED.filter(([of]) => of === provider))(
    'on %s are found wanting when they make %s that no model has',
    async (_provider, _what, sql, found) => {
      const diff = await diffMigrations(
        await databases[provider](),
        withMigration(provider, sql),
        readSchema(provider),
      );
      expect(diff).toContain(found);
    },
  );

  it('are found wanting when one of them is missing', async () => {
    expect(await diffMigrations(await databases[provider](), [], readSchema(provider))).toContain(
      'CREATE TABLE "record"',
    );
  });
});

describe('a Postgres database in use', () => {
  it('is what the models say, with its partitions, triggers and the queue of pg-boss', async () => {
    const { superuserUrl: url } = await createDatabase();
    const client = new Client({ connectionString: url });
    await client.connect();
    onTestFinished(() => client.end());
    await client.query(
      "INSERT INTO ledger (id, origin, vkey, created_at) VALUES ('acme', 'here/acme', 'v', 1)",
    );
    await client.query('SELECT add_record_partition(1, 0), add_record_partition(1, 1)');
    // The history of migrations is Prisma's own and no model's.
    expect(await diffDatabase({ provider: 'postgresql', url }, readSchema('postgresql'))).toBeNull();
    await client.query('ALTER TABLE record ADD COLUMN planted TEXT');
    expect(await diffDatabase({ provider: 'postgresql', url }, readSchema('postgresql'))).toContain(
      'planted',
    );
  });

  it('is left as it was: migrations are tried out in a database of their own, which is dropped', async () => {
    const { superuserUrl: url } = await createDatabase();
    const client = new Client({ connectionString: url });
    await client.connect();
    onTestFinished(() => client.end());
    await client.query('CREATE TABLE mine (id INTEGER)');
    await diffMigrations(
      { provider: 'postgresql', url },
      withMigration('postgresql', 'DROP TABLE IF EXISTS mine;'),
      readSchema('postgresql'),
    );
    expect((await client.query("SELECT to_regclass('mine') AS name")).rows).toEqual([{ name: 'mine' }]);
    const shadows = "SELECT datname FROM pg_database WHERE datname LIKE 'indelible_shadow%'";
    expect((await client.query(shadows)).rows).toEqual([]);
  });
});
