import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** Public keys of witnesses are few, and reading one costs as much as verifying with it. */
const KEYS_KEPT_MAX = 100;
const kept = new Map<string, KeyObject>();

/**
 * Verifies an ML-DSA-44 signature (FIPS 204, empty context) by OpenSSL. Never throws.
 *
 * @param publicKey 1,312 bytes
 * @param signature 2,420 bytes
 */
export function verifyMlDsa44(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(null, message, readPublicKey(publicKey), signature);
  } catch {
    // Malformed keys throw; for a verifier they are simply not valid.
    return false;
  }
}

function readPublicKey(publicKey: Uint8Array): KeyObject {
  const pub = Buffer.from(publicKey).toString('base64url');
  const known = kept.get(pub);
  if (known) return known;
  const key = createPublicKey({ key: { kty: 'AKP', alg: 'ML-DSA-44', pub }, format: 'jwk' });
  if (kept.size >= KEYS_KEPT_MAX) kept.clear();
  kept.set(pub, key);
  return key;
}
