import { readFileSync } from 'node:fs';
import type { ApplianceFacts } from '#schema/context.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { createAuthenticate } from './access/authenticate.ts';
import { may } from './access/caller.ts';
import { createTokens } from './access/tokens.ts';
import type { Backend, Undo, WorkerBackend } from './backend.ts';
import { readVersion } from './cli/version.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import type { KeyProtection } from './messages.ts';
import { AppError, ERRORS } from './errors.ts';
import { createCreateDemo } from './demo/create-demo.ts';
import { createAccept } from './events/accept.ts';
import { createAcceptMany, rejectMany } from './events/accept-many.ts';
import { createHttpServer } from './http/server.ts';
import { createUuidv7Source, newSecret } from './id.ts';
import { createRecordOperation } from './ledgers/record-operation.ts';
import { createWaitForCheckpoint } from './ledgers/wait-for-checkpoint.ts';
import { createLog, type Logger } from './log.ts';
import { openAccess, type SessionCookieValue } from './open-access.ts';
import type { PostgresContext } from './open-postgres.ts';
import type { SqliteOptions } from './open-sqlite.ts';
import { createMatcher } from './index/matches.ts';
import { openKeys } from './open-keys.ts';
import { UI_DIR } from './places.ts';
import { createLedgerCreator } from './prepare-appliance.ts';
import { sha256 } from './sha256.ts';
import { startProving } from './start-proving.ts';
import { type DataDir, holdDataDir, shareDataDir } from './storage/data-dir.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { startSystemTimer } from './worker/timer.ts';

/** Pause before a database that went away while it was opened is opened again. */
const OPEN_AGAIN_MS = 500;
/** How long a graceful stop lets requests finish. */
const REQUESTS_GRACE_MS = 5000;

export interface StartedApp {
  readonly url: string;
  readonly dataDir: string;
  /** Where the records are, for the person who started it; no password in it. */
  readonly storage: string;
  /** File with the administrator's token, or `null` where the token was given as a setting. */
  readonly adminTokenFile: string | null;
  /** Why the appliance is read-only, or `null`. */
  readonly readOnly: string | null;
  /**
   * Signs the administrator in without its token: the cookie to give a window of this machine's user.
   *
   * @throws AppError UNAUTHENTICATED where the administrator's token was revoked; ROUTE_NOT_FOUND where this
   *   process has no page; STORAGE_UNAVAILABLE
   */
  createSession(): Promise<SessionCookieValue>;
}

export interface App {
  /**
   * With Postgres it waits for a database that cannot be reached, as long as it takes.
   *
   * @throws AppError DATA_DIR_LOCKED, DATA_DIR_UNUSABLE, DATA_DIR_NEWER, STORAGE_UNAVAILABLE, CONFIG_INVALID,
   *   KEYS_PROTECTED, SIGNING_KEY_MISSING;
   *   APPLIANCE_STOPPING when it is stopped before it has started
   */
  start(): Promise<StartedApp>;
  /** Stops taking requests, ends streams, drains the queue, closes. Bounded: about ten seconds at worst. */
  stop(): Promise<void>;
}

export interface AppOptions extends SqliteOptions {
  /** Prints a line for the person who started it. */
  readonly say?: (line: string) => void;
  /** Has the keys of a SQLite appliance encrypted, or plain again; `null`: they must be plain. */
  readonly keyProtection?: KeyProtection | null;
}

/** The appliance: one storage, and in front of it what the role of this process asks for. */
export function createApp(config: Config, options: AppOptions = {}): App {
  const log = createLog(config.logLevel);
  const undo: Undo = [];
  const stopping = new AbortController();
  let starting: Promise<unknown> = Promise.resolve();

  const start = async (): Promise<StartedApp> => {
    const onCrash = options.onCrash ?? ((error: Error) => log.fatal({ err: error }, 'A part crashed.'));
    const context = { config, log, undo, onCrash, say: options.say ?? (() => undefined) };
    return config.databaseUrl === null
      ? await startOnSqlite(context, options)
      : await startOnPostgres(context, config.databaseUrl, stopping.signal);
  };

  const stop = (): Promise<void> => undoAll(undo, log);

  return {
    async start() {
      const started = start();
      // Whoever waits for the start hears of its failure.
      starting = started.catch(() => undefined);
      try {
        return await started;
      } catch (error) {
        if (!(error instanceof AppError)) log.error({ err: error }, 'The start failed.');
        await stop();
        throw error;
      }
    },
    async stop() {
      stopping.abort(new AppError('APPLIANCE_STOPPING'));
      await starting;
      await stop();
    },
  };
}

