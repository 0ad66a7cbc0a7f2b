import { existsSync } from 'node:fs';
import { CannotRunError } from '#server/cli/exit-codes.ts';
import type { Config } from '#server/config.ts';
import { FORMAT_VERSION } from '#server/index/header.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';
import { dataDirPaths, readInstanceId } from '#server/storage/data-dir.ts';
import {
  createRememberedCheckpoints,
  type RememberedCheckpoints,
} from '#server/storage/remembered-checkpoints.ts';
import { createSqliteLedgerArchive } from '#server/storage/sqlite/ledger-archive.ts';
import { openForReading } from '#server/storage/sqlite/open.ts';
import { openSegmentReader } from '#server/storage/sqlite/segment-store.ts';

/** Everything that whole ledgers are verified from, opened for reading only. */
export interface OpenArchive {
  readonly archive: LedgerArchive;
  /** `null`: there is no index yet. */
  readonly segments: Pick<SegmentStore, 'list' | 'read'> | null;
  /** Checkpoints that are kept beside the database; `null`: there is no such folder. */
  readonly remembered: RememberedCheckpoints | null;
  /** For messages. */
  readonly place: string;
  close(): Promise<void>;
}

/** One reads records while the other reads the index. */
const CONNECTIONS = 2;

/**
 * Opens the ledgers that the settings mean, beside a running server or without one. Writes nothing.
 *
 * @throws CannotRunError where there are none; AppError STORAGE_UNAVAILABLE
 */
export async function openArchive({ dataDir, databaseUrl }: Config): Promise<OpenArchive> {
  const paths = dataDirPaths(dataDir);
  const remembered = existsSync(paths.checkpoints) ? createRememberedCheckpoints(paths.checkpoints) : null;
  if (databaseUrl !== null) return { ...(await openShared(databaseUrl)), remembered };
  if (!existsSync(paths.database)) throw new CannotRunError(`There are no ledgers in ${dataDir}.`);
  const db = openForReading(paths.database);
  const owner = readInstanceId(paths) ?? '';
  const index = existsSync(paths.index)
    ? openSegmentReader({ file: paths.index, format: FORMAT_VERSION, owner })
    : null;
  return {
    archive: createSqliteLedgerArchive(db),
    segments: index,
    remembered,
    place: dataDir,
    async close() {
      index?.close();
      db.close();
    },
  };
}

async function openShared(url: string): Promise<Omit<OpenArchive, 'remembered'>> {
  const { openPool } = await import('#server/storage/postgres/open.ts');
  const { createPostgresLedgerArchive } = await import('#server/storage/postgres/ledger-archive.ts');
  const { createPostgresSegmentStore } = await import('#server/storage/postgres/segment-store.ts');
  const pool = openPool(url, { max: CONNECTIONS, name: 'indelible verify' });
  return {
    archive: createPostgresLedgerArchive(pool),
    segments: createPostgresSegmentStore(pool),
    place: 'Postgres',
    close: () => pool.end(),
  };
}
