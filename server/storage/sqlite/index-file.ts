import { randomInt } from 'node:crypto';
import { accessSync, constants, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { AppError, FatalError } from '#server/errors.ts';
import { createPrivately } from '#server/storage/durable-file.ts';
import { type SqliteDatabase, translated } from './open.ts';

/** Version of the tables below. */
const TABLES_FORMAT = 1;
/**
 * Pages of segments have about 8 KiB: in pages of this size they take 5 % more than their bytes, not 23 %.
 */
const PAGE_BYTES = 32_768;
/** Pages in the write-ahead log before they are copied into the file: 32 MiB. */
const WAL_PAGES = 1024;
const WAL_BYTES_KEPT = 64 * 1024 * 1024;
const BUSY_TIMEOUT_MS = 5000;
const CACHE_KIB = 8 * 1024;
/** Numbers of segments begin anywhere below this. */
const FIRST_ID_MAX = 2 ** 32;

/** Why a new one is made where there is no file. */
export const NO_INDEX = 'there was none';

const TABLES = `
  CREATE TABLE about (format TEXT NOT NULL, owner TEXT NOT NULL);
  CREATE TABLE segment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ledger_no INTEGER NOT NULL,
    from_idx INTEGER NOT NULL,
    to_idx INTEGER NOT NULL,
    page_count INTEGER NOT NULL,
    byte_count INTEGER NOT NULL,
    UNIQUE (ledger_no, from_idx)
  );
  CREATE TABLE page (key INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
`;

/** Which index a process means. */
export interface IndexFile {
  readonly file: string;
  /** How the segments are written. A file of another format is made anew. */
  readonly format: number;
  /** Whose it is: an index beside another appliance's ledgers is not theirs. */
  readonly owner: string;
}

/** An open index and the file it was at that time. */
export interface OpenIndex {
  readonly db: SqliteDatabase;
  readonly inode: bigint;
}

/**
 * Opens the index for writing. A missing one is made; one that is damaged, of another format or another
 * owner's is deleted and made anew.
 *
 * @param onMade told why, after a new one was made
 * @throws AppError STORAGE_UNAVAILABLE
 */
export function openIndexForWriting(index: IndexFile, onMade: (reason: string) => void): OpenIndex {
  const flaw = findFlaw(index);
  if (flaw !== null) {
    makeIndex(index);
    onMade(flaw);
  }
  return indexTranslated(() => {
    const opened = connect(index.file, { readonly: false });
    const { db } = opened;
    // What was replaced may have been erased since: it must not stay in free pages.
    db.pragma('secure_delete = ON');
    db.pragma('synchronous = NORMAL');
    db.pragma('temp_store = MEMORY');
    db.pragma(`wal_autocheckpoint = ${WAL_PAGES}`);
    db.pragma(`journal_size_limit = ${WAL_BYTES_KEPT}`);
    return opened;
  });
}

/**
 * Opens the index for reading only, where there is one that fits; never makes or deletes one.
 *
 * @throws AppError STORAGE_UNAVAILABLE, INDEX_DAMAGED
 */
export function openIndexForReading(index: IndexFile): OpenIndex | null {
  return indexTranslated(() => {
    if (inodeOf(index.file) === null) return null;
    const opened = connect(index.file, { readonly: true });
    try {
      if (describeMisfit(opened.db, index) === null) return opened;
    } catch (error) {
      opened.db.close();
      throw error;
    }
    opened.db.close();
    return null;
  });
}

/** Which file lies there now; `null`: none. */
export function inodeOf(file: string): bigint | null {
  return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino ?? null;
}

/**
 * Deletes the index and makes an empty one.
 *
 * @throws AppError STORAGE_UNAVAILABLE, also where a system does not delete what somebody has open
 */
export function makeIndex(index: IndexFile): void {
  const { file, owner } = index;
  fileTranslated(() => {
    const fresh = `${file}.new`;
    // Of a folder that is gone or read-only the system says more than SQLite.
    accessSync(dirname(file), constants.W_OK);
    remove(fresh);
    createPrivately(fresh);
    const db = new Database(fresh);
    try {
      db.pragma(`page_size = ${PAGE_BYTES}`);
      db.pragma('auto_vacuum = INCREMENTAL');
      db.pragma('journal_mode = WAL');
      db.exec(TABLES);
      db.prepare('INSERT INTO about (format, owner) VALUES (?, ?)').run(formatOf(index), owner);
      // Pages are remembered by the number of their segment, also longer than the file they came from lives.
      db.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('segment', ?)").run(
        randomInt(FIRST_ID_MAX),
      );
    } finally {
      db.close();
    }
    // The file goes first: a log without its file is removed below, a file without its log would look whole.
    // Crash before the rename: there is no index, and the next one who writes makes it.
    remove(file);
    renameSync(fresh, file);
  });
}