async function undoAll(undo: Undo, log: Logger): Promise<void> {
  for (let last = undo.pop(); last; last = undo.pop()) {
    try {
      await last();
    } catch (error) {
      // Every other part must still be stopped.
      log.error({ err: error }, 'A part did not stop cleanly.');
    }
  }
}

interface StartContext {
  readonly config: Config;
  readonly log: Logger;
  readonly undo: Undo;
  readonly onCrash: (error: Error) => void;
  readonly say: (line: string) => void;
}

async function startOnSqlite(context: StartContext, options: AppOptions): Promise<StartedApp> {
  const { config, log, undo } = context;
  const held = holdDataDir(config.dataDir);
  undo.push(() => held.release());
  const since = new Date(systemClock()).toISOString();
  held.describeHolder({ pid: process.pid, since, url: null });
  const dataDir = { ...held, kek: openKeys(held.paths.keys, options.keyProtection ?? null) };
  // Loaded when it is needed: each brings a driver and a query compiler of its own.
  const { openSqlite } = await import('./open-sqlite.ts');
  const backend = await openSqlite(config, dataDir, log, undo, options);
  const started = await serve(context, dataDir, backend, config.dataDir);
  held.describeHolder({ pid: process.pid, since, url: started.url });
  return started;
}

async function startOnPostgres(
  context: StartContext,
  databaseUrl: string,
  stopping: AbortSignal,
): Promise<StartedApp> {
  const { config, log, undo } = context;
  const dataDir = shareDataDir(config.dataDir);
  // Several processes share these keys, and nobody gives any of them what would open protected ones.
  openKeys(dataDir.paths.keys, null);
  const { onCrash } = context;
  const postgres = { config, dataDir, log, undo, databaseUrl, onCrash };
  const { host, pathname } = new URL(databaseUrl);
  const storage = `Postgres at ${host}${pathname}`;
  const { openPostgres, openPostgresWorker } = await import('./open-postgres.ts');
  const wait = () => waitForPostgres(context, databaseUrl, stopping);
  const open = <B>(openNow: (postgres: PostgresContext) => Promise<B>): Promise<B> =>
    openWhenThere(openNow, postgres, context, wait, stopping);
  return config.role === 'worker'
    ? await serveHealth(context, await open(openPostgresWorker), storage)
    : await serve(context, dataDir, await open(openPostgres), storage);
}

