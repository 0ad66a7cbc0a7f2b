import { existsSync } from 'node:fs';
import { CannotRunError } from '#server/cli/exit-codes.ts';
import type { Output } from '#server/cli/output.ts';
import type { Config } from '#server/config.ts';
import { AppError } from '#server/errors.ts';
import { FORMAT_VERSION } from '#server/index/header.ts';
import type { RecordSource } from '#server/ports/record-source.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';
import { dataDirPaths, holdDataDir, isDataDirHeld, shareDataDir } from '#server/storage/data-dir.ts';
import { createLedgerNumbers as sharedNumbers } from '#server/storage/postgres/ledger-numbers.ts';
import { openPool } from '#server/storage/postgres/open.ts';
import { createPostgresRecordSource } from '#server/storage/postgres/record-source.ts';
import { createPostgresSegmentStore } from '#server/storage/postgres/segment-store.ts';
import { createLedgerNumbers } from '#server/storage/sqlite/ledger-numbers.ts';
import { openForReading } from '#server/storage/sqlite/open.ts';
import { createSqliteRecordSource } from '#server/storage/sqlite/record-source.ts';
import { openSegmentStore } from '#server/storage/sqlite/segment-store.ts';

/** The index and the ledgers, as `reindex` needs them. */
export interface IndexAccess {
  readonly store: SegmentStore & {
    measure(ledgerNo: number): Promise<{ readonly records: number; readonly bytes: number }>;
    reset?(): Promise<void>;
  };
  readonly source: RecordSource;
  /** Whether a running server fills the index of this data folder: then nobody else does. */
  readonly isServed: boolean;
  /** @throws AppError LEDGER_NOT_FOUND */
  numberOf(ledger: string): Promise<number>;
  close(): Promise<void>;
}

/** One puts, one claims, and the rest reads. */
const CONNECTIONS = 4;

/**
 * Opens the index that the settings mean. Without a server a data folder is held until `close`.
 *
 * @throws CannotRunError where there are no ledgers; AppError as `holdDataDir` and `openForReading`
 */
export async function openIndexAccess(config: Config, output: Output): Promise<IndexAccess> {
  return config.databaseUrl === null ? openFolder(config.dataDir, output) : openShared(config.databaseUrl);
}

function openFolder(dir: string, output: Output): IndexAccess {
  const { database, index } = dataDirPaths(dir);
  if (!existsSync(database)) throw new CannotRunError(`There are no ledgers in ${dir} yet.`);
  const isServed = isDataDirHeld(dir);
  const held = isServed ? null : holdDataDir(dir);
  const { instanceId } = held ?? shareDataDir(dir);
  output.note(isServed ? `The server that runs on ${dir} makes it.` : `No server runs on ${dir}.`);
  const ledgers = openForReading(database);
  const numbers = createLedgerNumbers(ledgers);
  const store = openSegmentStore({
    file: index,
    format: FORMAT_VERSION,
    owner: instanceId,
    // A new one is what was asked for.
    onMade: () => undefined,
  });
  return {
    store,
    source: createSqliteRecordSource(ledgers),
    isServed,
    numberOf: async (ledger) => numbers.get(ledger),
    async close() {
      store.close();
      ledgers.close();
      held?.release();
    },
  };
}

function openShared(url: string): IndexAccess {
  const pool = openPool(url, { max: CONNECTIONS, name: 'indelible reindex' });
  const numbers = sharedNumbers();
  return {
    store: createPostgresSegmentStore(pool),
    source: createPostgresRecordSource(pool),
    isServed: false,
    async numberOf(ledger) {
      const no = await numbers.find(pool, ledger);
      if (no === null) throw new AppError('LEDGER_NOT_FOUND');
      return no;
    },
    close: () => pool.end(),
  };
}