/**
 * Writes the index into a new file and puts it in place of the old one, which SQLite's free space and log are
 * parts of. Where there is none, nothing is made, and what a crash left of a new one is removed.
 *
 * @throws AppError STORAGE_UNAVAILABLE, INDEX_DAMAGED
 */
export function rewriteIndex({ file }: IndexFile): void {
  fileTranslated(() => {
    const fresh = `${file}.new`;
    remove(fresh);
    if (inodeOf(file) === null) return;
    createPrivately(fresh);
    const { db } = connect(file, { readonly: false });
    try {
      db.prepare('VACUUM INTO ?').run(fresh);
    } finally {
      db.close();
    }
    const made = new Database(fresh);
    try {
      made.pragma('journal_mode = WAL');
    } finally {
      made.close();
    }
    // Crash in between: as in `makeIndex`.
    remove(file);
    renameSync(fresh, file);
  });
}

function remove(file: string): void {
  for (const part of [file, `${file}-wal`, `${file}-shm`]) rmSync(part, { force: true });
}

/** Why the index cannot be used and is to be made anew; `null` where it can. */
function findFlaw(index: IndexFile): string | null {
  if (fileTranslated(() => inodeOf(index.file)) === null) return NO_INDEX;
  try {
    return indexTranslated(() => {
      const { db } = connect(index.file, { readonly: false });
      try {
        return describeMisfit(db, index);
      } finally {
        db.close();
      }
    });
  } catch (error) {
    if (isIndexDamage(error)) return describeDamage(error);
    throw error;
  }
}

function describeMisfit(db: SqliteDatabase, index: IndexFile): string | null {
  const about = db.prepare<[], { format: string; owner: string }>('SELECT format, owner FROM about').get();
  const format = formatOf(index);
  if (about?.format !== format) return `it has format ${about?.format ?? 'none'}, not ${format}`;
  return about.owner === index.owner ? null : "it is another appliance's";
}

function formatOf({ format }: IndexFile): string {
  return `${TABLES_FORMAT}.${format}`;
}

function connect(file: string, { readonly }: { readonly: boolean }): OpenIndex {
  const inode = inodeOf(file);
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS, readonly, fileMustExist: true });
  try {
    db.pragma(`cache_size = -${CACHE_KIB}`);
    // Reads the file, and its log where it has one: a damaged one says so now.
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
  } catch (error) {
    db.close();
    throw error;
  }
  return { db, inode: inode ?? 0n };
}

/**
 * Runs code on the index: its damage is no contradiction of a ledger, since it can be made anew.
 *
 * @throws AppError INDEX_DAMAGED where the file is not as it was written; STORAGE_UNAVAILABLE as `translated`
 */
export function indexTranslated<T>(run: () => T): T {
  let cause: unknown;
  try {
    return translated(() => {
      try {
        return run();
      } catch (error) {
        cause = error;
        throw error;
      }
    });
  } catch (error) {
    // Whatever SQLite has against the file and is no outage: tables that are gone, numbers that are taken.
    const isDamage = error instanceof FatalError || error instanceof Database.SqliteError;
    throw isDamage ? new AppError('INDEX_DAMAGED', { cause }) : error;
  }
}

export function isIndexDamage(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'INDEX_DAMAGED';
}

/** What is wrong with the file, in SQLite's words. */
function describeDamage({ cause }: AppError): string {
  return cause instanceof Error ? cause.message : 'it cannot be read';
}

/** As `indexTranslated`, for what touches files beside SQLite. */
function fileTranslated<T>(run: () => T): T {
  try {
    return indexTranslated(run);
  } catch (error) {
    if (error instanceof AppError || !(error instanceof Error && 'syscall' in error)) throw error;
    const message = `The search index cannot be written: ${error.message}`;
    throw new AppError('STORAGE_UNAVAILABLE', { message, cause: error });
  }
}
