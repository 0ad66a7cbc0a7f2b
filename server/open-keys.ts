import { AppError } from './errors.ts';
import type { KeyProtection } from './messages.ts';
import { protectKeys, refuseProtectedKeys, unprotectKeys } from './storage/key-protection.ts';
import { type KeyEncryptionKey, readRecoveryText } from './storage/key-wrapping.ts';

/**
 * Brings the key files into the form that is asked for, before anything reads or makes one. The data folder
 * must be held.
 *
 * @returns what they are encrypted with from now on; `null`: they are plain
 * @throws AppError KEYS_PROTECTED, SIGNING_KEY_MISSING, DATA_DIR_UNUSABLE; then no file was changed, but that
 *   a full disk may stop it in the middle
 */
export function openKeys(folder: string, protection: KeyProtection | null): KeyEncryptionKey | null {
  if (protection === null) {
    refuseProtectedKeys(folder);
    return null;
  }
  const kek = readRecoveryText(protection.secret);
  if (kek === null) {
    const message = 'What was given to open the protected keys is not whole: its checksum is wrong.';
    throw new AppError('KEYS_PROTECTED', { message });
  }
  switch (protection.use) {
    case 'PROTECT':
      protectKeys(folder, kek);
      return kek;
    case 'UNPROTECT':
      unprotectKeys(folder, kek);
      return null;
  }
}
