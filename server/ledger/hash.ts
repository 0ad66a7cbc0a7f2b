import { BASE64_VALUES } from './base64.ts';

/**
 * A SHA-256 value as base64 (standard alphabet, padded, 44 characters): the form in which the ledger format
 * writes every hash, and the form the pure core passes around. Bytes are made only where bytes are hashed or
 * stored.
 */
export type Hash = string & { readonly [hashBrand]: true };
declare const hashBrand: unique symbol;

/**
 * SHA-256 of bytes. Given by the platform (`node:crypto` on the server), so that the core imports nothing.
 */
export type Sha256 = (bytes: Uint8Array) => Hash;

/** Length of a SHA-256 value in bytes. */
export const HASH_BYTES = 32;

const HASH_LENGTH = 44;
const PADDING = 61;

/**
 * Tells whether a text is the canonical base64 of exactly 32 bytes. A loop: a pattern takes three times as
 * long.
 */
export function isHash(text: string): text is Hash {
  if (text.length !== HASH_LENGTH || text.charCodeAt(HASH_LENGTH - 1) !== PADDING) return false;
  let value = 0;
  for (let at = 0; at < HASH_LENGTH - 1; at++) {
    value = BASE64_VALUES[text.charCodeAt(at)] ?? 255;
    if (value === 255) return false;
  }
  // The last digit has two bits more than there are bytes.
  return value % 4 === 0;
}
