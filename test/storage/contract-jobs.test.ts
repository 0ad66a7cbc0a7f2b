import { expect, it, onTestFinished } from 'vitest';
import { join } from 'node:path';
import { openPool } from '#server/storage/postgres/open.ts';
import { createPostgresJobStore } from '#server/storage/postgres/job-store.ts';
import { createSqliteJobStore } from '#server/storage/sqlite/job-store.ts';
import { createDatabase } from '#test/support/postgres-database.ts';
import { openMigrated } from '#test/support/sqlite-storage.ts';
import { NOW } from '#test/support/storage-under-test.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { describeJobStore } from './contract/job-store.ts';

describeJobStore('SQLite', async () => {
  const file = join(temporaryFolder(), 'indelible.db');
  return { store: createSqliteJobStore(openMigrated(file)), other: createSqliteJobStore(openMigrated(file)) };
});

it('on SQLite, which one process holds alone, gives out the jobs of one that is gone at once', async () => {
  const db = openMigrated();
  const store = createSqliteJobStore(db);
  const params = '{}';
  await store.create({ id: 'a', kind: 'EXPORT', ledgerNo: 1, params, requestedBy: null, createdAt: NOW });
  await store.claim(['EXPORT'], 'x', NOW, NOW + 30_000);
  expect(await store.claim(['EXPORT'], 'y', NOW, NOW + 30_000)).toBeNull();
  const after = createSqliteJobStore(db);
  expect(await after.claim(['EXPORT'], 'y', NOW, NOW + 30_000)).toMatchObject({ id: 'a', startedAt: NOW });
});

describeJobStore('Postgres', async () => {
  const { url } = await createDatabase();
  const open = (name: string) => {
    const pool = openPool(url, { max: 4, name });
    onTestFinished(() => pool.end());
    return createPostgresJobStore(pool);
  };
  return { store: open('one process'), other: open('another process') };
});
