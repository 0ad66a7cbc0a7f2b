import { createHmac, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type KeyEncryptionKey, readKeyFile, writeKeyFileOnce } from './key-wrapping.ts';

const KEY_BYTES = 32;

/**
 * Makes what seals the progress of jobs: HMAC-SHA256 (base64) with a key of its own beside the ledgers' keys
 * (mode 0600), made when it is first asked for. Processes with other keys do not believe each other's
 * progress, and begin anew.
 *
 * @param kek encrypts the file; `null`: it is plain
 * @throws AppError KEYS_PROTECTED, SIGNING_KEY_MISSING where it is encrypted and does not open
 */
export function openJobSeal(folder: string, kek: KeyEncryptionKey | null): (text: string) => string {
  const file = join(folder, 'jobs.key');
  if (!existsSync(file)) writeKeyFileOnce(file, `${randomBytes(KEY_BYTES).toString('base64')}\n`, kek);
  const key = Buffer.from(readKeyFile(file, kek).trim(), 'base64');
  return (text) => createHmac('sha256', key).update(text).digest('base64');
}
