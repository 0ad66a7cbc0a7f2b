import { openMemoryStorage } from '#test/support/memory-storage.ts';
import { openSqliteStorage } from '#test/support/sqlite-storage.ts';

/** What the worker is tested on. */
export const STORAGES = [
  { name: 'SQLite', open: openSqliteStorage },
  { name: 'the storage in memory', open: openMemoryStorage },
];
