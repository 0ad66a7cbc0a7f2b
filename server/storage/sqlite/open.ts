import Database from 'better-sqlite3';
import { AppError, FatalError } from '#server/errors.ts';
import { createPrivately } from '#server/storage/durable-file.ts';

export type SqliteDatabase = Database.Database;

const CACHE_KIB = 64 * 1024;
/** Records have about 2 KB: in pages of 8 KiB they take a fifth less room than in SQLite's usual 4 KiB. */
const PAGE_BYTES = 8192;
/** Pages in the write-ahead log before they are copied into the database: 32 MiB. */
const WAL_PAGES = 4096;
const WAL_BYTES_KEPT = 64 * 1024 * 1024;
const BUSY_TIMEOUT_MS = 5000;
/** SQLite's name for a database without a file. */
const IN_MEMORY = ':memory:';

/**
 * Opens the database for writing. A commit is on the disk when it returns: write-ahead log with
 * `synchronous=FULL`, and the drive's own cache flushed on macOS (`fullfsync`).
 *
 * @throws AppError STORAGE_UNAVAILABLE when the file cannot be opened or written.
 */
export function openForWriting(file: string): SqliteDatabase {
  return translated(() => {
    if (file !== IN_MEMORY) createPrivately(file);
    const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    db.pragma(`page_size = ${PAGE_BYTES}`);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('fullfsync = ON');
    db.pragma('checkpoint_fullfsync = ON');
    db.pragma('foreign_keys = ON');
    // From the first row on: what is erased or leaves the queue must not stay in free room. Recording is 3 %
    // slower for it.
    db.pragma('secure_delete = ON');
    // Triggers make SQLite keep what a statement would have to undo; in a file that costs more than the
    // insert.
    db.pragma('temp_store = MEMORY');
    db.pragma(`cache_size = -${CACHE_KIB}`);
    db.pragma(`wal_autocheckpoint = ${WAL_PAGES}`);
    db.pragma(`journal_size_limit = ${WAL_BYTES_KEPT}`);
    return db;
  });
}

/** Opens the database for reading only; it sees every commit as soon as it is made. */
export function openForReading(file: string): SqliteDatabase {
  return translated(() => {
    const db = new Database(file, { timeout: BUSY_TIMEOUT_MS, readonly: true });
    db.pragma('query_only = ON');
    return db;
  });
}

/**
 * Runs storage code and gives its driver errors the appliance's codes: the one edge where SQLite's codes are
 * known.
 *
 * @throws AppError STORAGE_UNAVAILABLE when the disk is full, read-only or failing; FatalError when the file
 *   is damaged.
 */
export function translated<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw translateError(error);
  }
}

const OUTAGES: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'The disk is full. Free some space; recording goes on by itself.',
  SQLITE_IOERR: 'The disk fails to read or write.',
  SQLITE_READONLY: 'The data folder is read-only.',
  SQLITE_CANTOPEN: 'The database file cannot be opened.',
  SQLITE_BUSY: 'Another process holds the database.',
  SQLITE_PROTOCOL: 'Another process holds the database.',
  SQLITE_PERM: 'The database file may not be accessed.',
  SQLITE_NOMEM: 'The machine is out of memory.',
};

function translateError(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  if (error.code.startsWith('SQLITE_CORRUPT') || error.code === 'SQLITE_NOTADB') {
    return new FatalError('*', `The database file is damaged: ${error.message}`);
  }
  const outage = Object.entries(OUTAGES).find(([code]) => error.code.startsWith(code));
  if (!outage) return error;
  return new AppError('STORAGE_UNAVAILABLE', { message: outage[1], cause: error });
}

/** Hashes are stored as their 32 bytes. */
export function toBlob(hash: string): Buffer {
  return Buffer.from(hash, 'base64');
}
