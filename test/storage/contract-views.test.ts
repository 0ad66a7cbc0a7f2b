import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openPool } from '#server/storage/postgres/open.ts';
import { createPostgresViewStore } from '#server/storage/postgres/view-store.ts';
import { createSqliteViewStore } from '#server/storage/sqlite/view-store.ts';
import { createDatabase } from '#test/support/postgres-database.ts';
import { openMigrated } from '#test/support/sqlite-storage.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { describeViewStore } from './contract/view-store.ts';

describeViewStore('SQLite', async () => {
  const file = join(temporaryFolder(), 'indelible.db');
  return {
    store: createSqliteViewStore(openMigrated(file)),
    other: createSqliteViewStore(openMigrated(file)),
  };
});

describeViewStore('Postgres', async () => {
  const { url } = await createDatabase();
  const open = (name: string) => {
    const pool = openPool(url, { max: 4, name });
    onTestFinished(() => pool.end());
    return createPostgresViewStore(pool);
  };
  return { store: open('one process'), other: open('another process') };
});