/** Opens the database, and waits again where it goes away while it is opened. */
async function openWhenThere<B>(
  open: (postgres: PostgresContext) => Promise<B>,
  postgres: PostgresContext,
  context: StartContext,
  wait: () => Promise<void>,
  stopping: AbortSignal,
): Promise<B> {
  for (;;) {
    await wait();
    const opened: Undo = [];
    try {
      const backend = await open({ ...postgres, undo: opened });
      context.undo.push(...opened);
      return backend;
    } catch (error) {
      await undoAll(opened, context.log);
      if (!(error instanceof AppError && error.code === 'STORAGE_UNAVAILABLE')) throw error;
      context.say(`The database went away: ${error.message}`);
      // Told to stop meanwhile: the wait above ends at once.
      await delay(OPEN_AGAIN_MS, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
}

/** Waits as long as it takes; meanwhile health checks are answered, and everything else with a 503. */
async function waitForPostgres(
  { config, log, undo, say }: StartContext,
  url: string,
  signal: AbortSignal,
): Promise<void> {
  const { waitForDatabase } = await import('./storage/postgres/wait-for-database.ts');
  const { createWorkerServer } = await import('./http/worker-server.ts');
  const waiting = createWorkerServer({
    // Anyone may ask: where the database is, and as whom it is used, is told to the operator only.
    readiness: async () => ({ ready: false, reason: ERRORS.STORAGE_UNAVAILABLE.message }),
    metrics: null,
    authorize: async () => {
      throw new AppError('STORAGE_UNAVAILABLE');
    },
    isWaiting: config.role !== 'worker',
    newId: createUuidv7Source(),
    clock: systemClock,
    log,
    ...readTls(config),
  });
  await waiting.listen(config.host, config.port).catch(refuseAddress(config));
  undo.push(() => waiting.stop(0));
  const tell = (problem: string | null): void => {
    say(problem === null ? 'The database is there.' : `Waiting for the database: ${problem}`);
  };
  await waitForDatabase({ url, setting: 'DATABASE_URL', startTimer: startSystemTimer, signal, tell });
  undo.pop();
  await waiting.stop(0);
}

/** Health and metrics of a process without an API. */
async function serveHealth(
  context: StartContext,
  backend: WorkerBackend,
  storage: string,
): Promise<StartedApp> {
  const { config, log, undo } = context;
  const { createWorkerServer } = await import('./http/worker-server.ts');
  const authenticate = createAuthenticate({ tokens: backend.tokens, clock: systemClock });
  const server = createWorkerServer({
    readiness: backend.readiness,
    metrics: metricsOf(config, backend),
    authorize: async ({ headers }) => {
      const caller = await authenticate(headers.authorization ?? null);
      if (caller === null) throw new AppError('UNAUTHENTICATED');
      if (!may(caller, 'admin')) throw new AppError('FORBIDDEN');
    },
    isWaiting: false,
    newId: createUuidv7Source(),
    clock: systemClock,
    log,
    ...readTls(config),
  });
  const { port } = await server.listen(config.host, config.port).catch(refuseAddress(config));
  undo.push(() => server.stop(REQUESTS_GRACE_MS));
  return startedAt(config, port, backend, storage, async () => {
    throw new AppError('ROUTE_NOT_FOUND', { message: 'This process has no page.' });
  });
}

function startedAt(
  config: Config,
  port: number,
  backend: WorkerBackend,
  storage: string,
  createSession: StartedApp['createSession'],
): StartedApp {
  const { adminTokenFile } = backend;
  return {
    url: toUrl(config, port),
    dataDir: config.dataDir,
    storage,
    adminTokenFile,
    readOnly: backend.readOnly(),
    createSession,
  };
}

/** Listens, and says where. */
async function serve(
  context: StartContext,
  dataDir: DataDir,
  backend: Backend,
  storage: string,
): Promise<StartedApp> {
  const { config, undo } = context;
  const { server, createSession } = createServer(context, dataDir, backend);
  const { port } = await server.listen(config.host, config.port).catch(refuseAddress(config));
  undo.push(() => server.stop(REQUESTS_GRACE_MS));
  return startedAt(config, port, backend, storage, createSession);
}

function createServer({ config, log, undo }: StartContext, dataDir: DataDir, backend: Backend) {
  const { tokens, catalog, checkpoints, events } = backend;
  const newId = createUuidv7Source();
  const accepting = {
    intake: backend.intake,
    clock: systemClock,
    newId,
    sha256,
    checkpointed: createWaitForCheckpoint(checkpoints, events),
  };
  const recordOperation = createRecordOperation(createAccept({ ...accepting, isAppliance: true }));
  const { createSession, ...access } = openAccess(backend, config, recordOperation, log);
  const proving = startProving({
    config,
    dataDir,
    backend,
    recordOperation,
    newId: () => newId(systemClock()),
    log,
    undo,
  });
  const accept = createAccept(accepting);
  const createLedger = createLedgerCreator(config, dataDir, catalog);
  const server = createHttpServer({
    services: {
      accept,
      ...proving.services,
      tokens: createTokens({ store: tokens, catalog, clock: systemClock, newId, newSecret }),
      catalog,
      createLedger,
      tokenName: async (id) => (await tokens.find(id))?.name ?? null,
      createDemo: createCreateDemo({ catalog, createLedger, accept, pause: delay }),
      quarantine: backend.quarantine,
      intakeCounts: backend.intakeCounts,
      views: backend.views,
      checkpoints,
      events,
      search: backend.search,
      matcherOf: (condition) => createMatcher(sha256, condition),
      distrustIndex: (ledgerNo) => backend.indexing.distrust(ledgerNo),
      appliance: describeAppliance(config, backend),
      clock: systemClock,
    },
    acceptMany: createAcceptMany(accepting),
    rejectMany,
    newId,
    readingOf: backend.readingOf,
    ...access,
    metrics: metricsOf(config, backend),
    readiness: backend.readiness,
    exports: proving.exports,
    publicLedgers: config.publicLedgers,
    cosigner: proving.cosigner,
    uiDir: UI_DIR,
    log,
    ...readTls(config),
  });
  return { server, createSession };
}

function describeAppliance(
  { dataDir, databaseUrl, verifyHours }: Config,
  { readOnly }: Backend,
): ApplianceFacts {
  return {
    version: readVersion(),
    storage: databaseUrl === null ? 'SQLITE' : 'POSTGRES',
    dataDir,
    verifyHours,
    readOnly,
  };
}

function readTls({ tls }: Config) {
  return tls === null ? {} : { tls: { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) } };
}

function metricsOf(config: Config, { depth, counts, indexing }: WorkerBackend): Metrics {
  const index = indexing.status;
  return createMetrics({ queueName: config.queueName, depth, counts, index, clock: systemClock });
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
