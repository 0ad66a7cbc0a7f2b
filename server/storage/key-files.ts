import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { AppError } from '#server/errors.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import { keyIdOf, parseVkey } from '#server/ledger/note.ts';
import type { KeyStore, Signer } from '#server/ports/signer.ts';
import { writeDurably } from './durable-file.ts';
import { type KeyEncryptionKey, readKeyFile, wrapKey } from './key-wrapping.ts';

/**
 * Keys as PKCS #8 PEM files (mode 0600), each named by the eight hex digits of its C2SP key id.
 *
 * @param kek encrypts the files; `null`: they are plain, and one that is not is refused with KEYS_PROTECTED
 */
export function createKeyFiles(folder: string, sha256: Sha256, kek: KeyEncryptionKey | null): KeyStore {
  const fileOf = (keyId: string): string => join(folder, `${keyId}.pem`);
  return {
    async create(origin) {
      for (;;) {
        const { privateKey } = generateKeyPairSync('ed25519');
        const signer = toSigner(privateKey);
        const file = fileOf(keyIdOf(sha256, origin, signer.publicKey));
        // Two keys in 2^32 share their id: another ledger's key must not be lost to this one's.
        if (existsSync(file)) continue;
        // Crash after this and before the ledger is created: a key that nothing names. Harmless.
        const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
        writeDurably(file, kek === null ? pem : wrapKey(kek, basename(file), pem), 0o600);
        return signer;
      }
    },
    async open(vkey) {
      const parsed = parseVkey(sha256, vkey);
      if ('problem' in parsed) throw missing(`${vkey} is not a verifier key: ${parsed.problem}.`);
      const file = fileOf(parsed.keyId);
      if (!existsSync(file)) throw missing(`The key file ${file} is missing.`);
      const signer = readSigner(file, kek);
      // Signatures of another key would be found out only by whoever verifies the checkpoints, years later.
      if (Buffer.compare(signer.publicKey, parsed.publicKey) !== 0) {
        throw missing(`The key file ${file} holds another key than ${vkey}.`);
      }
      return signer;
    },
  };
}

function readSigner(file: string, kek: KeyEncryptionKey | null): Signer {
  try {
    return toSigner(createPrivateKey(readKeyFile(file, kek)));
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw missing(`The key file ${file} cannot be read.`, cause);
  }
}

function missing(message: string, cause?: unknown): AppError {
  return new AppError('SIGNING_KEY_MISSING', { message, cause });
}

/** Length of the DER prefix before the 32 key bytes of an Ed25519 SubjectPublicKeyInfo (RFC 8410). */
const SPKI_PREFIX_BYTES = 12;

function toSigner(privateKey: KeyObject): Signer {
  const der = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return {
    publicKey: new Uint8Array(der.subarray(SPKI_PREFIX_BYTES)),
    sign: (message) => sign(null, message, privateKey),
  };
}
