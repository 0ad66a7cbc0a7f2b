import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { benchEvent } from './events.ts';

const BATCH = 500;

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
    const insertAll = db.transaction((bodies: readonly string[]) => {
      for (const body of bodies) insert.run(body);
    });
    const bodies = Array.from({ length: BATCH }, (_, i) => JSON.stringify(benchEvent(i)));
    const start = performance.now();
    for (let done = 0; done < events; done += BATCH) insertAll(bodies);
    return Math.round(events / ((performance.now() - start) / 1000));
  } finally {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
