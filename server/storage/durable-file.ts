import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { threadId } from 'node:worker_threads';

/**
 * Writes a small file whole or not at all: a crash or a power cut leaves the old content or the new one.
 *
 * @throws the file system's error when it cannot be written.
 */
export function writeDurably(file: string, content: string, mode: number): void {
  const temporary = writeTemporary(file, content, mode);
  renameSync(temporary, file);
  syncFolder(dirname(file));
}

/** As `writeDurably`, where there is no such file yet; where there is one, also just now, that one stays. */
export function writeOnceDurably(file: string, content: string, mode: number): void {
  const temporary = writeTemporary(file, content, mode);
  try {
    linkSync(temporary, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(temporary);
  }
  syncFolder(dirname(file));
}

let written = 0;

/** A file of this writer's own beside the one that is meant: several processes may share the folder. */
function writeTemporary(file: string, content: string, mode: number): string {
  const temporary = `${file}.${process.pid}-${threadId}-${(written += 1)}.new`;
  const fd = openSync(temporary, 'w', mode);
  try {
    // Not writeSync, which may write less than it is given.
    writeFileSync(fd, content);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return temporary;
}

/**
 * Makes an empty file that only its owner may read, where there is none: SQLite would make one that others
 * may read, and gives its journals the mode of the file they belong to.
 */
export function createPrivately(file: string): void {
  try {
    if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  } catch {
    // Whoever opens the file next meets the same obstacle and says what it means.
  }
}

/**
 * Makes a folder that only its owner may look into, with all above it that are missing, where there is none.
 * They survive a power cut: what is written durably into a folder that is gone would be gone with it.
 *
 * @throws the file system's error when it cannot be made.
 */
export function createFolderDurably(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const above = dirname(resolve(first));
  for (let at = resolve(folder); at !== above && at !== dirname(at); at = dirname(at)) {
    try {
      syncFolder(dirname(at));
    } catch (error) {
      // A folder that we may pass through and not read cannot be asked for this; most file systems write it
      // out together with the first file that is synced inside.
      if (!(error instanceof Error && 'code' in error && error.code === 'EACCES')) throw error;
    }
  }
}

function syncFolder(folder: string): void {
  // Windows cannot open folders; NTFS journals the rename itself.
  if (process.platform === 'win32') return;
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
