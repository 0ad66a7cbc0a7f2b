import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { AppError } from '#server/errors.ts';
import { writeOnceDurably } from './durable-file.ts';

/** The key that key files are encrypted with. Plain data: it is given to threads. */
export interface KeyEncryptionKey {
  /** Tells two apart without saying anything of either; it stands in each file. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** First line of a protected key file. */
const VERSION = 'indelible-protected-key-v1';
/** What a protected key file begins with, also one that another version wrote. */
const PREFIX = 'indelible-protected-key-';

const KEY_BYTES = 32;
const CHECKSUM_BYTES = 4;
const ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Key and checksum in base64url, alone on a line. */
const SECRET_LINE = /^[A-Za-z0-9_-]{48}$/m;

/**
 * Finds the recovery line in the text of a recovery file: 32 bytes and a checksum, the first 4 bytes of the
 * SHA-256 of `indelible recovery v1` and the 32, in base64url.
 *
 * @returns the key, or `null` where there is no such line, or its checksum is wrong
 */
export function readRecoveryText(text: string): KeyEncryptionKey | null {
  const [line] = SECRET_LINE.exec(text.replaceAll('\r', '')) ?? [];
  if (line === undefined) return null;
  const all = Buffer.from(line, 'base64url');
  const bytes = all.subarray(0, KEY_BYTES);
  if (!digestOf('indelible recovery v1', bytes, CHECKSUM_BYTES).equals(all.subarray(KEY_BYTES))) return null;
  return { id: digestOf('indelible key id v1', bytes, ID_BYTES).toString('hex'), bytes };
}

function digestOf(purpose: string, bytes: Uint8Array, length: number): Buffer {
  return createHash('sha256').update(purpose).update(bytes).digest().subarray(0, length);
}

/** Whether the text is that of a protected key file, of this version's or of another. */
export function isWrapped(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** Whether the text is a protected key file that another key than this one opens. */
export function isOfAnotherKey(text: string, kek: KeyEncryptionKey): boolean {
  return text.startsWith(`${VERSION}\n`) && text.split('\n')[1] !== kek.id;
}

/**
 * Encrypts the content of a key file (AES-256-GCM, a random nonce). The file's name belongs to it: under
 * another name it does not open.
 */
export function wrapKey(kek: KeyEncryptionKey, name: string, content: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', kek.bytes, nonce);
  cipher.setAAD(authenticatedText(kek.id, name));
  const body = Buffer.concat([nonce, cipher.update(content, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}\n${kek.id}\n${body.toString('base64url')}\n`;
}

/**
 * Opens a protected key file's text.
 *
 * @throws AppError KEYS_PROTECTED where there is no key to open it with, or another one is needed;
 *   SIGNING_KEY_MISSING where it was altered, cut off or renamed
 */
export function unwrapKey(kek: KeyEncryptionKey | null, file: string, text: string): string {
  if (kek === null) throw new AppError('KEYS_PROTECTED', { message: keysProtected(file) });
  if (isOfAnotherKey(text, kek)) {
    throw new AppError('KEYS_PROTECTED', {
      message: `The key file ${file} is protected with another key than the one that was given.`,
    });
  }
  const [version, , body = '', ...rest] = text.split('\n');
  try {
    if (version !== VERSION || rest.join('') !== '') throw new Error('It has not the form of such a file.');
    const bytes = Buffer.from(body, 'base64url');
    // One spelling each: base64url is read leniently, and a file must not be altered unnoticed.
    if (bytes.toString('base64url') !== body || bytes.length < NONCE_BYTES + TAG_BYTES)
      throw new Error('It is cut off, or its text is not base64url.');
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', kek.bytes, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(authenticatedText(kek.id, basename(file)));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const content = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([content, decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new AppError('SIGNING_KEY_MISSING', {
      message: `The protected key file ${file} does not open: it was altered, cut off or renamed.`,
      cause,
    });
  }
}

function authenticatedText(id: string, name: string): Buffer {
  return Buffer.from(`${VERSION}\n${id}\n${name}`);
}

function keysProtected(file: string): string {
  return (
    `The key file ${file} is protected by the system's keychain of the desktop app: start the app, or take ` +
    'the protection off with the recovery file (indelible keys unprotect --recovery-file FILE).'
  );
}

/**
 * Reads a key file, protected or not.
 *
 * @throws as `unwrapKey`; the file system's error
 */
export function readKeyFile(file: string, kek: KeyEncryptionKey | null): string {
  const text = readFileSync(file, 'utf8');
  return isWrapped(text) ? unwrapKey(kek, file, text) : text;
}

/** Writes a new key file as `writeOnceDurably`, for its owner only; encrypted where keys are protected. */
export function writeKeyFileOnce(file: string, content: string, kek: KeyEncryptionKey | null): void {
  writeOnceDurably(file, kek === null ? content : wrapKey(kek, basename(file), content), 0o600);
}
