import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, relative, sep } from 'node:path';
import { MESSAGES } from './messages.ts';
import { syncFolder } from './sync-folder.ts';

/**
 * What opens protected keys without the keychain: one line that the server understands, in a file that the
 * person keeps elsewhere.
 */

const KEY_BYTES = 32;
const CHECKSUM_BYTES = 4;
const SECRET_LINE = /^[A-Za-z0-9_-]{48}$/m;
/** No recovery file is longer; what is, was chosen by mistake. */
const FILE_BYTES_MAX = 16 * 1024;

/** A new secret as its line: 32 random bytes and a checksum (`server/storage/key-wrapping.ts` reads it). */
export function newKeySecret(): string {
  const bytes = randomBytes(KEY_BYTES);
  const digest = createHash('sha256').update('indelible recovery v1').update(bytes).digest();
  return Buffer.concat([bytes, digest.subarray(0, CHECKSUM_BYTES)]).toString('base64url');
}

/**
 * Saves a new recovery file so that it survives a power cut, and reads it once more.
 *
 * @param dataDir the folder whose keys it opens
 * @throws Error with a sentence for a person: it lies in that folder, there is such a file, or the system's
 *   reason
 */
export function saveRecoveryFile(path: string, secret: string, dataDir: string): void {
  const way = relative(dataDir, path);
  const isInside = !isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`);
  if (isInside) throw new Error(MESSAGES.keys.inDataDir);
  // Never over another one: it may be all that opens another folder.
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(fd, MESSAGES.keys.recoveryText(secret, dataDir));
    fsyncSync(fd);
    syncFolder(dirname(path));
    if (readRecoveryFile(path) !== secret) throw new Error(MESSAGES.keys.notReadAgain);
  } catch (error) {
    // It opens nothing yet, and would stand in the way of the next try.
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

/**
 * The secret's line of a recovery file, or `null` where it has none.
 *
 * @throws the file system's error
 */
export function readRecoveryFile(path: string): string | null {
  const fd = openSync(path, 'r');
  try {
    const facts = fstatSync(fd);
    if (!facts.isFile() || facts.size > FILE_BYTES_MAX) return null;
    const text = readFileSync(fd, 'utf8').replaceAll('\r', '');
    return SECRET_LINE.exec(text)?.[0] ?? null;
  } finally {
    closeSync(fd);
  }
}
