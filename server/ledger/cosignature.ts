import { readCheckpointText } from './checkpoint.ts';
import { HASH_BYTES, type Sha256 } from './hash.ts';
import { writeHash } from './hash-bytes.ts';
import {
  keyIdOf,
  makeTypedVkey,
  NOTE_SIGNATURES_MAX,
  type Problem,
  parseNote,
  parseTypedVkey,
  readSignatureLine,
  signatureLine,
  type VerifyEd25519,
} from './note.ts';

/** Verifies an ML-DSA-44 signature (FIPS 204, empty context). Given by the platform; must not throw. */
export type VerifyMlDsa44 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** What the platform can verify. A browser may have no ML-DSA. */
export interface SignatureVerifiers {
  readonly ed25519: VerifyEd25519;
  readonly mlDsa44?: VerifyMlDsa44;
}

/** The two algorithms of C2SP tlog-cosignature. */
export type CosignatureAlgorithm = 'ED25519' | 'ML_DSA_44';

/** A witness's verifier key. */
export interface WitnessVkey {
  readonly name: string;
  /** 8 lower-case hex digits: the id that its cosignature lines bear. */
  readonly keyId: string;
  readonly algorithm: CosignatureAlgorithm;
  /** 32 bytes of Ed25519, 1,312 of ML-DSA-44. */
  readonly publicKey: Uint8Array;
}

/** A cosignature line taken apart; nothing of it is verified. */
export interface Cosignature {
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly keyId: string;
  /** When it was made, in seconds since the epoch. */
  readonly timestamp: number;
  /** 64 bytes of Ed25519, 2,420 of ML-DSA-44. */
  readonly signature: Uint8Array;
}

/** What came of verifying a cosignature. */
export type CosignatureVerdict =
  | { readonly verdict: 'VALID' | 'UNKNOWN_ALGORITHM'; readonly timestamp: number }
  | { readonly verdict: 'INVALID'; readonly problem: string };

/** What a cosignature is made over. */
export interface CosignedText {
  readonly algorithm: CosignatureAlgorithm;
  /** Name of the witness's key. */
  readonly name: string;
  /** Text of the checkpoint, with its final newline and without signatures. */
  readonly text: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
}

interface Algorithm {
  /** Signature type (C2SP signed-note). */
  readonly type: number;
  readonly publicKeyBytes: number;
  readonly signatureBytes: number;
}

const ALGORITHMS: Readonly<Record<CosignatureAlgorithm, Algorithm>> = {
  ED25519: { type: 0x04, publicKeyBytes: 32, signatureBytes: 64 },
  ML_DSA_44: { type: 0x06, publicKeyBytes: 1_312, signatureBytes: 2_420 },
};
/** A plain Ed25519 key. Witnesses were long published with this type; their lines bear the id of 0x04. */
const TYPE_PLAIN_ED25519 = 0x01;

const TIMESTAMP_BYTES = 8;
/** Names and origins in an ML-DSA cosignature have one byte for their length. */
const SHORT_TEXT_BYTES_MAX = 255;

const encoder = new TextEncoder();
const SUBTREE_LABEL = encoder.encode('subtree/v1\n\0');

/**
 * The verifier key of a witness (signature type 0x04 or 0x06). Throws a `RangeError` on a name with white
 * space or `+` and on a key of a wrong length.
 */
export function makeWitnessVkey(
  sha256: Sha256,
  name: string,
  algorithm: CosignatureAlgorithm,
  publicKey: Uint8Array,
): string {
  const { type, publicKeyBytes } = ALGORITHMS[algorithm];
  if (publicKey.length !== publicKeyBytes) throw new RangeError(`The key has not ${publicKeyBytes} bytes`);
  return makeTypedVkey(sha256, name, type, publicKey);
}

/**
 * Reads a witness's verifier key of signature type 0x04 or 0x06, or 0x01, which stands for 0x04 with the same
 * key. Its key id is recomputed. Never throws.
 */
export function parseWitnessVkey(sha256: Sha256, vkey: string): WitnessVkey | Problem {
  const typed = parseTypedVkey(sha256, vkey);
  if ('problem' in typed) return typed;
  const { name, type, publicKey } = typed;
  const algorithm = type === TYPE_PLAIN_ED25519 ? 'ED25519' : algorithmOf(type);
  if (algorithm === null) return { problem: `the key has the unknown type ${type}` };
  const { publicKeyBytes, type: lineType } = ALGORITHMS[algorithm];
  if (publicKey.length !== publicKeyBytes) return { problem: `the key has not ${publicKeyBytes} bytes` };
  return { name, keyId: keyIdOf(sha256, name, publicKey, lineType), algorithm, publicKey };
}

function algorithmOf(type: number): CosignatureAlgorithm | null {
  if (type === ALGORITHMS.ED25519.type) return 'ED25519';
  return type === ALGORITHMS.ML_DSA_44.type ? 'ML_DSA_44' : null;
}

/**
 * The bytes that a cosignature signs, or a problem where there are none: the text is no checkpoint, or a name
 * is too long for ML-DSA. Never throws.
 */
