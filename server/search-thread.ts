import { parentPort, workerData } from 'node:worker_threads';
import type { Config } from './config.ts';
import { createSearch, type SearchOptions } from './index/search.ts';
import { createLog } from './log.ts';
import type { Search } from './ports/search.ts';
import { type OpenedSearch, serveSearch } from './serve-search.ts';
import { sha256 } from './sha256.ts';
import { openPool } from './storage/postgres/open.ts';
import { createPostgresRecordSource } from './storage/postgres/record-source.ts';
import { createPostgresSegmentStore } from './storage/postgres/segment-store.ts';
import type { IndexFile } from './storage/sqlite/index-file.ts';
import { openForReading } from './storage/sqlite/open.ts';
import { createSqliteRecordSource } from './storage/sqlite/record-source.ts';
import { openSegmentReader } from './storage/sqlite/segment-store.ts';

/** What the search thread needs to know; all of it can be sent to a thread. */
export type SearchSettings =
  | {
      readonly kind: 'sqlite';
      /** File of the ledgers. */
      readonly database: string;
      readonly index: IndexFile;
    }
  | {
      readonly kind: 'postgres';
      /**
       * Index and ledgers are read from this one database, so that the index never is ahead of the ledgers.
       * It may be a standby: then answers reach as far as that has come.
       */
      readonly url: string;
      readonly logLevel: Config['logLevel'];
    };

/** Connections: questions mostly wait for the processor, not for the database. */
const POOL_MAX = 4;
/** Longer than a question may take. */
const ANSWER_TIMEOUT_MS = 25_000;

/** The entry of the thread that answers questions about records. */
if (parentPort) {
  // What the main thread made is plain data.
  const settings = workerData as SearchSettings;
  await serveSearch(parentPort, (onDamage) => openSearch(settings, onDamage));
}

function openSearch(settings: SearchSettings, onDamage: SearchOptions['onDamage']): OpenedSearch {
  const common = { sha256, now: () => performance.now(), onDamage };
  if (settings.kind === 'sqlite') {
    const store = openSegmentReader(settings.index);
    const ledgers = openForReading(settings.database);
    const source = createSqliteRecordSource(ledgers);
    return {
      ...forgetting(() => createSearch({ ...common, store, source })),
      // It is opened again when it is asked for something.
      reopen: () => store.close(),
      close() {
        store.close();
        ledgers.close();
      },
    };
  }
  const log = createLog(settings.logLevel);
  const pool = openPool(settings.url, {
    max: POOL_MAX,
    name: 'indelible search',
    onError: (error) => log.warn({ err: error }, 'A connection to the database broke.'),
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
  });
  const [store, source] = [createPostgresSegmentStore(pool), createPostgresRecordSource(pool)];
  return {
    ...forgetting(() => createSearch({ ...common, store, source })),
    reopen: () => undefined,
    close: () => pool.end(),
  };
}

/** A search that forgets by being another one: questions that are being answered end with the old one. */
function forgetting(create: () => Search): Pick<OpenedSearch, 'search' | 'forget'> {
  let current = create();
  return {
    search: {
      page: (...asked) => current.page(...asked),
      histogram: (...asked) => current.histogram(...asked),
      values: (...asked) => current.values(...asked),
      paths: (...asked) => current.paths(...asked),
      indexed: (...asked) => current.indexed(...asked),
    },
    forget() {
      current = create();
    },
  };
}
