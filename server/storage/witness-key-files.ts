import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#server/errors.ts';
import { type CosignatureAlgorithm, makeWitnessVkey, parseWitnessVkey } from '#server/ledger/cosignature.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import type { WitnessKey } from '#server/ports/witness-key.ts';
import { type KeyEncryptionKey, readKeyFile, writeKeyFileOnce } from './key-wrapping.ts';

/** Hex digits of the name's hash in the name of a file. */
const NAME_DIGITS = 16;

/**
 * The keys of a witness, an Ed25519 and an ML-DSA-44 one: PKCS #8 PEM files (mode 0600), made when they are
 * first asked for. Another name has other keys: an Ed25519 cosignature does not say which witness it is of,
 * so that one key must not serve two.
 *
 * @param folder that of the ledgers' keys
 * @param kek encrypts the files; `null`: they are plain
 * @throws AppError SIGNING_KEY_MISSING where a file cannot be read or holds no such key; `RangeError` on a
 *   name with white space or `+`; KEYS_PROTECTED where a file is encrypted with another key
 */
export function openWitnessKeys(
  folder: string,
  sha256: Sha256,
  name: string,
  kek: KeyEncryptionKey | null,
): readonly WitnessKey[] {
  const nameHash = Buffer.from(sha256(Buffer.from(name)), 'base64')
    .toString('hex')
    .slice(0, NAME_DIGITS);
  const fileOf = (suffix: string): string => join(folder, `witness-${nameHash}-${suffix}.pem`);
  return [
    openKey(fileOf('ed25519'), { sha256, name, kek }, 'ED25519'),
    openKey(fileOf('ml-dsa-44'), { sha256, name, kek }, 'ML_DSA_44'),
  ];
}

interface KeyUse {
  readonly sha256: Sha256;
  readonly name: string;
  readonly kek: KeyEncryptionKey | null;
}

function openKey(file: string, { sha256, name, kek }: KeyUse, algorithm: CosignatureAlgorithm): WitnessKey {
  // Of several processes that share the folder the first one's key stays, and all read that. A crash after
  // this: a key that signed nothing yet, and is found by the next start.
  if (!existsSync(file)) writeKeyFileOnce(file, generate(algorithm), kek);
  try {
    const privateKey = createPrivateKey(readKeyFile(file, kek));
    const vkey = makeWitnessVkey(sha256, name, algorithm, rawPublicKey(privateKey));
    const parsed = parseWitnessVkey(sha256, vkey);
    if ('problem' in parsed) throw new RangeError(parsed.problem);
    const { keyId } = parsed;
    return { name, keyId, algorithm, vkey, sign: (message) => sign(null, message, privateKey) };
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('SIGNING_KEY_MISSING', { message: `The key file ${file} holds no such key.`, cause });
  }
}

function generate(algorithm: CosignatureAlgorithm): string {
  const { privateKey } =
    algorithm === 'ED25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ml-dsa-44');
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

/** A key of another algorithm has another length, which no verifier key can be made of. */
function rawPublicKey(privateKey: KeyObject): Uint8Array {
  const { x, pub } = createPublicKey(privateKey).export({ format: 'jwk' }) as { x?: string; pub?: string };
  return new Uint8Array(Buffer.from(pub ?? x ?? '', 'base64url'));
}