export function cosignatureMessage({ algorithm, name, text, timestamp }: CosignedText): Uint8Array | Problem {
  const checkpoint = text.endsWith('\n') ? readCheckpointText(text) : { problem: 'the text does not end' };
  if ('problem' in checkpoint) return checkpoint;
  if (!Number.isSafeInteger(timestamp) || timestamp < 0) return { problem: 'the time is not a whole number' };
  if (algorithm === 'ED25519') return encoder.encode(`cosignature/v1\ntime ${timestamp}\n${text}`);
  const [witness, origin] = [encoder.encode(name), encoder.encode(checkpoint.origin)];
  for (const short of [witness, origin]) {
    if (short.length > SHORT_TEXT_BYTES_MAX) return { problem: 'a name has more than 255 bytes' };
  }
  const root = new Uint8Array(HASH_BYTES);
  writeHash(checkpoint.root, root, 0);
  const parts = [
    SUBTREE_LABEL,
    new Uint8Array([witness.length]),
    witness,
    bigEndian(timestamp),
    new Uint8Array([origin.length]),
    origin,
    bigEndian(0),
    bigEndian(checkpoint.size),
    root,
  ];
  return concat(parts);
}

/**
 * Makes a cosignature line, with its newline. Throws a `RangeError` where the text is no checkpoint or cannot
 * be cosigned.
 *
 * @param sign gives the signature over the bytes
 */
export function makeCosignature(
  cosigned: CosignedText,
  keyId: string,
  sign: (message: Uint8Array) => Uint8Array,
): string {
  const message = cosignatureMessage(cosigned);
  if ('problem' in message) throw new RangeError(`No cosignature: ${message.problem}`);
  const signature = concat([bigEndian(cosigned.timestamp), sign(message)]);
  return signatureLine({ name: cosigned.name, keyId, signature });
}

/** Takes a cosignature line, with its newline, apart without verifying anything. Never throws. */
export function readCosignature(line: string): Cosignature | Problem {
  const signed = line.endsWith('\n') ? readSignatureLine(line.slice(0, -1)) : null;
  if (signed === null) return { problem: 'it is not a signature line' };
  const { name, keyId, signature } = signed;
  const length = signature.length - TIMESTAMP_BYTES;
  if (!Object.values(ALGORITHMS).some(({ signatureBytes }) => signatureBytes === length)) {
    return { problem: 'it has not the length of a cosignature' };
  }
  let timestamp = 0;
  for (const byte of signature.subarray(0, TIMESTAMP_BYTES)) timestamp = timestamp * 256 + byte;
  if (!Number.isSafeInteger(timestamp)) return { problem: 'its time is past 2^53−1 seconds' };
  return { name, keyId, timestamp, signature: signature.slice(TIMESTAMP_BYTES) };
}

/**
 * Verifies a cosignature line, with its newline, on a checkpoint. `UNKNOWN_ALGORITHM`: the platform cannot
 * verify this kind, so that nothing is known but the time that it claims. Never throws.
 *
 * @param note the checkpoint: a signed note, whose own signatures do not matter here
 * @param vkey the witness's verifier key, from where the caller trusts it
 */
export function verifyCosignature(
  sha256: Sha256,
  verifiers: SignatureVerifiers,
  note: string,
  line: string,
  vkey: string,
): CosignatureVerdict {
  const key = parseWitnessVkey(sha256, vkey);
  if ('problem' in key) return invalid(`the witness's verifier key: ${key.problem}`);
  const parsed = parseNote(note);
  if ('problem' in parsed) return invalid(parsed.problem);
  const cosignature = readCosignature(line);
  if ('problem' in cosignature) return invalid(cosignature.problem);
  const { timestamp, signature } = cosignature;
  if (cosignature.name !== key.name || cosignature.keyId !== key.keyId) {
    return invalid('it is of another key');
  }
  if (signature.length !== ALGORITHMS[key.algorithm].signatureBytes) return invalid('it has a wrong length');
  const message = cosignatureMessage({ ...key, text: parsed.text, timestamp });
  if ('problem' in message) return invalid(message.problem);
  const verify = key.algorithm === 'ED25519' ? verifiers.ed25519 : verifiers.mlDsa44;
  if (verify === undefined) return { verdict: 'UNKNOWN_ALGORITHM', timestamp };
  return verify(key.publicKey, message, signature)
    ? { verdict: 'VALID', timestamp }
    : invalid('the signature does not verify');
}

function invalid(problem: string): CosignatureVerdict {
  return { verdict: 'INVALID', problem };
}

/**
 * Appends signature lines, each with its newline, to a note. A line that the note has already is left out,
 * and so are those beyond `NOTE_SIGNATURES_MAX`, with which no one would read the note. Throws a `RangeError`
 * where the note is none or a line is no signature line.
 */
export function addSignatureLines(note: string, lines: readonly string[]): string {
  const parsed = parseNote(note);
  if ('problem' in parsed) throw new RangeError(`Not a note: ${parsed.problem}`);
  const had = new Set(parsed.signatures.map(signatureLine));
  for (const line of lines) {
    const isLine = line.endsWith('\n') && readSignatureLine(line.slice(0, -1)) !== null;
    if (!isLine) throw new RangeError('Not a signature line');
    if (had.size < NOTE_SIGNATURES_MAX) had.add(line);
  }
  return `${parsed.text}\n${[...had].join('')}`;
}

function bigEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
