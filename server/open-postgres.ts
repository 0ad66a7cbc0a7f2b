import { fileURLToPath } from 'node:url';
import type { Backend, Undo } from './backend.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { AppError, ERRORS } from './errors.ts';
import type { Readiness } from './http/rest.ts';
import type { Logger } from './log.ts';
import { prepareAppliance } from './prepare-appliance.ts';
import { sha256 } from './sha256.ts';
import { openRecording } from './recording.ts';
import type { Recording } from './start-recording.ts';
import { startRecordingThread } from './start-recording-thread.ts';
import type { DataDir } from './storage/data-dir.ts';
import { createPostgresCheckpointStore } from './storage/postgres/checkpoint-store.ts';
import { createPostgresIntake } from './storage/postgres/intake.ts';
import { readQueueDepth } from './storage/postgres/job-queue.ts';
import { createPostgresLedgerCatalog } from './storage/postgres/ledger-catalog.ts';
import { createPostgresLedgerEvents, type PostgresLedgerEvents } from './storage/postgres/ledger-events.ts';
import { migratePostgres } from './storage/postgres/migrate.ts';
import { onceAtATime } from './storage/postgres/once-at-a-time.ts';
import { inTransaction, openPool, type PostgresPool } from './storage/postgres/open.ts';
import { createPostgresQuarantine } from './storage/postgres/quarantine.ts';
import { openReadingClient } from './storage/postgres/reading-client.ts';
import { startBoss } from './storage/postgres/start-boss.ts';
import { createPostgresTokenStore } from './storage/postgres/token-store.ts';
import { createRememberedTokens, type RememberedTokens } from './storage/remembered-tokens.ts';
import { every } from './worker/every.ts';
import { startSystemTimer } from './worker/timer.ts';

const MIGRATIONS = fileURLToPath(new URL('../prisma/postgres/migrations', import.meta.url));

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
 * processes does, makes what a new one needs, and starts recording unless the role is `api`.
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
  const onRecorded: Parameters<typeof startRecordingThread>[1] = ({ ledger, batchId, firstIndex }) => {
    // What this cannot find out now is looked up below.
    intake
      .recorded(ledger, batchId, firstIndex)
      .catch((error: unknown) => log.debug({ err: error }, 'Looked up later.'));
  };
  events.onRecorded(onRecorded);
  const lookUp = every(LOOK_UP_MS, 'settlement.look-up', () => intake.lookUp(), log);
  undo.push(() => lookUp.stop());
  if (config.role !== 'api') {
    recording = await startRecordingHere(shared, onRecorded);
  }
  return createBackend(shared, intake, recording);
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
  const { applied } = await migratePostgres(starting, MIGRATIONS);
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
  onRecorded: Parameters<typeof startRecordingThread>[1],
): Promise<Recording> {
  const settings = { config, dataDir, databaseUrl };
  const recording =
    config.role === 'worker'
      ? await openRecording(settings, { onRecorded, onStatus: () => undefined })
      : await startRecordingThread(settings, onRecorded, onCrash);
  undo.push(() => recording.stop());
  return recording;
}

function createBackend(shared: Shared, intake: Backend['intake'], recording: Recording | null): Backend {
  const { config, log, undo, databaseUrl, pool, boss, events, tokens } = shared;
  const reading = openReadingClient({
    url: databaseUrl,
    replicaUrl: config.replicaUrl,
    max: READING_MAX,
    name: 'indelible reading',
    now: systemClock,
    onError: (error) => log.warn({ err: error }, 'The replica could not be read.'),
  });
  undo.push(() => reading.stop());
  const common = { pool, boss, queueName: config.queueName, now: systemClock };
  const catalog = createPostgresLedgerCatalog(pool, sha256);
  return {
    intake,
    tokens,
    events,
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
    depth: () => readQueueDepth(pool),
    counts: recording === null ? null : () => recording.status().counts,
    readingOf: reading.bind,
    readiness: () => findReadiness(pool, recording),
    readOnly: () => recording?.status().readOnly ?? null,
    adminTokenFile: shared.adminTokenFile,
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
