import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { makeCosignature, makeWitnessVkey, parseWitnessVkey } from '#server/ledger/cosignature.ts';
import { parseNote } from '#server/ledger/note.ts';
import { sha256 } from '#server/sha256.ts';

/** A witness with an Ed25519 key of its own, which cosigns whatever it is given. */
export interface CosigningWitness {
  readonly name: string;
  readonly vkey: string;
  /** Gives the signature line, with its newline. Ed25519: always the same one. */
  cosign(note: string, seconds: number): string;
}

export function createCosigningWitness(name: string): CosigningWitness {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const vkey = makeWitnessVkey(sha256, name, 'ED25519', Buffer.from(x, 'base64url'));
  const key = parseWitnessVkey(sha256, vkey);
  if ('problem' in key) throw new Error(key.problem);
  return {
    name,
    vkey,
    cosign: (note, timestamp) => {
      const parsed = parseNote(note);
      if ('problem' in parsed) throw new Error(parsed.problem);
      const cosigned = { algorithm: key.algorithm, name, text: parsed.text, timestamp };
      return makeCosignature(cosigned, key.keyId, (message) => sign(null, message, privateKey));
    },
  };
}
