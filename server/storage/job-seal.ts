import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeOnceDurably } from './durable-file.ts';

const KEY_BYTES = 32;

/**
 * Makes what seals the progress of jobs: HMAC-SHA256 (base64) with a key of its own beside the ledgers' keys
 * (mode 0600), made when it is first asked for. Processes with other keys do not believe each other's
 * progress, and begin anew.
 */
export function openJobSeal(folder: string): (text: string) => string {
  const file = join(folder, 'jobs.key');
  if (!existsSync(file)) writeOnceDurably(file, `${randomBytes(KEY_BYTES).toString('base64')}\n`, 0o600);
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64');
  return (text) => createHmac('sha256', key).update(text).digest('base64');
}
