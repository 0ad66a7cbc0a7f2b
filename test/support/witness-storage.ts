import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CosignatureStore } from '#server/ports/cosignature-store.ts';
import type { JobStore } from '#server/ports/job-store.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import type { CheckpointStore, LedgerCatalog } from '#server/ports/ledger-store.ts';
import type { WitnessStore } from '#server/ports/witness-store.ts';
import { sha256 } from '#server/sha256.ts';
import { createPostgresCheckpointStore } from '#server/storage/postgres/checkpoint-store.ts';
import { createPostgresCosignatureStore } from '#server/storage/postgres/cosignature-store.ts';
import { createPostgresJobStore } from '#server/storage/postgres/job-store.ts';
import { createPostgresLedgerArchive } from '#server/storage/postgres/ledger-archive.ts';
import { createPostgresLedgerCatalog } from '#server/storage/postgres/ledger-catalog.ts';
import { openPool } from '#server/storage/postgres/open.ts';
import { createPostgresWitnessStore } from '#server/storage/postgres/witness-store.ts';
import { createSqliteCheckpointStore } from '#server/storage/sqlite/checkpoint-store.ts';
import { createSqliteCosignatureStore } from '#server/storage/sqlite/cosignature-store.ts';
import { createSqliteJobStore } from '#server/storage/sqlite/job-store.ts';
import { createSqliteLedgerArchive } from '#server/storage/sqlite/ledger-archive.ts';
import { createSqliteLedgerCatalog } from '#server/storage/sqlite/ledger-catalog.ts';
import { createSqliteWitnessStore } from '#server/storage/sqlite/witness-store.ts';
import { createDatabase } from './postgres-database.ts';
import { openMigrated } from './sqlite-storage.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** What one process has of cosignatures, and what they are of. */
export interface WitnessStorage {
  readonly cosignatures: CosignatureStore;
  readonly witnessed: WitnessStore;
  readonly checkpoints: CheckpointStore;
  readonly catalog: LedgerCatalog;
  readonly archive: LedgerArchive;
  readonly jobs: JobStore;
  /** A second process on the same data. */
  beside(): WitnessStorage;
}

/** Opens an empty storage; it is removed when the test ends. */
export type OpenWitnessStorage = () => Promise<WitnessStorage>;

/** On a SQLite file of its own. */
export const openSqliteWitnessStorage: OpenWitnessStorage = async () =>
  onFile(join(temporaryFolder(), 'indelible.db'));

function onFile(file: string): WitnessStorage {
  const db = openMigrated(file);
  return {
    cosignatures: createSqliteCosignatureStore(db),
    witnessed: createSqliteWitnessStore(db),
    checkpoints: createSqliteCheckpointStore(db),
    catalog: createSqliteLedgerCatalog(db, sha256),
    archive: createSqliteLedgerArchive(db),
    jobs: createSqliteJobStore(db),
    beside: () => onFile(file),
  };
}

/** On a Postgres database of its own, as the application's role. */
export const openPostgresWitnessStorage: OpenWitnessStorage = async () =>
  onDatabase((await createDatabase()).url);

function onDatabase(url: string): WitnessStorage {
  const pool = openPool(url, { max: 8, name: 'witness' });
  onTestFinished(() => pool.end());
  return {
    cosignatures: createPostgresCosignatureStore(pool),
    witnessed: createPostgresWitnessStore(pool),
    checkpoints: createPostgresCheckpointStore(pool),
    catalog: createPostgresLedgerCatalog(pool, sha256),
    archive: createPostgresLedgerArchive(pool),
    jobs: createPostgresJobStore(pool),
    beside: () => onDatabase(url),
  };
}
