import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3';
import { PrismaClient } from '#prisma/generated/sqlite/client.ts';
import { createAuthenticate } from './access/authenticate.ts';
import { ensureBootstrapToken } from './access/bootstrap.ts';
import { DEFAULT_LEDGER } from './access/ledger.ts';
import { createTokens } from './access/tokens.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { AppError, ERRORS } from './errors.ts';
import { createAccept } from './events/accept.ts';
import { createAcceptMany, rejectMany } from './events/accept-many.ts';
import { createHttpServer } from './http/server.ts';
import { createUuidv7Source, newSecret } from './id.ts';
import { createCreateLedger } from './ledgers/create-ledger.ts';
import { createWaitForCheckpoint } from './ledgers/wait-for-checkpoint.ts';
import { createLog, type Logger } from './log.ts';
import type { LedgerEvents } from './ports/ledger-events.ts';
import { sha256 } from './sha256.ts';
import { type HeldDataDir, holdDataDir } from './storage/data-dir.ts';
import { writeDurably } from './storage/durable-file.ts';
import { createKeyFiles } from './storage/key-files.ts';
import { createSqliteCheckpointStore } from './storage/sqlite/checkpoint-store.ts';
import { createSqliteLedgerCatalog } from './storage/sqlite/ledger-catalog.ts';
import { migrateSqlite } from './storage/sqlite/migrate.ts';
import { openForReading, openForWriting } from './storage/sqlite/open.ts';
import { type RemoteWriter, startRemoteWriter } from './storage/sqlite/remote-writer.ts';
import { createSqliteTokenStore } from './storage/sqlite/token-store.ts';
import { createMetrics } from './telemetry/metrics.ts';
import type { WriterSettings } from './writer.ts';

const MIGRATIONS = fileURLToPath(new URL('../prisma/sqlite/migrations', import.meta.url));
const UI_DIR = fileURLToPath(new URL('../dist/ui', import.meta.url));
const WRITER_THREAD = new URL('./writer-thread.ts', import.meta.url);

/** How long a graceful stop lets requests finish, and then the queue drain. */
const REQUESTS_GRACE_MS = 5000;
const DRAIN_MS = 5000;

export interface StartedApp {
  readonly url: string;
  readonly dataDir: string;
  /** File with the administrator's token, or `null` where the token was given as a setting. */
  readonly adminTokenFile: string | null;
  /** Why the appliance is read-only, or `null`. */
  readonly readOnly: string | null;
}

export interface App {
  /**
   * @throws AppError DATA_DIR_LOCKED, DATA_DIR_UNUSABLE, DATA_DIR_NEWER, STORAGE_UNAVAILABLE, CONFIG_INVALID.
   */
  start(): Promise<StartedApp>;
  /** Stops taking requests, ends streams, drains the queue, closes. Bounded: about ten seconds at worst. */
  stop(): Promise<void>;
}

export interface AppOptions {
  /** Called when the process cannot go on. */
  readonly onCrash?: (error: Error) => void;
  /** Entry of the writer thread; the crash tests give one of their own. */
  readonly writerThread?: URL;
}

/** The appliance. The only file that constructs things; the writer thread's part of it is `server/writer`. */
export function createApp(config: Config, options: AppOptions = {}): App {
  const log = createLog(config.logLevel);
  const undo: (() => Promise<void> | void)[] = [];

  const start = async (): Promise<StartedApp> => {
    const held = holdDataDir(config.dataDir);
    undo.push(() => held.release());
    held.describeHolder({ pid: process.pid, since: new Date(systemClock()).toISOString(), url: null });
    const adminTokenFile = await prepareDatabase(config, held, log);

    const writer = await startRemoteWriter(
      options.writerThread ?? WRITER_THREAD,
      writerSettings(config, held),
      (error) => {
        log.fatal({ err: error }, 'The writer thread crashed.');
        options.onCrash?.(error);
      },
    );
    undo.push(() => writer.stop(DRAIN_MS));

    const server = createServer(config, held, writer, log, undo);
    const { port } = await server.listen(config.host, config.port).catch(refuseAddress(config));
    undo.push(() => server.stop(REQUESTS_GRACE_MS));
    const url = toUrl(config, port);
    held.describeHolder({ pid: process.pid, since: new Date(systemClock()).toISOString(), url });
    return { url, dataDir: config.dataDir, adminTokenFile, readOnly: writer.status().readOnly };
  };

  const stop = async (): Promise<void> => {
    for (let last = undo.pop(); last; last = undo.pop()) {
      try {
        await last();
      } catch (error) {
        // Every other part must still be stopped.
        log.error({ err: error }, 'A part did not stop cleanly.');
      }
    }
  };

  return {
    async start() {
      try {
        return await start();
      } catch (error) {
        if (!(error instanceof AppError)) log.error({ err: error }, 'The start failed.');
        await stop();
        throw error;
      }
    },
    stop,
  };
}

