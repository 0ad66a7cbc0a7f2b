import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { AppError } from '#server/errors.ts';
import type { KeyEncryptionKey } from './key-wrapping.ts';
import { createFolderDurably, createPrivately, writeDurably, writeOnceDurably } from './durable-file.ts';

/** What lies where in the data folder. */
export interface DataDirPaths {
  readonly dir: string;
  readonly database: string;
  /** The search index of SQLite; made from the database, and anew where it is missing. */
  readonly index: string;
  readonly keys: string;
  readonly checkpoints: string;
  /** Finished exports, unless a setting names another folder. */
  readonly exports: string;
  readonly adminToken: string;
  readonly instanceId: string;
  readonly lock: string;
  readonly holder: string;
}

/** Who holds a data folder. */
export interface Holder {
  readonly pid: number;
  /** RFC 3339. */
  readonly since: string;
  /** Address of the server, once it listens. */
  readonly url: string | null;
}

export interface DataDir {
  readonly paths: DataDirPaths;
  /** Random, made once: the appliance's own name until it is given one. */
  readonly instanceId: string;
  /** What the files in `keys` are encrypted with; `null`: they are plain. */
  readonly kek: KeyEncryptionKey | null;
}

export interface HeldDataDir extends DataDir {
  /** Tells others who asks for the folder what they are up against. */
  describeHolder(holder: Holder): void;
  release(): void;
}

export function dataDirPaths(dir: string): DataDirPaths {
  return {
    dir,
    database: join(dir, 'indelible.db'),
    index: join(dir, 'index.db'),
    keys: join(dir, 'keys'),
    checkpoints: join(dir, 'checkpoints'),
    exports: join(dir, 'exports'),
    adminToken: join(dir, 'admin.token'),
    instanceId: join(dir, 'instance.id'),
    lock: join(dir, 'lock.db'),
    holder: join(dir, 'holder.json'),
  };
}

/**
 * Creates the data folder if needed and takes hold of it, alone.
 *
 * The lock is SQLite's own on a file of its own: the operating system drops it with the process, also after
 * `kill -9`.
 *
 * @throws AppError DATA_DIR_LOCKED naming the holder; DATA_DIR_UNUSABLE when it cannot be created or written.
 */
export function holdDataDir(dir: string): HeldDataDir {
  const paths = dataDirPaths(dir);
  createFolders(paths);
  const lock = takeLock(paths);
  // What a holder that was killed left behind: nobody must be sent to a process that is gone.
  rmSync(paths.holder, { force: true });
  return {
    paths,
    instanceId: readOrMakeInstanceId(paths.instanceId),
    kek: null,
    describeHolder(holder) {
      try {
        writeDurably(paths.holder, `${JSON.stringify(holder)}\n`, 0o600);
      } catch {
        // A full disk must not keep the appliance from serving what it holds; only the holder's name is
        // missing then.
      }
    },
    release() {
      rmSync(paths.holder, { force: true });
      lock.close();
    },
  };
}

/**
 * Creates the data folder if needed, and shares it: with Postgres any number of processes use the keys in it.
 *
 * @throws AppError DATA_DIR_UNUSABLE when it cannot be created or written.
 */
export function shareDataDir(dir: string): DataDir {
  const paths = dataDirPaths(dir);
  createFolders(paths);
  return { paths, instanceId: readOrMakeInstanceId(paths.instanceId), kek: null };
}

/** The folder's instance id without making one; `null` where there is none yet. */
export function readInstanceId(paths: DataDirPaths): string | null {
  return existsSync(paths.instanceId) ? readFileSync(paths.instanceId, 'utf8').trim() : null;
}

/** Reads who holds the folder, or `null` when that is not known. */
export function readHolder(paths: DataDirPaths): Holder | null {
  try {
    return JSON.parse(readFileSync(paths.holder, 'utf8')) as Holder;
  } catch {
    // Not written yet, or by a process that was killed while it wrote: then nobody can be named.
    return null;
  }
}

/** Tells whether a running process holds the folder. */
export function isDataDirHeld(dir: string): boolean {
  const paths = dataDirPaths(dir);
  if (!existsSync(paths.lock)) return false;
  try {
    takeLock(paths).close();
    return false;
  } catch (error) {
    if (error instanceof AppError && error.code === 'DATA_DIR_LOCKED') return true;
    throw error;
  }
}

function createFolders(paths: DataDirPaths): void {
  try {
    for (const folder of [paths.dir, paths.keys, paths.checkpoints]) {
      createFolderDurably(folder);
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    }
  } catch (error) {
    throw unusable(paths.dir, error);
  }
}

function takeLock(paths: DataDirPaths): Database.Database {
  let lock: Database.Database | null = null;
  try {
    createPrivately(paths.lock);
    lock = new Database(paths.lock, { timeout: 0 });
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new AppError('DATA_DIR_LOCKED', {
        message: `The data folder ${paths.dir} is in use by ${whoHolds(paths)}.`,
      });
    }
    throw unusable(paths.dir, error);
  }
}

function whoHolds(paths: DataDirPaths): string {
  const holder = readHolder(paths);
  if (!holder) return 'another process that is just starting';
  const where = holder.url ? `, listening on ${holder.url}` : '';
  return `process ${holder.pid} (since ${holder.since}${where})`;
}

function readOrMakeInstanceId(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  try {
    // Of several processes that start on one folder at once, all go on with the first one's.
    writeOnceDurably(file, `${randomBytes(8).toString('hex')}\n`, 0o600);
  } catch (error) {
    throw unusable(file, error);
  }
  return readFileSync(file, 'utf8').trim();
}

function unusable(path: string, error: unknown): AppError {
  const reason = error instanceof Error ? error.message : String(error);
  return new AppError('DATA_DIR_UNUSABLE', {
    message: `The data folder ${path} cannot be used: ${reason}`,
    cause: error,
  });
}
