import { randomUUID } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { verifyEd25519 } from './ed25519.ts';
import { AppError } from './errors.ts';
import { createLog } from './log.ts';
import type { JobQueue } from './ports/job-queue.ts';
import type { CheckpointStore, LedgerStore } from './ports/ledger-store.ts';
import { sha256 } from './sha256.ts';
import { createKeyFiles } from './storage/key-files.ts';
import { createRememberedCheckpoints } from './storage/remembered-checkpoints.ts';
import { createSqliteCheckpointStore } from './storage/sqlite/checkpoint-store.ts';
import { createSqliteIntake, type SqliteIntake } from './storage/sqlite/intake.ts';
import { createSqliteJobQueue } from './storage/sqlite/job-queue.ts';
import { createSqliteLedgerCatalog } from './storage/sqlite/ledger-catalog.ts';
import { createSqliteLedgerReader } from './storage/sqlite/ledger-reader.ts';
import { createSqliteLedgerStore } from './storage/sqlite/ledger-store.ts';
import { openForWriting, type SqliteDatabase } from './storage/sqlite/open.ts';
import { createSqliteQuarantine } from './storage/sqlite/quarantine.ts';
import { createSqliteTokenStore } from './storage/sqlite/token-store.ts';
import type { FromWriter, WriterStatus } from './storage/sqlite/writer-messages.ts';
import { serveWriter } from './storage/sqlite/writer-server.ts';
import { checkStart, strictTiles } from './worker/check-start.ts';
import { createCheckpointer } from './worker/checkpoints.ts';
import { startWorker, type Worker } from './worker/run.ts';
import { createSaltSource } from './worker/salts.ts';

/** What the main thread gives the writer thread to start with. */
export interface WriterSettings {
  readonly database: string;
  readonly keys: string;
  readonly checkpoints: string;
  readonly concurrency: number;
  readonly logLevel: Config['logLevel'];
}

/** The writer's parts that touch the disk: what the crash tests put a kill around. */
export interface WriterParts {
  readonly db: SqliteDatabase;
  readonly intake: SqliteIntake;
  readonly queue: JobQueue;
  readonly store: LedgerStore;
  readonly checkpoints: CheckpointStore;
}

/**
 * The writer thread: composes intake, queue, worker and checkpoints over the one connection that writes, checks every
 * ledger, then serves the main thread.
 */
export async function startWriter(
  port: MessagePort,
  settings: WriterSettings,
  decorate: (parts: WriterParts) => WriterParts = (parts) => parts,
): Promise<void> {
  const log = createLog(settings.logLevel);
  const clock = systemClock;
  const send = (message: FromWriter): void => port.postMessage(message);
  let status: WriterStatus = { outage: null, readOnly: null };
  const setStatus = (change: Partial<WriterStatus>): void => {
    status = { ...status, ...change };
    send({ type: 'status', status });
  };

  const database = openForWriting(settings.database);
  let worker: Worker | null = null;
  const { db, intake, queue, store, checkpoints } = decorate({
    db: database,
    queue: createSqliteJobQueue(database, randomUUID(), clock),
    store: createSqliteLedgerStore(database, clock),
    checkpoints: createSqliteCheckpointStore(database),
    intake: createSqliteIntake(database, {
      now: clock,
      refusal: () =>
        status.readOnly === null ? null : new AppError('APPLIANCE_READ_ONLY', { message: status.readOnly }),
      onQueued: () => worker?.wake(),
    }),
  });
  const catalog = createSqliteLedgerCatalog(db, sha256);
  const remembered = createRememberedCheckpoints(settings.checkpoints);
  const checkpointer = createCheckpointer({
    store,
    checkpoints,
    catalog,
    keys: createKeyFiles(settings.keys, sha256),
    sha256,
    now: clock,
    log,
    remember: remembered.put,
    onCheckpoint: (ledger) => send({ type: 'checkpoint', ledger, at: clock() }),
  });

  const contradiction = await findContradictions(db, store, checkpoints, remembered.get);
  if (contradiction) {
    log.fatal({ reason: contradiction }, 'A ledger contradicts itself: the appliance is read-only.');
    status = { ...status, readOnly: contradiction };
  } else {
    worker = startWorker({
      queue,
      store,
      sha256,
      newSalt: createSaltSource(),
      now: clock,
      concurrency: settings.concurrency,
      log,
      onSequenced: (ledger, { settlements, recorded, quarantined }) => {
        intake.settle(ledger, settlements);
        // Also where nothing was recorded now: an append that was kept and reported as failed is known only then.
        checkpointer.grown(ledger);
        send({ type: 'growth', ledger, recorded, quarantined });
      },
      onOutage: (outage) => setStatus({ outage }),
      onFatal: (error) => {
        log.fatal({ err: error, ledger: error.ledger }, 'A ledger contradicts itself: recording has stopped.');
        setStatus({ readOnly: `Ledger ${error.ledger}: ${error.message}` });
      },
    });
    for (const { id } of await catalog.list()) checkpointer.grown(id);
  }

  serveWriter(port, {
    intake,
    queue,
    catalog: {
      create: async (identity) => {
        await catalog.create(identity);
        checkpointer.grown(identity.id);
      },
    },
    quarantine: createSqliteQuarantine(db, clock, (ledger, line) => {
      intake.pending.putBack(ledger, line);
      worker?.wake();
    }),
    tokens: createSqliteTokenStore(db),
    async stop(drainMs) {
      await worker?.stop({ drain: AbortSignal.timeout(drainMs) });
      if (worker) await checkpointer.stop();
      db.close();
    },
  });
  send({ type: 'ready', status });
}

/** Checks every ledger against its head and its newest checkpoints; gives one sentence, or `null` when all is well. */
async function findContradictions(
  db: SqliteDatabase,
  store: LedgerStore,
  checkpoints: CheckpointStore,
  remembered: (ledger: string) => string | null,
): Promise<string | null> {
  const reader = createSqliteLedgerReader(db);
  const problems: string[] = [];
  for (const identity of await createSqliteLedgerCatalog(db, sha256).list()) {
    try {
      const head = await store.head(identity.id);
      if (!head) throw new Error('it has no head');
      const last = reader.last(identity.id);
      const notes = [(await checkpoints.latest(identity.id))?.note, remembered(identity.id)];
      const found = await checkStart(sha256, verifyEd25519, {
        identity,
        head,
        lastIndex: last?.index ?? -1,
        lastEntry: last?.entry ?? null,
        checkpointNotes: [...new Set(notes)].filter((note) => typeof note === 'string'),
        readTile: strictTiles((level, index) => reader.tile(identity.id, level, index)),
      });
      problems.push(...found.map((problem) => `Ledger ${identity.id}: ${problem}.`));
    } catch (error) {
      problems.push(`Ledger ${identity.id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return problems.length > 0 ? problems.join(' ') : null;
}
