import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#server/errors.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import { makeVkey, parseVkey } from '#server/ledger/note.ts';
import type { KeyStore, Signer } from '#server/ports/signer.ts';
import { writeDurably } from './durable-file.ts';

/** Keys as PKCS #8 PEM files (mode 0600), each named by the eight hex digits of its C2SP key id. */
export function createKeyFiles(folder: string, sha256: Sha256): KeyStore {
  const fileOf = (vkey: string): string => {
    const parsed = parseVkey(sha256, vkey);
    if ('problem' in parsed) throw new AppError('SIGNING_KEY_MISSING', { message: `${vkey} is not a verifier key.` });
    return join(folder, `${parsed.keyId}.pem`);
  };
  return {
    async create(origin) {
      const { privateKey } = generateKeyPairSync('ed25519');
      const signer = toSigner(privateKey);
      const vkey = makeVkey(sha256, origin, signer.publicKey);
      // Crash after this and before the ledger is created: a key that nothing names. Harmless.
      writeDurably(fileOf(vkey), String(privateKey.export({ type: 'pkcs8', format: 'pem' })), 0o600);
      return signer;
    },
    async open(vkey) {
      const file = fileOf(vkey);
      if (!existsSync(file)) throw new AppError('SIGNING_KEY_MISSING', { message: `The key file ${file} is missing.` });
      return toSigner(createPrivateKey(readFileSync(file)));
    },
  };
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
