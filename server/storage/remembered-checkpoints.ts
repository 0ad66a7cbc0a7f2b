import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from './durable-file.ts';

/**
 * The newest checkpoint of each ledger, in files beside the database: a database put back is noticed by them.
 */
export interface RememberedCheckpoints {
  /** The ledgers that one is remembered of. */
  ledgers(): readonly string[];
  get(ledger: string): string | null;
  put(ledger: string, note: string): void;
}

const FILE = /^((?:[0-9a-f]{2})+)\.checkpoint$/;

export function createRememberedCheckpoints(folder: string): RememberedCheckpoints {
  // Ledger ids differ in case where some file systems do not: the hex of the id does not.
  const fileOf = (ledger: string): string =>
    join(folder, `${Buffer.from(ledger).toString('hex')}.checkpoint`);
  const get = (ledger: string): string | null =>
    existsSync(fileOf(ledger)) ? readFileSync(fileOf(ledger), 'utf8') : null;
  return {
    ledgers: () =>
      readdirSync(folder).flatMap((name) => {
        const hex = FILE.exec(name)?.[1];
        return hex === undefined ? [] : [Buffer.from(hex, 'hex').toString()];
      }),
    get,
    put(ledger, note) {
      if (get(ledger) !== note) writeDurably(fileOf(ledger), note, 0o600);
    },
  };
}
