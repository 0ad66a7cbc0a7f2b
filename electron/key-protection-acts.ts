import type { Appliance } from './appliance.ts';
import type { Refusal } from './bridge.ts';
import type { ElectronApi } from './electron-api.ts';
import { MESSAGES } from './messages.ts';
import type { ProtectedKeys } from './protected-keys.ts';
import { newKeySecret, readRecoveryFile, saveRecoveryFile } from './recovery-file.ts';
import type { Secrets } from './secrets.ts';

export interface KeyProtectionDeps {
  readonly dialog: Pick<ElectronApi['dialog'], 'showOpenDialog' | 'showSaveDialog' | 'showErrorBox'>;
  readonly appliance: Appliance;
  readonly secrets: Secrets;
  readonly protectedKeys: ProtectedKeys;
  readonly closeSettings: () => void;
}

/** What a person can do about the protection of the keys. */
export interface KeyProtectionActs {
  /** Has the recovery file saved, then protects the keys. Without that file nothing is changed. */
  protect(): Promise<Refusal>;
  /** Makes the keys plain files again. */
  unprotect(): Promise<Refusal>;
  /** Asks for a recovery file and starts with it, where the server could not start without one. */
  recover(): Promise<void>;
}

/** What the server or the shell says where only the recovery file helps. */
const RECOVERABLE: readonly (string | null)[] = ['KEYS_PROTECTED', 'KEYCHAIN_LOST'];

/** Puts the dialogs, the keychain and the server's restart in their order. */
export function createKeyProtectionActs(deps: KeyProtectionDeps): KeyProtectionActs {
  const { appliance, protectedKeys } = deps;
  let isBusy = false;
  /** One at a time: a dialog that is open is answered first. */
  const alone = async (act: () => Promise<Refusal>): Promise<Refusal> => {
    if (isBusy) return MESSAGES.keys.busy;
    isBusy = true;
    try {
      return await act();
    } catch (error) {
      return MESSAGES.keys.unchanged(error instanceof Error ? error.message : String(error));
    } finally {
      isBusy = false;
    }
  };
  const restart = async (): Promise<null> => {
    deps.closeSettings();
    await appliance.restart();
    return null;
  };
  return {
    protect: () =>
      alone(async () => {
        if (protectedKeys.isOn()) return null;
        return (await beginProtection(deps)) ?? (await restart());
      }),
    unprotect: () =>
      alone(async () => {
        if (!protectedKeys.isOn()) return null;
        if (!runsHere(appliance)) return MESSAGES.keys.notRunning;
        protectedKeys.end();
        return await restart();
      }),
    async recover() {
      const refusal = await alone(async () => {
        const secret = await askForSecret(deps);
        if (secret === null) return null;
        protectedKeys.recover(secret);
        return await restart();
      });
      if (refusal !== null) deps.dialog.showErrorBox(MESSAGES.appName, refusal);
    },
  };
}

/** `null`: the next start protects the keys. */
async function beginProtection(deps: KeyProtectionDeps): Promise<Refusal> {
  const { appliance, dialog, protectedKeys, secrets } = deps;
  if ((await secrets.state()) !== 'KEPT') return MESSAGES.keys.noKeychain;
  const dataDir = appliance.dataDir();
  if (!runsHere(appliance) || dataDir === null) return MESSAGES.keys.notRunning;
  const { canceled, filePath } = await dialog.showSaveDialog({
    title: MESSAGES.keys.saveTitle,
    buttonLabel: MESSAGES.keys.saveButton,
    defaultPath: MESSAGES.keys.fileName,
    properties: ['createDirectory'],
  });
  if (canceled || filePath === '') return MESSAGES.keys.notSaved;
  // Changed in another way while the dialog was open: the file would be of another folder.
  if (!runsHere(appliance) || appliance.dataDir() !== dataDir) return MESSAGES.keys.notRunning;
  const secret = newKeySecret();
  saveRecoveryFile(filePath, secret, dataDir);
  // Crash before this: a file that opens nothing. After it: the next start protects the keys.
  return (await protectedKeys.begin(secret, dataDir)) ? null : MESSAGES.keys.notSealed;
}

function runsHere(appliance: Appliance): boolean {
  const status = appliance.status();
  return status.kind === 'running' && !status.isRemote;
}

async function askForSecret({ appliance, dialog }: KeyProtectionDeps): Promise<string | null> {
  const status = appliance.status();
  // A folder with plain keys must not be locked with whatever file somebody chose.
  if (status.kind !== 'failed' || !RECOVERABLE.includes(status.code)) return null;
  const { canceled, filePaths } = await dialog.showOpenDialog({
    title: MESSAGES.keys.openTitle,
    buttonLabel: MESSAGES.keys.openButton,
    properties: ['openFile'],
  });
  const [path] = filePaths;
  if (canceled || path === undefined) return null;
  const secret = readRecoveryFile(path);
  if (secret === null) throw new Error(MESSAGES.keys.noSecret);
  return secret;
}
