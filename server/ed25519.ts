import { hashes, verify } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';

hashes.sha512 = sha512;

/**
 * Verifies an Ed25519 signature (RFC 8032, strict: canonical encodings only). Never throws.
 *
 * The server, the command line and the browser all use this one function, so that no two of them can disagree
 * about an odd signature.
 */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(signature, message, publicKey, { zip215: false });
  } catch {
    // Malformed keys and signatures throw; for a verifier they are simply not valid.
    return false;
  }
}
