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

const HASH_PATTERN = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** Tells whether a text is the canonical base64 of exactly 32 bytes. */
export function isHash(text: string): text is Hash {
  return HASH_PATTERN.test(text);
}
