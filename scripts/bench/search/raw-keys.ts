import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Client } from 'pg';
import { SEGMENT_RECORDS_MAX } from '#server/index/segment.ts';
import { searchEvent } from './events.ts';
import { KEY_FIELDS, keysOf, termsOf } from './keys.ts';
import type { Place } from './storages.ts';

type Key = readonly [field: string, value: string | number, index: number];

/** What the database gives without us, records a second. */
export interface RawRates {
  /** Keys of six fields: what an index a field would hold. */
  readonly sixKeys: number;
  /** A key for every leaf: what the inverted index holds. */
  readonly allKeys: number;
  /** Keys of a record, of every leaf. */
  readonly keysEach: number;
}

/**
 * The measure of the indexing rate: the same keys, sorted in the same batches, inserted into one table
 * without an index. Neither making nor sorting the keys counts.
 */
export async function measureRawKeys(place: Place, batches: number): Promise<RawRates> {
  const inserting = place.kind === 'sqlite' ? openSqlite(place.folder) : await openPostgres(place.url);
  let [six, all, count] = [0, 0, 0];
  try {
    for (let batch = 0; batch < batches; batch++) {
      const [sixKeys, allKeys] = sortedKeys(batch * SEGMENT_RECORDS_MAX);
      six += await inserting.insert(sixKeys);
      all += await inserting.insert(allKeys);
      count += allKeys.length;
    }
  } finally {
    await inserting.close();
  }
  const records = batches * SEGMENT_RECORDS_MAX;
  return { sixKeys: records / six, allKeys: records / all, keysEach: count / records };
}

function sortedKeys(from: number): readonly [readonly Key[], readonly Key[]] {
  const six: Key[] = [];
  const all: Key[] = [];
  for (let index = from; index < from + SEGMENT_RECORDS_MAX; index++) {
    const event = searchEvent(index, 1_000_000);
    for (const [i, value] of keysOf(event).entries()) six.push([KEY_FIELDS[i] ?? '', String(value), index]);
    for (const term of termsOf(event)) {
      const at = term.indexOf('=');
      all.push([term.slice(0, at), term.slice(at + 1), index]);
    }
  }
  return [six.sort(compareKeys), all.sort(compareKeys)];
}

function compareKeys(a: Key, b: Key): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  if (a[1] !== b[1]) return a[1] < b[1] ? -1 : 1;
  return a[2] - b[2];
}

interface Inserting {
  /** Inserts in one transaction; gives the seconds it took. */
  insert(keys: readonly Key[]): Promise<number>;
  close(): Promise<void>;
}

function openSqlite(folder: string): Inserting {
  const file = join(folder, 'raw-keys.db');
  const db = new Database(file);
  db.pragma('page_size = 8192');
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.exec('CREATE TABLE key (field TEXT NOT NULL, value TEXT NOT NULL, idx INTEGER NOT NULL)');
  const put = db.prepare('INSERT INTO key VALUES (?, ?, ?)');
  const putAll = db.transaction((keys: readonly Key[]) => {
    for (const [field, value, index] of keys) put.run(field, value, index);
  });
  return {
    async insert(keys) {
      const start = performance.now();
      putAll(keys);
      return (performance.now() - start) / 1000;
    },
    async close() {
      db.close();
      for (const part of [file, `${file}-wal`, `${file}-shm`]) rmSync(part, { force: true });
    },
  };
}

const KEYS_A_STATEMENT = 50_000;

async function openPostgres(url: string): Promise<Inserting> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('CREATE TABLE raw_key (field text NOT NULL, value text NOT NULL, idx bigint NOT NULL)');
  return {
    async insert(keys) {
      const start = performance.now();
      await client.query('BEGIN');
      for (let at = 0; at < keys.length; at += KEYS_A_STATEMENT) {
        const some = keys.slice(at, at + KEYS_A_STATEMENT);
        const columns = [0, 1, 2].map((column) => some.map((key) => key[column]));
        await client.query(
          'INSERT INTO raw_key SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])',
          columns,
        );
      }
      await client.query('COMMIT');
      return (performance.now() - start) / 1000;
    },
    async close() {
      await client.query('DROP TABLE raw_key');
      await client.end();
    },
  };
}
