import type { Backend, Undo, WorkerBackend } from './backend.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import type { ErasureDeps } from './erasures/create-erasures.ts';
import { AppError, ERRORS } from './errors.ts';
import { queuedEventId } from './events/queued-event-id.ts';
import type { Readiness } from './http/rest.ts';
import type { Logger } from './log.ts';
import { MIGRATIONS } from './places.ts';
import { prepareAppliance } from './prepare-appliance.ts';
import { sha256 } from './sha256.ts';
import { openRecording } from './recording.ts';
import { type RemoteIndexing, startIndexThread } from './start-index-thread.ts';
import { startSearch } from './start-search.ts';
import type { Recording } from './start-recording.ts';
import { startRecordingThread } from './start-recording-thread.ts';
import type { DataDir } from './storage/data-dir.ts';
import { createPostgresCheckpointStore } from './storage/postgres/checkpoint-store.ts';
import { createPostgresCosignatureStore } from './storage/postgres/cosignature-store.ts';
import { createPostgresErasureStore } from './storage/postgres/erasure-store.ts';
import { createPostgresIntake } from './storage/postgres/intake.ts';
import { createPostgresIntakeCounts } from './storage/postgres/intake-counts.ts';
import { createPostgresJobStore } from './storage/postgres/job-store.ts';
import { readQueueDepth } from './storage/postgres/job-queue.ts';
import { createPostgresLedgerArchive } from './storage/postgres/ledger-archive.ts';
import { createPostgresLedgerCatalog } from './storage/postgres/ledger-catalog.ts';
import { createPostgresLedgerEvents, type PostgresLedgerEvents } from './storage/postgres/ledger-events.ts';
import { migratePostgres } from './storage/postgres/migrate.ts';
import { onceAtATime } from './storage/postgres/once-at-a-time.ts';
import { inTransaction, openPool, type PostgresPool } from './storage/postgres/open.ts';
import { createPostgresQuarantine } from './storage/postgres/quarantine.ts';
import { openReadingClient } from './storage/postgres/reading-client.ts';
import { createPostgresRecordSource } from './storage/postgres/record-source.ts';
import { createPostgresSegmentStore } from './storage/postgres/segment-store.ts';
import { createPostgresSessionStore } from './storage/postgres/session-store.ts';
import { startBoss } from './storage/postgres/start-boss.ts';
import { createPostgresTokenStore } from './storage/postgres/token-store.ts';
import { createPostgresViewStore } from './storage/postgres/view-store.ts';
import { createPostgresWitnessStore } from './storage/postgres/witness-store.ts';
import { createRememberedTokens, type RememberedTokens } from './storage/remembered-tokens.ts';
import { removeErased } from './worker/remove-erased.ts';
import { every } from './worker/every.ts';
import { startSystemTimer } from './worker/timer.ts';

/** Connections for taking events and all that is small; more wait for their turn. */
const POOL_MAX = 8;
const READING_MAX = 8;
/** How long a request waits for an answer of the database before it is told that there is none. */
const REQUEST_ANSWER_MS = 25_000;
/** How often those who wait for an event that nobody told of look for themselves. */
const LOOK_UP_MS = 1000;

export interface PostgresContext {
  readonly config: Config;
  readonly dataDir: DataDir;
  readonly log: Logger;
  readonly undo: Undo;
  readonly databaseUrl: string;
  /** Called when the process cannot go on. */
  readonly onCrash: (error: Error) => void;
}

/** What all roles stand on. */
interface Shared extends PostgresContext {
  readonly pool: PostgresPool;
  readonly events: PostgresLedgerEvents;
  readonly tokens: RememberedTokens;
  readonly adminTokenFile: string | null;
  readonly boss: Awaited<ReturnType<typeof startBoss>>;
}

/**
 * Opens the appliance on a Postgres that takes connections: migrates, which exactly one of many starting
 * processes does, makes what a new one needs, and starts recording and indexing unless the role is `api`.
 *
 * @throws AppError STORAGE_UNAVAILABLE, DATA_DIR_UNUSABLE, DATA_DIR_NEWER, CONFIG_INVALID
 */
