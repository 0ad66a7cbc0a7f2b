import type { PgBoss } from 'pg-boss';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { verifyEd25519 } from './ed25519.ts';
import type { Logger } from './log.ts';
import type { Settlement } from './ports/intake.ts';
import { NOTHING_RECORDED, type RecordingStatus } from './recording-status.ts';
import { sha256 } from './sha256.ts';
import type { DataDir } from './storage/data-dir.ts';
import { createKeyFiles } from './storage/key-files.ts';
import { createPostgresCheckpointStore } from './storage/postgres/checkpoint-store.ts';
import { createPostgresJobQueue } from './storage/postgres/job-queue.ts';
import { createStartReader } from './storage/postgres/ledger-at-start.ts';
import { createPostgresLedgerCatalog } from './storage/postgres/ledger-catalog.ts';
import type { PostgresLedgerEvents } from './storage/postgres/ledger-events.ts';
import { createPostgresLedgerStore } from './storage/postgres/ledger-store.ts';
import { createLeases } from './storage/postgres/leases.ts';
import type { PostgresPool } from './storage/postgres/open.ts';
import { ensurePartitions } from './storage/postgres/partitions.ts';
import { raiseOldJobs } from './storage/postgres/queue-turns.ts';
import { findUnsignedLedgers } from './storage/postgres/unsigned-ledgers.ts';
import { createRememberedCheckpoints, type RememberedCheckpoints } from './storage/remembered-checkpoints.ts';
import type { WorkCounts } from './telemetry/metrics.ts';
import { findContradictions } from './worker/check-start.ts';
import { type Checkpointer, createCheckpointer } from './worker/checkpoints.ts';
import { every } from './worker/every.ts';
import { startWorker, type Worker } from './worker/run.ts';
import { createSaltSource } from './worker/salts.ts';

/** A wake-up may be lost, and a worker that died leaves its batch without one. */
const IDLE_POLL_MS = 1000;
/** How often ledgers are looked for that grew and were not signed: their worker died. */
const UNSIGNED_POLL_MS = 2000;
/** How long a growth is left to the worker that recorded it. */
const UNSIGNED_AGE_MS = 1500;
const PARTITIONS_POLL_MS = 10 * 60_000;
const TURNS_POLL_MS = 5000;

export interface RecordingDeps {
  readonly config: Config;
  readonly dataDir: DataDir;
  readonly log: Logger;
  readonly pool: PostgresPool;
  readonly boss: PgBoss;
  readonly events: PostgresLedgerEvents;
  /** Told of each batch that was recorded, beside the news that goes to other processes. */
  readonly onRecorded: (growth: Growth) => void;
  /** Told when what `status` gives is another one. */
  readonly onStatus: (status: RecordingStatus) => void;
}

/** A batch that the queue knew by its id was recorded, from this index on, if in order. */
type Growth = Parameters<PostgresLedgerEvents['announceGrowth']>[0] & { readonly batchId: string };

/** The recording half of a process. */
export interface Recording {
  readonly status: () => RecordingStatus;
  /** Something was queued. */
  readonly wake: () => void;
  /** The ledger was made: it lacks its first checkpoint. */
  readonly grown: (ledger: string) => void;
  /** Ends after the batches in hand and signs what is due. What waits stays in the queue. */
  stop(): Promise<void>;
}

/**
 * Checks every ledger, then records on Postgres: worker, checkpoints and upkeep. Any number of processes do
 * this on one database; a ledger that contradicts itself stops it in this one.
 */
export async function startRecording(deps: RecordingDeps): Promise<Recording> {
  const { dataDir, log, pool } = deps;
  const board = createBoard(deps.onStatus);
  const parts = createParts(deps);
  const remembered = createRememberedCheckpoints(dataDir.paths.checkpoints);
  const checkpointer = startCheckpointer(deps, parts, remembered, board);
  const reader = createStartReader(pool, sha256, remembered);
  const contradiction = await findContradictions(sha256, verifyEd25519, reader);
  if (contradiction !== null) {
    board.change({ readOnly: contradiction });
    log.fatal({ reason: contradiction }, 'A ledger contradicts itself: nothing is recorded here.');
  }
  const worker = contradiction === null ? startRecordingWorker(deps, parts, checkpointer, board) : null;
  const upkeep = worker === null ? [] : startUpkeep(deps, checkpointer);
  return {
    status: board.read,
    wake: () => worker?.wake(),
    grown(ledger) {
      if (worker) checkpointer.grown(ledger);
    },
    async stop() {
      await Promise.all(upkeep.map((job) => job.stop()));
      await worker?.stop({ drain: null });
      if (worker) await checkpointer.stop();
    },
  };
}

