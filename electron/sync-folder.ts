import { closeSync, fsyncSync, openSync } from 'node:fs';

/**
 * Has the names in a folder survive a power cut, after a file was made or renamed in it.
 *
 * @throws the file system's error
 */
export function syncFolder(folder: string): void {
  // Windows cannot open folders; NTFS journals the rename itself.
  if (process.platform === 'win32') return;
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