export async function openPostgres(context: PostgresContext): Promise<Backend> {
  const shared = await openShared(context);
  const { config, log, pool, boss, events, undo } = shared;
  let recording: Recording | null = null;
  const readOnly = (): string | null => recording?.status().readOnly ?? null;
  const intake = createPostgresIntake({
    pool,
    boss,
    queueName: config.queueName,
    now: systemClock,
    // The reason names a ledger: it is for the operator's log, not for whoever may write to another one.
    refusal: () => (readOnly() === null ? null : new AppError('APPLIANCE_READ_ONLY')),
    onQueued() {
      recording?.wake();
      events.announceQueued();
    },
    onFailure: (error) => log.error({ err: error }, 'Events could not be queued.'),
  });
  undo.push(() => intake.stop());
  const onRecorded: OnRecorded = ({ ledger, batchId, firstIndex }) => {
    // What this cannot find out now is looked up below.
    intake
      .recorded(ledger, batchId, firstIndex)
      .catch((error: unknown) => log.debug({ err: error }, 'Looked up later.'));
  };
  events.onRecorded(onRecorded);
  const lookUp = every(LOOK_UP_MS, 'settlement.look-up', () => intake.lookUp(), log);
  undo.push(() => lookUp.stop());
  const indexing = config.role === 'api' ? null : startIndexing(shared);
  if (config.role !== 'api') {
    recording = await startRecordingHere(shared, (growth) => {
      indexing?.grown(growth.ledger);
      onRecorded(growth);
    });
  }
  return createBackend(shared, intake, recording, indexing);
}

/**
 * Opens what a process needs that records and has no API.
 *
 * @throws AppError as `openPostgres`
 */
export async function openPostgresWorker(context: PostgresContext): Promise<WorkerBackend> {
  const shared = await openShared(context);
  const indexing = startIndexing(shared);
  const recording = await startRecordingHere(shared, ({ ledger }) => indexing.grown(ledger));
  return createWorkerBackend(shared, recording, indexing);
}

type OnRecorded = Parameters<typeof startRecordingThread>[1];

/** Starts the stage that fills the index. */
function startIndexing({ config, log, undo, databaseUrl }: Shared): RemoteIndexing {
  const settings = { kind: 'postgres', databaseUrl, logLevel: config.logLevel } as const;
  const indexing = startIndexThread(settings, { log, now: systemClock });
  undo.push(() => indexing.stop());
  return indexing;
}

async function openShared(context: PostgresContext): Promise<Shared> {
  const { config, log, undo, databaseUrl } = context;
  const onError = (error: unknown): void => log.warn({ err: error }, 'A connection to the database broke.');
  const pool = openPool(databaseUrl, {
    max: POOL_MAX,
    name: `indelible ${config.role}`,
    onError,
    answerTimeoutMs: REQUEST_ANSWER_MS,
  });
  undo.push(() => pool.end());
  const events = createPostgresLedgerEvents({
    url: databaseUrl,
    name: 'indelible events',
    startTimer: startSystemTimer,
    onError,
  });
  undo.push(() => events.stop());
  const tokens = createRememberedTokens(createPostgresTokenStore(pool), systemClock, () =>
    events.announceTokenChanged(),
  );
  events.onTokenChanged(() => tokens.forget());
  // Without a limit on answers: a migration takes as long as it takes, and others wait for it.
  const starting = openPool(databaseUrl, { max: 3, name: 'indelible start', onError });
  const prepare = () => prepareDatabase(context, starting, pool, tokens);
  const prepared = await onceAtATime(starting, prepare).finally(() => void starting.end());
  undo.push(() => prepared.boss.stop({ close: false, graceful: false }));
  return { ...context, pool, events, tokens, ...prepared };
}

/** Migrates, and makes what a new appliance needs. */
async function prepareDatabase(
  context: PostgresContext,
  starting: PostgresPool,
  pool: PostgresPool,
  tokens: RememberedTokens,
) {
  const { config, dataDir, log } = context;
  const { applied } = await migratePostgres(starting, MIGRATIONS.postgres);
  if (applied.length > 0) log.info({ applied }, 'The database was migrated.');
  const boss = await startBoss(pool, {
    queueName: config.queueName,
    maintains: false,
    onError: (error) => log.warn({ err: error }, 'The queue met an error.'),
  });
  const catalog = createPostgresLedgerCatalog(pool, sha256);
  try {
    const adminTokenFile = await prepareAppliance({ tokens, catalog }, config, dataDir, log, true);
    return { boss, adminTokenFile };
  } catch (error) {
    await boss.stop({ close: false, graceful: false });
    throw error;
  }
}

async function startRecordingHere(
  { config, dataDir, undo, databaseUrl, onCrash }: Shared,
  onRecorded: OnRecorded,
): Promise<Recording> {
  const settings = { config, dataDir, databaseUrl };
  const recording =
    config.role === 'worker'
      ? await openRecording(settings, { onRecorded, onStatus: () => undefined })
      : await startRecordingThread(settings, onRecorded, onCrash);
  undo.push(() => recording.stop());
  return recording;
}

