import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Client } from 'pg';
import { benchEvent } from './events.ts';

const BATCH = 500;
const bodies = (): string[] => Array.from({ length: BATCH }, (_, i) => JSON.stringify(benchEvent(i)));

/**
 * What the machine gives without us: the same JSON inserted into a table without secondary index, 500 a
 * transaction, `synchronous=FULL`, nothing else done. Events a second.
 */
export function rawInsertRate(events: number): number {
  const folder = mkdtempSync(join(tmpdir(), 'indelible-raw-'));
  const db = new Database(join(folder, 'raw.db'));
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.exec('CREATE TABLE event (id INTEGER PRIMARY KEY, body TEXT NOT NULL)');
    const insert = db.prepare('INSERT INTO event (body) VALUES (?)');
    const insertAll = db.transaction((rows: readonly string[]) => {
      for (const row of rows) insert.run(row);
    });
    const rows = bodies();
    const start = performance.now();
    for (let done = 0; done < events; done += BATCH) insertAll(rows);
    return Math.round(events / ((performance.now() - start) / 1000));
  } finally {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The same on Postgres: one connection, one multi-row insert and one durable commit for each 500. Events a
 * second.
 */
export async function rawPostgresRate(url: string, events: number): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('CREATE TABLE raw_event (id BIGSERIAL PRIMARY KEY, body TEXT NOT NULL)');
    const rows = bodies();
    const start = performance.now();
    for (let done = 0; done < events; done += BATCH) {
      await client.query('INSERT INTO raw_event (body) SELECT unnest($1::text[])', [rows]);
    }
    return Math.round(events / ((performance.now() - start) / 1000));
  } finally {
    await client.query('DROP TABLE IF EXISTS raw_event');
    await client.end();
  }
}
