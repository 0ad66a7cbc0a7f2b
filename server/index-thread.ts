import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { FORMAT_VERSION } from './index/header.ts';
import { createLog, type Logger } from './log.ts';
import type { RecordSource } from './ports/record-source.ts';
import { sha256 } from './sha256.ts';
import { ANSWER_TIMEOUT_MS, openPool } from './storage/postgres/open.ts';
import { createLedgerNumbers as createSharedNumbers } from './storage/postgres/ledger-numbers.ts';
import { createPostgresRecordSource } from './storage/postgres/record-source.ts';
import { createPostgresSegmentStore } from './storage/postgres/segment-store.ts';
import { createLedgerNumbers } from './storage/sqlite/ledger-numbers.ts';
import { openForReading } from './storage/sqlite/open.ts';
import { createSqliteRecordSource } from './storage/sqlite/record-source.ts';
import { NO_INDEX } from './storage/sqlite/index-file.ts';
import { openSegmentStore } from './storage/sqlite/segment-store.ts';
import { packError, type SentError } from './storage/sqlite/writer-messages.ts';
import { startIndexing } from './worker/index-ledgers.ts';
import type { IndexProgress } from './worker/index-progress.ts';
import type { ResettableStore } from './worker/index-turns.ts';
import { yieldToOthers } from './yield-to-others.ts';

/** What the index thread is given to start with; all of it can be sent to a thread. */
export type IndexSettings = { readonly logLevel: Config['logLevel'] } & (
  | {
      readonly kind: 'sqlite';
      /** The ledgers. */
      readonly database: string;
      /** The index. */
      readonly index: string;
      /** The instance id: an index of another one is made anew. */
      readonly owner: string;
    }
  | { readonly kind: 'postgres'; readonly databaseUrl: string }
);

/** What the main thread asks of the index thread. `null`: of all ledgers. */
export type ToIndexing =
  | { readonly type: 'grown'; readonly ledger: string }
  | { readonly type: 'rebuild'; readonly ledgerNo: number | null; readonly damage: string | null }
  /** What was erased of records goes out of the index; answered with `done`. */
  | {
      readonly type: 'erase';
      readonly call: number;
      readonly ledgerNo: number;
      readonly indexes: readonly number[];
    }
  /** Nothing of what was removed stays in the index's files; answered with `done`. */
  | { readonly type: 'scrub'; readonly call: number }
  | { readonly type: 'stop' };

/** What the index thread tells. */
export type FromIndexing =
  | { readonly type: 'done'; readonly call: number; readonly error: SentError | null }
  | { readonly type: 'progress'; readonly progress: IndexProgress }
  /** The index is another file now. */
  | { readonly type: 'reopened' };

/** What the stage stands on. */
interface IndexStorage {
  readonly store: ResettableStore;
  readonly source: RecordSource;
  /** How often all ledgers are looked at. */
  readonly pollMs: number;
  /** The number of a ledger; `null` where there is none. */
  numberOf(ledger: string): Promise<number | null>;
  close(): Promise<void>;
}

/** On SQLite a look costs microseconds; on Postgres it goes over the network, for each ledger. */
const POLL_MS = { sqlite: 2000, postgres: 15_000 } as const;
/** One reads, one claims, one puts. */
const CONNECTIONS = 3;

/** The entry of the thread that fills the index. */
function run(port: MessagePort, settings: IndexSettings): void {
  yieldToOthers();
  const log = createLog(settings.logLevel);
  const tell = (message: FromIndexing): void => port.postMessage(message);
  const { close, numberOf, ...storage } = openStorage(settings, log, () => tell({ type: 'reopened' }));
  const indexing = startIndexing({
    ...storage,
    sha256,
    now: systemClock,
    log,
    onProgress: (progress) => tell({ type: 'progress', progress }),
  });
  const hasGrown = async (ledger: string): Promise<void> => {
    // Where its number cannot be found out now, all ledgers are looked at.
    const ledgerNo = await numberOf(ledger).catch(() => null);
    indexing.grown(ledgerNo ?? undefined);
  };
  const answer = (call: number, done: Promise<void>): void => {
    done.then(
      () => tell({ type: 'done', call, error: null }),
      (error: unknown) => tell({ type: 'done', call, error: packError(error) }),
    );
  };
  port.on('message', (message: ToIndexing) => {
    if (message.type === 'grown') void hasGrown(message.ledger);
    else if (message.type === 'erase') {
      answer(message.call, indexing.erase(message.ledgerNo, message.indexes));
    } else if (message.type === 'scrub') answer(message.call, indexing.scrub());
    else if (message.type === 'rebuild') {
      indexing.rebuild(message.ledgerNo ?? undefined, message.damage ?? undefined);
    } else {
      void indexing
        .stop()
        .then(close)
        .finally(() => port.close());
    }
  });
}

function openStorage(settings: IndexSettings, log: Logger, onReopened: () => void): IndexStorage {
  const pollMs = POLL_MS[settings.kind];
  if (settings.kind === 'postgres') {
    const pool = openPool(settings.databaseUrl, {
      max: CONNECTIONS,
      name: 'indelible index',
      onError: (error) => log.warn({ err: error }, 'A connection to the database broke.'),
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
    });
    const [store, source] = [createPostgresSegmentStore(pool), createPostgresRecordSource(pool)];
    const numbers = createSharedNumbers();
    return {
      store,
      source,
      pollMs,
      numberOf: (ledger) => numbers.find(pool, ledger),
      close: () => pool.end(),
    };
  }
  const ledgers = openForReading(settings.database);
  const numbers = createLedgerNumbers(ledgers);
  const store = openSegmentStore({
    file: settings.index,
    format: FORMAT_VERSION,
    owner: settings.owner,
    onMade(reason) {
      const message = `A new search index was begun: ${reason}.`;
      // At the first start that is as it should be.
      if (reason === NO_INDEX) log.info(message);
      else log.warn(message);
      onReopened();
    },
  });
  return {
    store: {
      ...store,
      async reset() {
        await store.reset();
        onReopened();
      },
      async scrub() {
        await store.scrub();
        onReopened();
      },
    },
    source: createSqliteRecordSource(ledgers),
    pollMs,
    numberOf: async (ledger) => numbers.find(ledger),
    async close() {
      store.close();
      ledgers.close();
    },
  };
}

// What the main thread made is plain data.
if (parentPort) run(parentPort, workerData as IndexSettings);