/** What is known of the recording, and told on each change. */
interface Board {
  read(): RecordingStatus;
  change(to: Partial<Omit<RecordingStatus, 'counts'>>): void;
  count(counts: (before: WorkCounts) => Partial<WorkCounts>): void;
}

function createBoard(onStatus: RecordingDeps['onStatus']): Board {
  let status = NOTHING_RECORDED;
  const set = (to: Partial<RecordingStatus>): void => {
    status = { ...status, ...to };
    onStatus(status);
  };
  return {
    read: () => status,
    change: set,
    count: (more) => set({ counts: { ...status.counts, ...more(status.counts) } }),
  };
}

type Parts = ReturnType<typeof createParts>;

function startCheckpointer(
  { dataDir, log, events }: RecordingDeps,
  parts: Parts,
  remembered: RememberedCheckpoints,
  board: Board,
): Checkpointer {
  return createCheckpointer({
    ...parts,
    store: parts.committed,
    keys: createKeyFiles(dataDir.paths.keys, sha256, dataDir.kek),
    sha256,
    now: systemClock,
    log,
    remember: remembered.put,
    onCheckpoint(ledger) {
      board.count(({ checkpoints }) => ({
        checkpoints: checkpoints + 1,
        lastCheckpointAt: systemClock(),
      }));
      events.announceCheckpoint(ledger);
    },
  });
}

function startRecordingWorker(
  { config, log, events, onRecorded }: RecordingDeps,
  parts: Parts,
  checkpointer: Checkpointer,
  board: Board,
): Worker {
  return startWorker({
    ...parts,
    sha256,
    newSalt: createSaltSource(),
    now: systemClock,
    concurrency: config.workerConcurrency,
    idlePollMs: IDLE_POLL_MS,
    log,
    onSequenced({ id, ledger, eventCount, pieces = [{ id, eventCount }] }, outcome) {
      board.count(({ recorded, quarantined }) => ({
        recorded: recorded + outcome.recorded,
        quarantined: quarantined + outcome.quarantined,
      }));
      checkpointer.grown(ledger);
      // Where some were recorded by an earlier attempt, they need not stand in the order of the lines.
      const inOrder = outcome.recorded === eventCount;
      let firstIndex = inOrder ? firstIndexOf(outcome.settlements, eventCount) : null;
      for (const piece of pieces) {
        const growth = { ledger, batchId: piece.id, firstIndex };
        onRecorded(growth);
        events.announceGrowth(growth);
        if (firstIndex !== null) firstIndex += piece.eventCount;
      }
    },
    onOutage: (outage) => board.change({ outage }),
    onFatal(error) {
      log.fatal({ err: error, ledger: error.ledger }, 'A ledger contradicts itself: recording has stopped.');
      board.change({ readOnly: `Ledger ${error.ledger}: ${error.message}` });
    },
  });
}

function createParts({ config, pool, boss }: RecordingDeps) {
  const leases = createLeases();
  const common = { pool, boss, queueName: config.queueName, leases, now: systemClock };
  return {
    queue: createPostgresJobQueue(common),
    store: createPostgresLedgerStore(common),
    // Not the worker's: what is signed must be committed, and a lease sees what is about to be.
    committed: createPostgresLedgerStore({ ...common, leases: createLeases() }),
    checkpoints: createPostgresCheckpointStore(pool),
    catalog: createPostgresLedgerCatalog(pool, sha256),
  };
}

function startUpkeep({ pool, log, config: { queueName } }: RecordingDeps, checkpointer: Checkpointer) {
  const signUnsigned = async (): Promise<void> => {
    for (const ledger of await findUnsignedLedgers(pool, systemClock() - UNSIGNED_AGE_MS)) {
      checkpointer.grown(ledger);
    }
  };
  return [
    every(UNSIGNED_POLL_MS, 'checkpoint.sign', signUnsigned, log),
    every(PARTITIONS_POLL_MS, 'partition.create', () => ensurePartitions(pool), log),
    every(TURNS_POLL_MS, 'batch.raise', () => raiseOldJobs(pool, queueName), log),
  ];
}

/**
 * Index of the batch's first event where all its events became records one after the other in the order of
 * their lines: then everybody can count the others. `null` where it is not so simple.
 */
export function firstIndexOf(
  settlements: ReadonlyMap<string, Settlement>,
  eventCount: number,
): number | null {
  if (settlements.size !== eventCount) return null;
  let first: number | null = null;
  let next: number | null = null;
  for (const settlement of settlements.values()) {
    if (settlement.state !== 'RECORDED' || (next !== null && settlement.index !== next)) return null;
    first ??= settlement.index;
    next = settlement.index + 1;
  }
  return first;
}
