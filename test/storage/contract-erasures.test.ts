import { createPostgresErasureStore } from '#server/storage/postgres/erasure-store.ts';
import { createPostgresLedgerArchive } from '#server/storage/postgres/ledger-archive.ts';
import { createSqliteErasureStore } from '#server/storage/sqlite/erasure-store.ts';
import { createSqliteLedgerArchive } from '#server/storage/sqlite/ledger-archive.ts';
import { openPostgresStorage, type PostgresStorage } from '#test/support/postgres-storage.ts';
import { openSqliteStorage, type SqliteStorage } from '#test/support/sqlite-storage.ts';
import { describeErasureStore } from './contract/erasure-store.ts';

describeErasureStore('SQLite', openSqliteStorage, (storage) => {
  const { db } = storage as SqliteStorage;
  return { erasures: createSqliteErasureStore(db), archive: createSqliteLedgerArchive(db) };
});

describeErasureStore('Postgres', openPostgresStorage, (storage) => {
  const { pool } = storage as PostgresStorage;
  return { erasures: createPostgresErasureStore(pool), archive: createPostgresLedgerArchive(pool) };
});