/** Migrates, and makes what a new appliance needs: the administrator's token and the default ledger. */
async function prepareDatabase(
  config: Config,
  { paths, instanceId }: HeldDataDir,
  log: Logger,
): Promise<string | null> {
  const db = openForWriting(paths.database);
  try {
    const { applied } = migrateSqlite(db, MIGRATIONS, systemClock);
    if (applied.length > 0) log.info({ applied }, 'The database was migrated.');
    const secret = config.adminToken ?? readOrMakeAdminToken(paths.adminToken);
    const tokens = createSqliteTokenStore(db);
    if (!(await ensureBootstrapToken({ tokens, clock: systemClock }, secret))) {
      log.warn('The administrator token was revoked and does not work: give another one.');
    }
    const catalog = createSqliteLedgerCatalog(db, sha256);
    if (!(await catalog.find(DEFAULT_LEDGER))) {
      await ledgerCreator(config, { paths, instanceId }, catalog)(DEFAULT_LEDGER, null);
    }
    return config.adminToken === null ? paths.adminToken : null;
  } finally {
    db.close();
  }
}

function readOrMakeAdminToken(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const secret = newSecret();
  writeDurably(file, `${secret}\n`, 0o600);
  return secret;
}

function writerSettings(config: Config, { paths }: HeldDataDir): WriterSettings {
  return {
    database: paths.database,
    keys: paths.keys,
    checkpoints: paths.checkpoints,
    concurrency: config.workerConcurrency,
    logLevel: config.logLevel,
  };
}

function ledgerCreator(
  config: Config,
  { paths, instanceId }: Pick<HeldDataDir, 'paths' | 'instanceId'>,
  catalog: Parameters<typeof createCreateLedger>[0]['catalog'],
) {
  return createCreateLedger({
    catalog,
    keys: createKeyFiles(paths.keys, sha256),
    sha256,
    clock: systemClock,
    originPrefix: config.originPrefix ?? `localhost/${instanceId}`,
  });
}

function createServer(
  config: Config,
  held: HeldDataDir,
  writer: RemoteWriter,
  log: Logger,
  undo: (() => Promise<void> | void)[],
) {
  const reading = openForReading(held.paths.database);
  undo.push(() => void reading.close());
  const db = new PrismaClient({
    adapter: new PrismaBetterSqlite3({ url: `file:${held.paths.database}`, readonly: true }),
  });
  undo.push(() => db.$disconnect());
  const checkpoints = createSqliteCheckpointStore(reading);
  const events: LedgerEvents = writer.events;
  const tokens = { ...createSqliteTokenStore(reading), ...writer.tokens };
  const catalog = { ...createSqliteLedgerCatalog(reading, sha256), ...writer.catalog };
  const newId = createUuidv7Source();
  const accepting = {
    intake: writer.intake,
    clock: systemClock,
    newId,
    sha256,
    checkpointed: createWaitForCheckpoint(checkpoints, events),
  };
  return createHttpServer({
    services: {
      accept: createAccept(accepting),
      tokens: createTokens({ store: tokens, catalog, clock: systemClock, newId, newSecret }),
      catalog,
      createLedger: ledgerCreator(config, held, catalog),
      quarantine: writer.quarantine,
      checkpoints,
      events,
      clock: systemClock,
    },
    acceptMany: createAcceptMany(accepting),
    rejectMany,
    newId,
    db,
    authenticate: createAuthenticate({ tokens, clock: systemClock }),
    metrics: createMetrics({
      queueName: config.queueName,
      depth: () => writer.queue.depth(),
      counts: () => writer.counts(),
      clock: systemClock,
    }),
    readiness: async () => {
      const { outage, readOnly } = writer.status();
      // Anyone may ask: which ledger contradicts itself is told in the log and by `indelible doctor` only.
      const reason = readOnly === null ? outage : ERRORS.APPLIANCE_READ_ONLY.message;
      return reason === null ? { ready: true } : { ready: false, reason };
    },
    uiDir: UI_DIR,
    log,
    ...(config.tls === null
      ? {}
      : { tls: { cert: readFileSync(config.tls.certFile), key: readFileSync(config.tls.keyFile) } }),
  });
}

const ADDRESS_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another process; stop that one or set PORT',
  EADDRNOTAVAIL: 'is not an address of this machine; set HOST',
  EACCES: 'may not be listened on by this user; set PORT to 1024 or more',
  ENOTFOUND: 'cannot be resolved; set HOST',
};

function refuseAddress({ host, port }: Config): (error: unknown) => never {
  return (error) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const problem = ADDRESS_PROBLEMS[code];
    if (problem === undefined) throw error;
    throw new AppError('CONFIG_INVALID', { message: `${host}:${port} ${problem}.`, cause: error });
  };
}

/** Every address is not one that can be gone to: for those the address is this machine's own. */
const OWN_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function toUrl(config: Config, port: number): string {
  const reachable = OWN_ADDRESS[config.host] ?? config.host;
  const host = reachable.includes(':') ? `[${reachable}]` : reachable;
  return `${config.tls ? 'https' : 'http'}://${host}:${port}`;
}
