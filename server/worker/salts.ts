import { randomFillSync } from 'node:crypto';
import { SALT_BYTES } from '#server/ledger/section.ts';

const POOL_SALTS = 1024;

/** A source of fresh salts. One system call fills 1,024 of them: drawn singly they cost 2 µs each. */
export function createSaltSource(): () => Uint8Array {
  let pool = new Uint8Array(0);
  let at = 0;
  return () => {
    if (at === pool.length) {
      // A new pool each time: salts already given stay what they are.
      pool = randomFillSync(new Uint8Array(POOL_SALTS * SALT_BYTES));
      at = 0;
    }
    at += SALT_BYTES;
    return pool.subarray(at - SALT_BYTES, at);
  };
}
