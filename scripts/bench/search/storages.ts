import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { systemClock } from '#server/clock.ts';
import { FORMAT_VERSION } from '#server/index/header.ts';
import type { NewRecord } from '#server/ports/ledger-store.ts';
import type { RecordSource } from '#server/ports/record-source.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';
import { sha256 } from '#server/sha256.ts';
import { dataDirPaths } from '#server/storage/data-dir.ts';
import { copyRecords } from '#server/storage/postgres/copy-records.ts';
import { createPostgresLedgerCatalog } from '#server/storage/postgres/ledger-catalog.ts';
import { migratePostgres } from '#server/storage/postgres/migrate.ts';
import { inTransaction, openPool, type PostgresPool } from '#server/storage/postgres/open.ts';
import { chunkOf, createPartitions, partitionName } from '#server/storage/postgres/partitions.ts';
import { createPostgresRecordSource } from '#server/storage/postgres/record-source.ts';
import { createPostgresSegmentStore } from '#server/storage/postgres/segment-store.ts';
import { createSqliteLedgerCatalog } from '#server/storage/sqlite/ledger-catalog.ts';
import { migrateSqlite } from '#server/storage/sqlite/migrate.ts';
import { openForReading, openForWriting, type SqliteDatabase, toBlob } from '#server/storage/sqlite/open.ts';
import { createSqliteRecordSource } from '#server/storage/sqlite/record-source.ts';
import { openSegmentReader, openSegmentStore } from '#server/storage/sqlite/segment-store.ts';
import { SECTION_NAMES } from '#server/ledger/section.ts';

/** Where the records and their index are: plain data, so that another process can be told. */
export type Place =
  | { readonly kind: 'sqlite'; readonly folder: string }
  | { readonly kind: 'postgres'; readonly url: string };

/** Number of the one ledger. */
export const LEDGER_NO = 1;

/** Where records are put, without chain and tree: the index reads only their content. */
export interface Filling {
  /** Records that follow those before. */
  add(records: readonly NewRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** What indexing works on. */
export interface Indexing {
  readonly source: RecordSource;
  readonly store: SegmentStore;
  close(): Promise<void>;
}

/** What searching works on. */
export interface Searching {
  readonly source: RecordSource;
  readonly store: SegmentStore;
  close(): Promise<void>;
}

const OWNER = 'benchmark';
const migrations = (kind: string): string =>
  fileURLToPath(new URL(`../../../prisma/${kind}/migrations`, import.meta.url));
const IDENTITY = { id: 'bench', name: null, origin: 'bench.example/bench', vkey: 'bench', createdAt: 0 };

/** An empty ledger to put records in. */
export async function openFilling(place: Place): Promise<Filling> {
  return place.kind === 'sqlite' ? await fillSqlite(place.folder) : await fillPostgres(place.url);
}

async function fillSqlite(folder: string): Promise<Filling> {
  const db = openForWriting(dataDirPaths(folder).database);
  // Nothing is measured here.
  db.pragma('synchronous = OFF');
  migrateSqlite(db, migrations('sqlite'), systemClock);
  await createSqliteLedgerCatalog(db, sha256).create(IDENTITY);
  const insert = insertion(db);
  return {
    add: async (records) => insert(records),
    close: async () => void db.close(),
  };
}

function insertion(db: SqliteDatabase): (records: readonly NewRecord[]) => void {
  const columns = SECTION_NAMES.map((name) => `"${name}"`).join(', ');
  const put = db.prepare(
    `INSERT INTO record (ledger_no, idx, event_id, digest, recorded_at, entry, leaf_hash, ${columns})
     VALUES (${LEDGER_NO}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const moveHead = db.prepare(`UPDATE head SET size = ? WHERE ledger_no = ${LEDGER_NO}`);
  return db.transaction((records: readonly NewRecord[]) => {
    for (const { index, eventId, digest, recordedAt, entry, leafHash, sections } of records) {
      const values = SECTION_NAMES.map((name) => sections.get(name) ?? null);
      put.run(index, eventId, toBlob(digest), recordedAt, entry, toBlob(leafHash), ...values);
    }
    moveHead.run((records.at(-1)?.index ?? -1) + 1);
  });
}

async function fillPostgres(url: string): Promise<Filling> {
  const pool = benchPool(url);
  await migratePostgres(pool, migrations('postgres'));
  await createPostgresLedgerCatalog(pool, sha256).create(IDENTITY);
  const partitions = createPartitions(pool);
  return {
    async add(records) {
      const [from, to] = [records[0]?.index ?? 0, (records.at(-1)?.index ?? -1) + 1];
      await partitions.ensure(LEDGER_NO, from, to);
      await copyAll(pool, records);
      // The wall between ledgers stands before a head, but not within a transaction that opens it.
      await inTransaction(pool, (client) =>
        client.query('UPDATE head SET size = $1 WHERE ledger_no = $2', [to, LEDGER_NO]),
      );
    },
    async close() {
      await pool.query('VACUUM ANALYZE');
      await pool.end();
    },
  };
}

/** Into the partitions that they belong in, each by itself. */
async function copyAll(pool: PostgresPool, records: readonly NewRecord[]): Promise<void> {
  const chunks = Map.groupBy(records, ({ index }) => chunkOf(index));
  const client = await pool.connect();
  try {
    for (const [chunk, some] of chunks) {
      await copyRecords(client, partitionName(LEDGER_NO, chunk), LEDGER_NO, some);
    }
  } finally {
    client.release();
  }
}

/** The index for filling it, with what it is made of. */
export function openIndexing(place: Place): Indexing {
  if (place.kind === 'postgres') {
    const pool = benchPool(place.url);
    return {
      source: createPostgresRecordSource(pool),
      store: createPostgresSegmentStore(pool),
      close: () => pool.end(),
    };
  }
  const { database, index: file } = dataDirPaths(place.folder);
  const db = openForReading(database);
  const store = openSegmentStore({ file, format: FORMAT_VERSION, owner: OWNER, onMade: () => undefined });
  return {
    source: createSqliteRecordSource(db),
    store,
    async close() {
      store.close();
      db.close();
    },
  };
}

/** Room that the index takes, all of it; asked for when it is closed, so that nothing is in a log. */
export async function indexBytes(place: Place): Promise<number> {
  if (place.kind === 'sqlite') return statSync(dataDirPaths(place.folder).index).size;
  const pool = benchPool(place.url);
  const { rows } = await pool.query<{ bytes: number }>(
    `SELECT pg_total_relation_size('index_segment') + pg_total_relation_size('index_page') AS bytes`,
  );
  await pool.end();
  return rows[0]?.bytes ?? 0;
}

/** The index for searching, with the records behind it. */
export function openSearching(place: Place): Searching {
  if (place.kind === 'postgres') {
    const pool = benchPool(place.url);
    return {
      source: createPostgresRecordSource(pool),
      store: createPostgresSegmentStore(pool),
      close: () => pool.end(),
    };
  }
  const { database, index: file } = dataDirPaths(place.folder);
  const db = openForReading(database);
  const reader = openSegmentReader({ file, format: FORMAT_VERSION, owner: OWNER });
  const refused = async (): Promise<never> => await Promise.reject(new Error('This side only reads.'));
  return {
    source: createSqliteRecordSource(db),
    store: { list: reader.list, read: reader.read, put: refused, removeFrom: refused },
    async close() {
      reader.close();
      db.close();
    },
  };
}

function benchPool(url: string): PostgresPool {
  return openPool(url, { max: 8, name: 'bench' });
}
