import { describe, expect, it } from 'vitest';
import { diffSqlite, readSqliteSchema, SQLITE_MIGRATIONS } from '#scripts/migrate.ts';
import { readMigrations } from '#server/storage/migrations.ts';

describe('the SQLite migrations', () => {
  it('add up to the Prisma models', async () => {
    const migrations = readMigrations(SQLITE_MIGRATIONS);
    expect(migrations.length).toBeGreaterThanOrEqual(2);
    expect(await diffSqlite(migrations, readSqliteSchema())).toBeNull();
  });

  it('are found wanting when a model has a member that no migration adds', async () => {
    const schema = readSqliteSchema().replace('model Token {', 'model Token {\n  planted String?');
    expect(await diffSqlite(readMigrations(SQLITE_MIGRATIONS), schema)).toContain('ADD COLUMN "planted"');
  });

  it('are found wanting when they add an index that no model has', async () => {
    const sql = 'CREATE INDEX planted ON record (digest);';
    const migrations = [
      ...readMigrations(SQLITE_MIGRATIONS),
      { name: '99999999999999_planted', sql, checksum: '' },
    ];
    expect(await diffSqlite(migrations, readSqliteSchema())).toContain('DROP INDEX "planted"');
  });

  it('are found wanting when one of them is missing', async () => {
    expect(await diffSqlite([], readSqliteSchema())).toContain('CREATE TABLE "record"');
  });
});
