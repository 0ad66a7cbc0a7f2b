import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from './durable-file.ts';

/**
 * The newest checkpoint of each ledger, in files beside the database: a database put back is noticed by them.
 */
export interface RememberedCheckpoints {
  get(ledger: string): string | null;
  put(ledger: string, note: string): void;
}

export function createRememberedCheckpoints(folder: string): RememberedCheckpoints {
  // Ledger ids differ in case where some file systems do not: the hex of the id does not.
  const fileOf = (ledger: string): string =>
    join(folder, `${Buffer.from(ledger).toString('hex')}.checkpoint`);
  const get = (ledger: string): string | null =>
    existsSync(fileOf(ledger)) ? readFileSync(fileOf(ledger), 'utf8') : null;
  return {
    get,
    put(ledger, note) {
      if (get(ledger) !== note) writeDurably(fileOf(ledger), note, 0o600);
    },
  };
}
