import { BASE64_VALUES, encodeBase64 } from './base64.ts';
import { HASH_BYTES, type Hash } from './hash.ts';

const DIGITS_BEFORE_LAST = 40;

/** Writes the 32 bytes of a hash into `target` at offset `at`. */
export function writeHash(hash: Hash, target: Uint8Array, at: number): void {
  let to = at;
  for (let i = 0; i < DIGITS_BEFORE_LAST; i += 4) {
    const bits =
      ((BASE64_VALUES[hash.charCodeAt(i)] ?? 0) << 18) |
      ((BASE64_VALUES[hash.charCodeAt(i + 1)] ?? 0) << 12) |
      ((BASE64_VALUES[hash.charCodeAt(i + 2)] ?? 0) << 6) |
      (BASE64_VALUES[hash.charCodeAt(i + 3)] ?? 0);
    target[to] = bits >> 16;
    target[to + 1] = bits >> 8;
    target[to + 2] = bits;
    to += 3;
  }
  const bits =
    ((BASE64_VALUES[hash.charCodeAt(DIGITS_BEFORE_LAST)] ?? 0) << 12) |
    ((BASE64_VALUES[hash.charCodeAt(DIGITS_BEFORE_LAST + 1)] ?? 0) << 6) |
    (BASE64_VALUES[hash.charCodeAt(DIGITS_BEFORE_LAST + 2)] ?? 0);
  target[to] = bits >> 10;
  target[to + 1] = bits >> 2;
}

/** The hash that lies in `bytes` at offset `at`. Throws a `RangeError` where there are no 32 bytes. */
export function readHash(bytes: Uint8Array, at = 0): Hash {
  if (at < 0 || at + HASH_BYTES > bytes.length)
    throw new RangeError(`No hash at ${at} of ${bytes.length} bytes`);
  // 32 bytes in base64 are a Hash by definition.
  return encodeBase64(bytes.subarray(at, at + HASH_BYTES)) as Hash;
}

/** Hashes laid one after another, as a tile holds them. */
export function concatHashes(hashes: readonly Hash[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  for (const [i, hash] of hashes.entries()) writeHash(hash, bytes, i * HASH_BYTES);
  return bytes;
}