function createBackend(
  shared: Shared,
  intake: Backend['intake'],
  recording: Recording | null,
  indexing: RemoteIndexing | null,
): Backend {
  const { config, log, undo, databaseUrl, pool, boss, events } = shared;
  const reading = openReadingClient({
    url: databaseUrl,
    replicaUrl: config.replicaUrl,
    max: READING_MAX,
    name: 'indelible reading',
    now: systemClock,
    onError: (error) => log.warn({ err: error }, 'The replica could not be read.'),
  });
  undo.push(() => reading.stop());
  const worker = createWorkerBackend(shared, recording, indexing);
  const searching = startSearch(
    { kind: 'postgres', url: databaseUrl, logLevel: config.logLevel },
    { log, onDamage: worker.rebuild },
  );
  undo.push(() => searching.stop());
  const common = { pool, boss, queueName: config.queueName, now: systemClock };
  const catalog = createPostgresLedgerCatalog(pool, sha256);
  return {
    ...worker,
    intake,
    events,
    search: searching.search,
    archive: createPostgresLedgerArchive(pool),
    intakeCounts: createPostgresIntakeCounts(pool, queuedEventId),
    views: createPostgresViewStore(pool),
    jobs: createPostgresJobStore(pool),
    cosignatures: createPostgresCosignatureStore(pool),
    witness: createPostgresWitnessStore(pool),
    erasures: createPostgresErasureStore(pool),
    sessions: createPostgresSessionStore(pool),
    erasing: { index: indexing ?? createErasingIndex(pool), forget: searching.forget },
    jobStorage: { kind: 'postgres', databaseUrl },
    checkpoints: createPostgresCheckpointStore(pool),
    catalog: {
      ...catalog,
      async create(identity) {
        await catalog.create(identity);
        // Its first checkpoint; where this process does not sign, one that does finds it.
        recording?.grown(identity.id);
      },
    },
    quarantine: createPostgresQuarantine({
      ...common,
      onReplayed() {
        recording?.wake();
        events.announceQueued();
      },
    }),
    readingOf: reading.bind,
  };
}

/** Takes what was erased out of the index where another process fills it. */
function createErasingIndex(pool: PostgresPool): ErasureDeps['index'] {
  const store = createPostgresSegmentStore(pool);
  const source = createPostgresRecordSource(pool);
  return {
    erase: async (ledgerNo, indexes) =>
      void (await removeErased({ store, source, sha256 }, ledgerNo, indexes)),
    // What is left behind is the database's, not this process's, to clear.
    scrub: async () => undefined,
  };
}

/** What every role has, and how it has the index of a ledger made anew. */
function createWorkerBackend(
  { log, pool, tokens, adminTokenFile }: Shared,
  recording: Recording | null,
  indexing: RemoteIndexing | null,
): WorkerBackend & { rebuild(ledgerNo: number, reason: string): void } {
  const segments = createPostgresSegmentStore(pool);
  const rebuild = (ledgerNo: number, reason: string): void => {
    if (indexing) return indexing.rebuild(ledgerNo, reason);
    // Whoever fills the index finds that there is none, and makes it.
    log.error({ ledgerNo }, `The search index was damaged (${reason}) and is removed: it will be made anew.`);
    segments
      .removeFrom(ledgerNo, 0)
      .catch((error: unknown) => log.warn({ err: error }, 'The damaged search index is still there.'));
  };
  return {
    rebuild,
    tokens,
    depth: () => readQueueDepth(pool),
    counts: recording === null ? null : () => recording.status().counts,
    indexing: {
      status: () => indexing?.status() ?? null,
      distrust: (ledgerNo) => rebuild(ledgerNo, 'it named a record that does not match'),
    },
    readiness: () => findReadiness(pool, recording),
    readOnly: () => recording?.status().readOnly ?? null,
    adminTokenFile,
  };
}

/** Asks the database, so that what is said is true now. */
async function findReadiness(pool: PostgresPool, recording: Recording | null): Promise<Readiness> {
  // Anyone may ask: which ledger contradicts itself is told in the log and by `indelible doctor` only.
  if (recording?.status().readOnly) return { ready: false, reason: ERRORS.APPLIANCE_READ_ONLY.message };
  try {
    await inTransaction(pool, (client) => client.query('SELECT 1'));
  } catch (error) {
    const reason = error instanceof AppError ? error.message : ERRORS.STORAGE_UNAVAILABLE.message;
    return { ready: false, reason };
  }
  const outage = recording?.status().outage ?? null;
  return outage === null ? { ready: true } : { ready: false, reason: outage };
}
