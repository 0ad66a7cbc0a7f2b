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
import { createStartReader } from './storage/sqlite/ledger-at-start.ts';
import { createSqliteLedgerStore } from './storage/sqlite/ledger-store.ts';
import { openForWriting, type SqliteDatabase } from './storage/sqlite/open.ts';
import { createSqliteQuarantine } from './storage/sqlite/quarantine.ts';
import { createSqliteTokenStore } from './storage/sqlite/token-store.ts';
import type { FromWriter, WriterStatus } from './storage/sqlite/writer-messages.ts';
import { serveWriter } from './storage/sqlite/writer-server.ts';
import { findContradictions } from './worker/check-start.ts';
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
 * The writer thread: composes intake, queue, worker and checkpoints over the one connection that writes,
 * checks every ledger, then serves the main thread.
 *
 * @param decorate lets the crash tests wrap the parts; the appliance itself gives none.
 */
export async function startWriter(
  port: MessagePort,
  settings: WriterSettings,
  decorate: (parts: WriterParts) => WriterParts = (parts) => parts,
): Promise<void> {
  const writer = composeWriter(port, settings, decorate);
  const { db, intake, queue, catalog, checkpointer, send, status, log } = writer;
  const remembered = createRememberedCheckpoints(settings.checkpoints);
  const reader = createStartReader(db, sha256, remembered);
  const contradiction = await findContradictions(sha256, verifyEd25519, reader);
  if (contradiction !== null) {
    log.fatal({ reason: contradiction }, 'A ledger contradicts itself: the appliance is read-only.');
    status.change({ readOnly: contradiction });
  } else {
    writer.startRecording();
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
    quarantine: createSqliteQuarantine(db, systemClock, (ledger, line) => {
      intake.pending.putBack(ledger, line);
      writer.wake();
    }),
    tokens: createSqliteTokenStore(db),
    stop: writer.stop,
  });
  send({ type: 'ready', status: status.now() });
}

function composeWriter(
  port: MessagePort,
  settings: WriterSettings,
  decorate: (parts: WriterParts) => WriterParts,
) {
  const log = createLog(settings.logLevel);
  const send = (message: FromWriter): void => port.postMessage(message);
  const status = createStatus(send);
  let worker: Worker | null = null;
  const wake = (): void => worker?.wake();
  const parts = decorate(createParts(settings.database, status, wake));
  const { db, intake, queue, store, checkpoints } = parts;
  const catalog = createSqliteLedgerCatalog(db, sha256);
  const checkpointer = createCheckpointer({
    store,
    checkpoints,
    catalog,
    keys: createKeyFiles(settings.keys, sha256),
    sha256,
    now: systemClock,
    log,
    remember: createRememberedCheckpoints(settings.checkpoints).put,
    onCheckpoint: (ledger) => send({ type: 'checkpoint', ledger, at: systemClock() }),
  });
  const startRecording = (): void => {
    worker = startWorker({
      queue,
      store,
      sha256,
      newSalt: createSaltSource(),
      now: systemClock,
      concurrency: settings.concurrency,
      log,
      onSequenced: (ledger, { settlements, recorded, quarantined }) => {
        intake.settle(ledger, settlements);
        // Also where nothing was recorded now: an append that was kept and reported as failed is known only
        // then.
        checkpointer.grown(ledger);
        send({ type: 'growth', ledger, recorded, quarantined });
      },
      onOutage: (outage) => status.change({ outage }),
      onFatal: (error) => {
        log.fatal(
          { err: error, ledger: error.ledger },
          'A ledger contradicts itself: recording has stopped.',
        );
        status.change({ readOnly: `Ledger ${error.ledger}: ${error.message}` });
      },
    });
  };
  const stop = async (drainMs: number): Promise<void> => {
    await worker?.stop({ drain: AbortSignal.timeout(drainMs) });
    if (worker) await checkpointer.stop();
    db.close();
  };
  return { db, intake, queue, catalog, checkpointer, log, send, status, wake, startRecording, stop };
}

/** The parts over one connection; the intake refuses while the appliance is read-only. */
function createParts(database: string, status: Status, wake: () => void): WriterParts {
  const db = openForWriting(database);
  return {
    db,
    queue: createSqliteJobQueue(db, randomUUID(), systemClock),
    store: createSqliteLedgerStore(db, systemClock),
    checkpoints: createSqliteCheckpointStore(db),
    intake: createSqliteIntake(db, {
      now: systemClock,
      refusal: () => {
        const { readOnly } = status.now();
        return readOnly === null ? null : new AppError('APPLIANCE_READ_ONLY', { message: readOnly });
      },
      onQueued: wake,
    }),
  };
}

interface Status {
  now(): WriterStatus;
  change(change: Partial<WriterStatus>): void;
}

function createStatus(send: (message: FromWriter) => void): Status {
  let status: WriterStatus = { outage: null, readOnly: null };
  return {
    now: () => status,
    change(change) {
      status = { ...status, ...change };
      send({ type: 'status', status });
    },
  };
}
