import { openMemoryStorage } from '#test/support/memory-storage.ts';
import { openSqliteStorage } from '#test/support/sqlite-storage.ts';
import { describeStorage } from './contract/all.ts';

describeStorage('SQLite', openSqliteStorage);
describeStorage('the storage in memory', openMemoryStorage);
