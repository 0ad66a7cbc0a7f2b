import { closeSync, existsSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a small file whole or not at all: a crash or a power cut leaves the old content or the new one.
 *
 * @throws the file system's error when it cannot be written.
 */
export function writeDurably(file: string, content: string, mode: number): void {
  const temporary = `${file}.new`;
  const fd = openSync(temporary, 'w', mode);
  try {
    // Not writeSync, which may write less than it is given.
    writeFileSync(fd, content);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, file);
  syncFolder(dirname(file));
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
