import type { KeychainState } from './bridge.ts';
import type { ElectronApi } from './electron-api.ts';

/** Secrets that only the operating system's keychain can open again. */
export interface Secrets {
  state(): Promise<KeychainState>;
  /** The secret, encrypted, as text; `null` where there is no keychain: then nothing may be kept. */
  seal(secret: string): Promise<string | null>;
  /** `null` where it was sealed by another keychain, or there is none any more. */
  open(sealed: string): Promise<string | null>;
}

/** `unknown`: nobody can say that it is a keyring. */
const PLAIN_BACKENDS: readonly string[] = ['basic_text', 'unknown'];

/**
 * @param safeStorage Electron's; to be asked only when the app is ready
 */
export function createSecrets(safeStorage: ElectronApi['safeStorage'], platform: NodeJS.Platform): Secrets {
  const state = async (): Promise<KeychainState> => {
    if (!(await safeStorage.isAsyncEncryptionAvailable())) return 'NONE';
    // Without a keyring Chromium encrypts with a password that is in its source: that keeps nothing.
    const isPlain = platform === 'linux' && PLAIN_BACKENDS.includes(safeStorage.getSelectedStorageBackend());
    return isPlain ? 'PLAIN' : 'KEPT';
  };
  return {
    state,
    async seal(secret) {
      if ((await state()) !== 'KEPT') return null;
      return (await safeStorage.encryptStringAsync(secret)).toString('base64');
    },
    async open(sealed) {
      if ((await state()) !== 'KEPT') return null;
      try {
        return (await safeStorage.decryptStringAsync(Buffer.from(sealed, 'base64'))).result;
      } catch {
        // The keychain is another one than it was: the person is asked for the secret again.
        return null;
      }
    },
  };
}
