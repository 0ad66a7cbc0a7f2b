import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { readHash } from '#server/ledger/hash-bytes.ts';
import type { Hash } from '#server/ledger/hash.ts';

/** SHA-256 in the browser, also where the page has no secure context. */
export function sha256(bytes: Uint8Array): Hash {
  return readHash(nobleSha256(bytes));
}
