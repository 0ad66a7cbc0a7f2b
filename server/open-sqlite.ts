import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { PrismaClient } from '#prisma/generated/sqlite/client.ts';
import type { Backend, Undo } from './backend.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { ERRORS } from './errors.ts';
import { queuedEventId } from './events/queued-event-id.ts';
import { FORMAT_VERSION } from './index/header.ts';
import type { Logger } from './log.ts';
import { MIGRATIONS, threadEntry } from './places.ts';
import { prepareAppliance } from './prepare-appliance.ts';
import { sha256 } from './sha256.ts';
import { startIndexThread } from './start-index-thread.ts';
import { startSearch } from './start-search.ts';
import type { DataDir } from './storage/data-dir.ts';
import { createSqliteCheckpointStore } from './storage/sqlite/checkpoint-store.ts';
import { createSqliteIntakeCounts } from './storage/sqlite/intake-counts.ts';
import { createSqliteLedgerArchive } from './storage/sqlite/ledger-archive.ts';
import { createSqliteLedgerCatalog } from './storage/sqlite/ledger-catalog.ts';
import { migrateSqlite } from './storage/sqlite/migrate.ts';
import { openForReading, openForWriting } from './storage/sqlite/open.ts';
import { type RemoteWriter, startRemoteWriter } from './storage/sqlite/remote-writer.ts';
import { createSqliteSessionStore } from './storage/sqlite/session-store.ts';
import { createSqliteTokenStore } from './storage/sqlite/token-store.ts';
import type { WriterSettings } from './writer.ts';

const WRITER_THREAD = threadEntry('writer-thread');

/** How long a stop lets the queue drain. */
const DRAIN_MS = 5000;

export interface SqliteOptions {
  /** Called when the process cannot go on. */
  readonly onCrash?: ((error: Error) => void) | undefined;
  /** Entry of the writer thread; the crash tests give one of their own. */
  readonly writerThread?: URL | undefined;
}

/**
 * Opens the appliance on SQLite: migrates, makes what a new one needs, starts the writer thread.
 *
 * @throws AppError STORAGE_UNAVAILABLE, DATA_DIR_UNUSABLE, DATA_DIR_NEWER, CONFIG_INVALID
 */
export async function openSqlite(
  config: Config,
  dataDir: DataDir,
  log: Logger,
  undo: Undo,
  { onCrash, writerThread }: SqliteOptions,
): Promise<Backend> {
  const adminTokenFile = await prepareDatabase(config, dataDir, log);
  let grown: (ledger: string) => void = () => undefined;
  const writer = await startRemoteWriter(
    writerThread ?? WRITER_THREAD,
    writerSettings(config, dataDir),
    (error) => {
      log.fatal({ err: error }, 'The writer thread crashed.');
      onCrash?.(error);
    },
    (ledger) => grown(ledger),
  );
  undo.push(() => writer.stop(DRAIN_MS));
  const finding = startFinding(config, dataDir, log, undo);
  grown = finding.indexing.grown;
  const reading = openForReading(dataDir.paths.database);
  undo.push(() => void reading.close());
  const db = new PrismaClient({
    adapter: new PrismaBetterSqlite3({ url: `file:${dataDir.paths.database}`, readonly: true }),
  });
  undo.push(() => db.$disconnect());
  return {
    intake: writer.intake,
    intakeCounts: createSqliteIntakeCounts(reading, queuedEventId),
    quarantine: writer.quarantine,
    tokens: { ...createSqliteTokenStore(reading), ...writer.tokens },
    catalog: { ...createSqliteLedgerCatalog(reading, sha256), ...writer.catalog },
    checkpoints: createSqliteCheckpointStore(reading),
    events: writer.events,
    search: finding.search,
    archive: createSqliteLedgerArchive(reading),
    ...writer.ports,
    // A look-up must not wait behind what is being recorded.
    sessions: { ...writer.ports.sessions, findByHash: createSqliteSessionStore(reading).findByHash },
    erasing: { index: finding.indexing, forget: finding.forget },
    jobStorage: { kind: 'sqlite', database: dataDir.paths.database, index: finding.index },
    indexing: {
      status: finding.indexing.status,
      distrust: (ledgerNo) => finding.indexing.rebuild(ledgerNo, 'it named a record that does not match'),
    },
    depth: () => writer.queue.depth(),
    counts: () => writer.counts(),
    readingOf: () => ({ db, history: db }),
    readiness: async () => toReadiness(writer),
    readOnly: () => writer.status().readOnly,
    adminTokenFile,
  };
}

/** Starts the stage that fills the index, and searching in it: a thread each. */
function startFinding(config: Config, { paths, instanceId }: DataDir, log: Logger, undo: Undo) {
  const { database } = paths;
  const { logLevel } = config;
  const index = { file: paths.index, format: FORMAT_VERSION, owner: instanceId };
  let reopen: () => void = () => undefined;
  const indexing = startIndexThread(
    { kind: 'sqlite', database, index: paths.index, owner: instanceId, logLevel },
    { log, now: systemClock, onReopened: () => reopen() },
  );
  undo.push(() => indexing.stop());
  const searching = startSearch({ kind: 'sqlite', database, index }, { log, onDamage: indexing.rebuild });
  undo.push(() => searching.stop());
  ({ reopen } = searching);
  return { indexing, search: searching.search, forget: searching.forget, index };
}

function toReadiness(writer: RemoteWriter) {
  const { outage, readOnly } = writer.status();
  // Anyone may ask: which ledger contradicts itself is told in the log and by `indelible doctor` only.
  const reason = readOnly === null ? outage : ERRORS.APPLIANCE_READ_ONLY.message;
  return reason === null ? { ready: true as const } : { ready: false as const, reason };
}

async function prepareDatabase(config: Config, dataDir: DataDir, log: Logger): Promise<string | null> {
  const db = openForWriting(dataDir.paths.database);
  try {
    const { applied } = migrateSqlite(db, MIGRATIONS.sqlite, systemClock);
    if (applied.length > 0) log.info({ applied }, 'The database was migrated.');
    const stores = { tokens: createSqliteTokenStore(db), catalog: createSqliteLedgerCatalog(db, sha256) };
    return await prepareAppliance(stores, config, dataDir, log, false);
  } finally {
    db.close();
  }
}

function writerSettings(config: Config, { paths, kek }: DataDir): WriterSettings {
  return {
    database: paths.database,
    keys: paths.keys,
    kek,
    checkpoints: paths.checkpoints,
    concurrency: config.workerConcurrency,
    logLevel: config.logLevel,
  };
}
