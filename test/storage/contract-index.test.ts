import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openForReading } from '#server/storage/sqlite/open.ts';
import { createSqliteRecordSource } from '#server/storage/sqlite/record-source.ts';
import { openSegmentStore } from '#server/storage/sqlite/segment-store.ts';
import { createMemorySegmentStore } from '#test/support/memory-segment-store.ts';
import { openSqliteStorage, type SqliteStorage } from '#test/support/sqlite-storage.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { describeRecordSource } from './contract/record-source.ts';
import { describeSegmentStore } from './contract/segment-store.ts';

describeSegmentStore('SQLite', async () => {
  const file = join(temporaryFolder(), 'index.db');
  const store = openSegmentStore({ file, format: 1, owner: 'test', onMade: () => undefined });
  onTestFinished(() => store.close());
  return { store, ledgerNos: [1, 2] };
});

describeSegmentStore('the store in memory', async () => {
  return { store: createMemorySegmentStore(), ledgerNos: [1, 2] };
});

describeRecordSource('SQLite', openSqliteStorage, async (storage) => {
  const db = openForReading((storage as SqliteStorage).file);
  onTestFinished(() => void db.close());
  return createSqliteRecordSource(db);
});
