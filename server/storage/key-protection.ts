import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { AppError } from '#server/errors.ts';
import { writeDurably } from './durable-file.ts';
import { isWrapped, type KeyEncryptionKey, unwrapKey, wrapKey } from './key-wrapping.ts';

/**
 * Turns the protection of a data folder's keys on and off. Each file is replaced whole: at every moment it is
 * there in one of its two forms. A crash leaves some files in each form, and doing it once more finishes it.
 * The folder must be held: nobody else may write keys meanwhile.
 */

interface KeyText {
  readonly file: string;
  readonly text: string;
}

/**
 * Encrypts every key file that is plain.
 *
 * @returns how many files it has changed
 * @throws AppError KEYS_PROTECTED where a file is protected with another key, SIGNING_KEY_MISSING where one
 *   does not open: then none was changed; DATA_DIR_UNUSABLE
 */
export function protectKeys(folder: string, kek: KeyEncryptionKey): number {
  const { plain, wrapped } = readKeys(folder);
  // With a key that does not open what is there, nothing else may be locked away.
  for (const { file, text } of wrapped) unwrapKey(kek, file, text);
  for (const { file, text } of plain) {
    const content = wrapKey(kek, basename(file), text);
    if (unwrapKey(kek, file, content) !== text) throw new Error(`${file} would not be the same again.`);
    // Crash before or after: this file is plain or protected, and the next start does the rest.
    replace(file, content);
  }
  removeLeftovers(folder);
  return plain.length;
}

/**
 * Makes every protected key file plain again.
 *
 * @returns how many files it has changed
 * @throws as `protectKeys`
 */
export function unprotectKeys(folder: string, kek: KeyEncryptionKey): number {
  const opened = readKeys(folder).wrapped.map(({ file, text }) => ({
    file,
    text: unwrapKey(kek, file, text),
  }));
  for (const { file, text } of opened) replace(file, text);
  removeLeftovers(folder);
  return opened.length;
}

/**
 * Refuses a folder with protected keys to whoever has nothing to open them with.
 *
 * @throws AppError KEYS_PROTECTED naming the first such file; DATA_DIR_UNUSABLE
 */
export function refuseProtectedKeys(folder: string): void {
  const [first] = findWrapped(folder);
  if (first !== undefined) unwrapKey(null, first.file, first.text);
}

/** How many key files of a folder are protected. @throws AppError DATA_DIR_UNUSABLE */
export function countProtectedKeys(folder: string): number {
  return findWrapped(folder).length;
}

function findWrapped(folder: string): readonly KeyText[] {
  return keyFiles(folder).flatMap((file) => {
    try {
      const text = readFileSync(file, 'utf8');
      return isWrapped(text) ? [{ file, text }] : [];
    } catch {
      // Not every process may read every key of a shared folder: who needs this one meets the obstacle again.
      return [];
    }
  });
}

function keyFiles(folder: string): readonly string[] {
  const isKey = (name: string): boolean => name.endsWith('.pem') || name === 'jobs.key';
  const names = orUnusable(folder, () => readdirSync(folder).filter(isKey));
  return names.toSorted().map((name) => join(folder, name));
}

function readKeys(folder: string): {
  readonly plain: readonly KeyText[];
  readonly wrapped: readonly KeyText[];
} {
  const files = keyFiles(folder);
  const texts = orUnusable(folder, () =>
    files
      .map((file) => ({ file, bytes: readFileSync(file) }))
      // What is not text is no key: it stays as it is, for a person to look at.
      .filter(({ bytes }) => isUtf8(bytes))
      .map(({ file, bytes }) => ({ file, text: bytes.toString('utf8') })),
  );
  const wrapped = texts.filter(({ text }) => isWrapped(text));
  return { plain: texts.filter(({ text }) => !isWrapped(text)), wrapped };
}

function replace(file: string, content: string): void {
  orUnusable(file, () => writeDurably(file, content, 0o600));
}

/** What a crash left of a file that was being written: never the only copy, and it may be a plain one. */
function removeLeftovers(folder: string): void {
  const leftover = /^(?:.+\.pem|jobs\.key)\.\d+-\d+-\d+\.new$/;
  orUnusable(folder, () => {
    for (const name of readdirSync(folder)) if (leftover.test(name)) rmSync(join(folder, name));
  });
}

function orUnusable<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `The keys in ${path} cannot be read or written: ${reason}`;
    throw new AppError('DATA_DIR_UNUSABLE', { message, cause });
  }
}
