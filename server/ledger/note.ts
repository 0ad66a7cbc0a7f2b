import { decodeBase64, encodeBase64 } from './base64.ts';
import { HASH_BYTES, type Sha256 } from './hash.ts';

/** Verifies an Ed25519 signature. Given by the platform; must not throw. */
export type VerifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** Signs bytes: 64 bytes of Ed25519 (RFC 8032). The key stays behind this. */
export type SignEd25519 = (message: Uint8Array) => Uint8Array;

/** One signature line of a note. */
export interface NoteSignature {
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** A signed note (C2SP signed-note) taken apart; nothing of it is verified. */
export interface Note {
  /** With its final newline: exactly what is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** An Ed25519 verifier key. */
export interface Vkey {
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly keyId: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

export interface Problem {
  readonly problem: string;
}

const SIGNATURE_TYPE_ED25519 = 0x01;
const KEY_ID_BYTES = 4;
const PUBLIC_KEY_BYTES = 32;
/** A note longer than this is not looked at (UTF-16 code units). */
export const NOTE_LENGTH_MAX = 1_000_000;
/** A verifier key longer than this is not looked at; one of ML-DSA-87 has some 3,500 characters. */
export const VKEY_LENGTH_MAX = 10_000;
/** Signature lines in one note; the specification asks for at least 16. */
export const NOTE_SIGNATURES_MAX = 100;

const NAME_PATTERN = /^[^\p{White_Space}+]+$/u;
/** What a note must not hold: control characters, newline excepted. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
const SIGNATURE_LINE = /^\u2014 ([^ ]+) ([^ ]+)$/;

const encoder = new TextEncoder();

/**
 * The id of a key: the first four bytes of SHA-256(name || 0x0A || type || key), as hex.
 *
 * @param type the signature type's byte (C2SP signed-note); 0x01, plain Ed25519, unless it is given
 */
export function keyIdOf(
  sha256: Sha256,
  name: string,
  publicKey: Uint8Array,
  type: number = SIGNATURE_TYPE_ED25519,
): string {
  const head = encoder.encode(`${name}\n`);
  const bytes = new Uint8Array(head.length + 1 + publicKey.length);
  bytes.set(head);
  bytes[head.length] = type;
  bytes.set(publicKey, head.length + 1);
  return hex(decodeBase64(sha256(bytes))?.subarray(0, KEY_ID_BYTES) ?? new Uint8Array(HASH_BYTES));
}

/**
 * The verifier key of an Ed25519 public key: `<name>+<key id>+<base64(0x01 || key)>`. Throws a `RangeError`
 * on a name with white space or `+` and on a key that has not 32 bytes.
 */
export function makeVkey(sha256: Sha256, name: string, publicKey: Uint8Array): string {
  if (publicKey.length !== PUBLIC_KEY_BYTES) throw new RangeError('An Ed25519 public key has 32 bytes');
  return makeTypedVkey(sha256, name, SIGNATURE_TYPE_ED25519, publicKey);
}

/**
 * The verifier key of a public key of any signature type. Throws a `RangeError` on a name with white space or
 * `+`.
 */
export function makeTypedVkey(sha256: Sha256, name: string, type: number, publicKey: Uint8Array): string {
  if (!isKeyName(name)) throw new RangeError('A key name is not empty and has neither white space nor +');
  const typed = new Uint8Array([type, ...publicKey]);
  return `${name}+${keyIdOf(sha256, name, publicKey, type)}+${encodeBase64(typed)}`;
}

/** A verifier key of any signature type. */
export interface TypedVkey extends Vkey {
  /** The signature type's byte (C2SP signed-note). */
  readonly type: number;
}

/** Reads an Ed25519 verifier key, its key id recomputed. Never throws. */
export function parseVkey(sha256: Sha256, vkey: string): Vkey | Problem {
  const typed = parseTypedVkey(sha256, vkey);
  if ('problem' in typed) return typed;
  const { name, keyId, type, publicKey } = typed;
  if (type !== SIGNATURE_TYPE_ED25519) return { problem: 'the key is not an Ed25519 key' };
  if (publicKey.length !== PUBLIC_KEY_BYTES) return { problem: 'the key has not 32 bytes' };
  return { name, keyId, publicKey };
}

/** Reads a verifier key of any type and length, its key id recomputed. Never throws. */
export function parseTypedVkey(sha256: Sha256, vkey: string): TypedVkey | Problem {
  if (vkey.length > VKEY_LENGTH_MAX) return { problem: `the verifier key is longer than ${VKEY_LENGTH_MAX}` };
  // The key itself may hold further `+`, which base64 has in its alphabet.
  const [name = '', keyId = '', ...rest] = vkey.split('+');
  if (!isKeyName(name)) return { problem: 'the key name is empty or has white space' };
  if (!/^[0-9a-f]{8}$/.test(keyId)) return { problem: 'the key id is not 8 lower-case hex digits' };
  const typed = decodeBase64(rest.join('+'));
  const [type] = typed ?? [];
  if (typed === null || type === undefined) return { problem: 'the key is not base64' };
  const publicKey = typed.slice(1);
  if (keyIdOf(sha256, name, publicKey, type) !== keyId)
    return { problem: 'the key id is not that of the key' };
  return { name, keyId, type, publicKey };
}

/** The key id that a verifier key names, unchecked: neither a name nor an id has a `+`. */
export function namedKeyId(vkey: string): string {
  return vkey.split('+')[1] ?? '';
}

function isKeyName(name: string): boolean {
  return NAME_PATTERN.test(name) && !CONTROL.test(name) && name.isWellFormed();
}

/** Writes a note: the text, which must end in a newline, an empty line, and the signature lines. */
export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(signatureLine).join('')}`;
}

/** Writes one signature line, with its newline. */
export function signatureLine({ name, keyId, signature }: NoteSignature): string {
  const bytes = new Uint8Array(KEY_ID_BYTES + signature.length);
  for (let i = 0; i < KEY_ID_BYTES; i++) bytes[i] = Number.parseInt(keyId.slice(2 * i, 2 * i + 2), 16);
  bytes.set(signature, KEY_ID_BYTES);
  return `\u2014 ${name} ${encodeBase64(bytes)}\n`;
}

/** Signs a text that ends in a newline. Throws a `RangeError` where the text cannot stand in a note. */
export function signNote(text: string, name: string, keyId: string, sign: SignEd25519): string {
  if (!text.endsWith('\n') || CONTROL.test(text) || !text.isWellFormed()) {
    throw new RangeError('The text of a note ends in a newline and has no other control characters');
  }
  return formatNote({ text, signatures: [{ name, keyId, signature: sign(encoder.encode(text)) }] });
}

/** Takes a note apart without verifying anything. Never throws. */
export function parseNote(note: string): Note | Problem {
  if (note.length > NOTE_LENGTH_MAX) return { problem: `the note is longer than ${NOTE_LENGTH_MAX}` };
  if (!note.isWellFormed() || CONTROL.test(note)) return { problem: 'the note has control characters' };
  const split = note.lastIndexOf('\n\n');
  if (split === -1 || !note.endsWith('\n')) return { problem: 'the note has no signatures' };
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > NOTE_SIGNATURES_MAX) return { problem: `more than ${NOTE_SIGNATURES_MAX} signatures` };
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = readSignatureLine(line);
    if (signature === null) return { problem: 'a signature line is not valid' };
    signatures.push(signature);
  }
  return { text: note.slice(0, split + 1), signatures };
}

/** Takes a signature line without its newline apart, or gives `null` where it is none. Never throws. */
export function readSignatureLine(line: string): NoteSignature | null {
  const [, name = '', base64 = ''] = SIGNATURE_LINE.exec(line) ?? [];
  const bytes = isKeyName(name) ? decodeBase64(base64) : null;
  if (bytes === null || bytes.length <= KEY_ID_BYTES) return null;
  return { name, keyId: hex(bytes.subarray(0, KEY_ID_BYTES)), signature: bytes.slice(KEY_ID_BYTES) };
}

/** A note that at least one known key signed. */
export interface VerifiedNote {
  readonly text: string;
  /** The known keys whose signatures verify, each once. */
  readonly keys: readonly Vkey[];
}

/**
 * Reads a note and verifies it: signatures of unknown keys are ignored, one of a known key that does not
 * verify spoils the note, and at least one known key must have signed. Never throws.
 */
export function verifyNote(
  note: string,
  vkeys: readonly Vkey[],
  verify: VerifyEd25519,
): VerifiedNote | Problem {
  const parsed = parseNote(note);
  if ('problem' in parsed) return parsed;
  const message = encoder.encode(parsed.text);
  const keys = new Set<Vkey>();
  for (const { name, keyId, signature } of parsed.signatures) {
    const key = vkeys.find((known) => known.name === name && known.keyId === keyId);
    if (key === undefined) continue;
    if (!verify(key.publicKey, message, signature))
      return { problem: `the signature of ${name} does not verify` };
    keys.add(key);
  }
  return keys.size > 0 ? { text: parsed.text, keys: [...keys] } : { problem: 'no known key signed the note' };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
