import { setTimeout as wait } from 'node:timers/promises';
import { type SqliteDatabase, translated } from './open.ts';

/** Characters that wait in the queue above which its table is not written anew: it is emptier soon. */
const QUEUE_CHARACTERS_MAX = 64 * 1024 * 1024;
/** The same of quarantine, which is written anew only where a line of it was erased. */
const QUARANTINE_CHARACTERS_MAX = 256 * 1024 * 1024;
/** Free pages that one row takes up: 16 MiB. */
const PAGES_TAKEN = 2048;
/** A page of a long value begins with the number of the next one. */
const NEXT_PAGE_BYTES = 4;
const CHECKPOINT_ATTEMPTS = 20;
const CHECKPOINT_PAUSE_MS = 100;

/**
 * Takes what was deleted out of the database's file and of its write-ahead log. Recording waits meanwhile:
 * milliseconds, where `secure_delete` has been on all the time; longer the first time, when free pages of
 * before are overwritten.
 *
 * SQLite overwrites what it deletes (`secure_delete`), but not copies that it made when it moved rows from
 * one page to another. Records never move: they are added at the end, and shrink in place. Rows of the queue
 * and of quarantine do, so these two tables are written anew.
 *
 * @returns `null`, or what stands in the way, as a sentence for the operator
 * @throws AppError STORAGE_UNAVAILABLE
 */
export async function scrubSqlite(db: SqliteDatabase): Promise<string | null> {
  const obstacle = translated(() => rewriteQueue(db) ?? rewriteQuarantine(db));
  if (obstacle !== null) return obstacle;
  translated(() => overwriteFreePages(db));
  return await emptyLog(db);
}

/** Deleted at once, all pages of a table are overwritten whole, its first one too. */
function rewriteQueue(db: SqliteDatabase): string | null {
  return rewrite(db, {
    table: 'batch',
    size: 'SELECT coalesce(sum(length(payload)), 0) FROM batch',
    sizeMax: QUEUE_CHARACTERS_MAX,
    tooLong: 'The queue is long; what it kept of erased events is overwritten when it is shorter.',
  });
}

function rewriteQuarantine(db: SqliteDatabase): string | null {
  // Emptied lines alone could have left copies.
  const erased = db.prepare<[], number>(
    `SELECT EXISTS (SELECT 1 FROM quarantined_event q WHERE q.line = '' AND EXISTS (
       SELECT 1 FROM erasure e JOIN record r ON r.ledger_no = e.ledger_no AND r.idx = e.idx
       WHERE e.scrubbed_at IS NULL AND e.ledger_no = q.ledger_no AND r.event_id = q.event_id))`,
  );
  if (erased.pluck().get() === 0) return null;
  return rewrite(db, {
    table: 'quarantined_event',
    size: 'SELECT coalesce(sum(length(line)), 0) FROM quarantined_event',
    sizeMax: QUARANTINE_CHARACTERS_MAX,
    tooLong: 'Quarantine is long; what it kept of erased events is overwritten once it is shorter.',
  });
}

interface Rewriting {
  readonly table: string;
  readonly size: string;
  readonly sizeMax: number;
  readonly tooLong: string;
}

function rewrite(db: SqliteDatabase, { table, size, sizeMax, tooLong }: Rewriting): string | null {
  const run = db.transaction(() => {
    if (db.prepare<[], number>(size).pluck().get()! > sizeMax) return tooLong;
    const triggers = db
      .prepare<[string], { name: string; sql: string }>(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?",
      )
      .all(table);
    // Rows that a trigger looks at are deleted one by one. In one transaction: nobody sees the table without.
    for (const { name } of triggers) db.exec(`DROP TRIGGER "${name}"`);
    db.exec(`CREATE TEMP TABLE rewritten AS SELECT * FROM "${table}";
      DELETE FROM "${table}";
      INSERT INTO "${table}" SELECT * FROM rewritten ORDER BY id;
      DROP TABLE rewritten`);
    for (const { sql } of triggers) db.exec(sql);
    return null;
  });
  // Crash before this commits: the table is as it was.
  return run.immediate();
}

/** Takes all free pages, empties them and gives them back. */
function overwriteFreePages(db: SqliteDatabase): void {
  const count = (what: string): number => Number(db.pragma(what, { simple: true }));
  const bytesOfPage = count('page_size') - NEXT_PAGE_BYTES;
  db.transaction(() => {
    if (count('freelist_count') === 0) return;
    db.exec('CREATE TABLE free_page (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)');
    const take = db.prepare('INSERT INTO free_page (bytes) VALUES (zeroblob(?))');
    for (let free = count('freelist_count'); free > 0; free = count('freelist_count')) {
      take.run(Math.min(free, PAGES_TAKEN) * bytesOfPage);
    }
    db.exec('DROP TABLE free_page');
  }).immediate();
}

/** Copies the log into the file and makes it empty: until then it has pages as they were. */
async function emptyLog(db: SqliteDatabase): Promise<string | null> {
  for (let attempt = 0; attempt < CHECKPOINT_ATTEMPTS; attempt++) {
    if (attempt > 0) await wait(CHECKPOINT_PAUSE_MS);
    if (translated(() => tryEmptyLog(db))) return null;
  }
  return 'Somebody keeps reading the database, so that its log cannot be emptied; it is tried again.';
}

/** Recording must not wait for readers: whoever reads is left alone, and it is tried again. */
function tryEmptyLog(db: SqliteDatabase): boolean {
  const timeoutMs = Number(db.pragma('busy_timeout', { simple: true }));
  db.pragma('busy_timeout = 0');
  try {
    return db.pragma('wal_checkpoint(TRUNCATE)', { simple: true }) === 0;
  } finally {
    db.pragma(`busy_timeout = ${timeoutMs}`);
  }
}
