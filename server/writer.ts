import { randomUUID } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { verifyEd25519 } from './ed25519.ts';
import { AppError, ERRORS, FatalError } from './errors.ts';
import { createLog } from './log.ts';
import type { JobQueue } from './ports/job-queue.ts';
import type { CheckpointStore, LedgerStore } from './ports/ledger-store.ts';
import { sha256 } from './sha256.ts';
import { createKeyFiles } from './storage/key-files.ts';
import type { KeyEncryptionKey } from './storage/key-wrapping.ts';
import { createRememberedCheckpoints } from './storage/remembered-checkpoints.ts';
import { createSqliteCheckpointStore } from './storage/sqlite/checkpoint-store.ts';
import { createSqliteCosignatureStore } from './storage/sqlite/cosignature-store.ts';
import { createSqliteErasureStore } from './storage/sqlite/erasure-store.ts';
import { createSqliteIntake, type SqliteIntake } from './storage/sqlite/intake.ts';
import { createSqliteJobQueue } from './storage/sqlite/job-queue.ts';
import { createSqliteJobStore } from './storage/sqlite/job-store.ts';
import { createSqliteLedgerCatalog } from './storage/sqlite/ledger-catalog.ts';
import { createStartReader } from './storage/sqlite/ledger-at-start.ts';
import { createSqliteLedgerStore } from './storage/sqlite/ledger-store.ts';
import { openForWriting, type SqliteDatabase } from './storage/sqlite/open.ts';
import { createSqliteQuarantine } from './storage/sqlite/quarantine.ts';
import { createSqliteSessionStore } from './storage/sqlite/session-store.ts';
import { createSqliteTokenStore } from './storage/sqlite/token-store.ts';
import { createSqliteViewStore } from './storage/sqlite/view-store.ts';
import { createSqliteWitnessStore } from './storage/sqlite/witness-store.ts';
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
  /** What the keys are encrypted with; `null`: they are plain. */
  readonly kek: KeyEncryptionKey | null;
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
    status.turnReadOnly(contradiction);
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
    ports: {
      jobs: createSqliteJobStore(db),
      cosignatures: createSqliteCosignatureStore(db),
      witness: createSqliteWitnessStore(db),
      erasures: createSqliteErasureStore(db),
      sessions: createSqliteSessionStore(db),
      views: createSqliteViewStore(db),
    },
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
    keys: createKeyFiles(settings.keys, sha256, settings.kek),
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
      onSequenced: ({ ledger }, { settlements, recorded, quarantined }) => {
        intake.settle(ledger, settlements);
        // Also where nothing was recorded now: an append that was kept and reported as failed is known only
        // then.
        checkpointer.grown(ledger);
        send({ type: 'growth', ledger, recorded, quarantined });
      },
      onOutage: status.recordingWaits,
      onFatal: (error) => {
        log.fatal(
          { err: error, ledger: error.ledger },
          'A ledger contradicts itself: recording has stopped.',
        );
        status.contradicted(error);
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
      // The reason names a ledger: it is for the operator's log, not for whoever may write to another one.
      refusal: () => (status.now().readOnly === null ? null : new AppError('APPLIANCE_READ_ONLY')),
      onQueued: () => {
        status.intakeWorks();
        wake();
      },
      onFailure: status.intakeFailed,
    }),
  };
}

/**
 * How long after a failed commit of the intake the storage counts as out of order: who is told so sends
 * nothing, so no later commit may ever show that it works again.
 */
const INTAKE_OUTAGE_MS = 5000;

interface Status {
  now(): WriterStatus;
  turnReadOnly(reason: string): void;
  contradicted(error: FatalError): void;
  /** The worker waits for the storage, or does so no longer (`null`). */
  readonly recordingWaits: (reason: string | null) => void;
  readonly intakeFailed: (error: unknown) => void;
  readonly intakeWorks: () => void;
}

function createStatus(send: (message: FromWriter) => void): Status {
  let readOnly: string | null = null;
  let ofWorker: string | null = null;
  let ofIntake: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  const now = (): WriterStatus => ({ outage: ofWorker ?? ofIntake, readOnly });
  const tell = (): void => send({ type: 'status', status: now() });
  const turnReadOnly = (reason: string): void => {
    readOnly = reason;
    tell();
  };
  const contradicted = ({ ledger, message }: FatalError) => turnReadOnly(`Ledger ${ledger}: ${message}`);
  const setIntake = (outage: string | null): void => {
    clearTimeout(timer);
    if (outage !== null) timer = setTimeout(setIntake, INTAKE_OUTAGE_MS, null).unref();
    if (outage === ofIntake) return;
    ofIntake = outage;
    tell();
  };
  return {
    now,
    turnReadOnly,
    contradicted,
    recordingWaits(reason) {
      ofWorker = reason;
      tell();
    },
    intakeFailed(error) {
      if (error instanceof FatalError) contradicted(error);
      else if (readOnly === null) {
        setIntake(error instanceof AppError ? error.message : ERRORS.STORAGE_UNAVAILABLE.message);
      }
    },
    intakeWorks: () => setIntake(null),
  };
}
