import type { KeyProtection } from '#server/messages.ts';
import type { Secrets } from './secrets.ts';
import type { ProtectedFolder, SettingsFile } from './settings-file.ts';

/** What the shell knows of the protection of the keys in the data folder that the settings name. */
export interface ProtectedKeys {
  /** Whether they are protected, or about to be. */
  isOn(): boolean;
  /** What the server is started with; `LOST`: the keychain does not give it back. */
  open(): Promise<KeyProtection | null | 'LOST'>;
  /**
   * Keeps a new secret: the next start protects the keys with it. Throws where the settings cannot be
   * written.
   *
   * @param path the data folder as the server names it
   * @returns `false` where the keychain did not give back what it was given: then nothing was kept
   */
  begin(secret: string, path: string): Promise<boolean>;
  /** The next start makes the keys plain again. Throws where the settings cannot be written. */
  end(): void;
  /** Uses the secret of a recovery file for the next start. */
  recover(secret: string): void;
  /**
   * The server runs, and has done to the keys what it was given. Again is no harm.
   *
   * @param used what it was started with, which the settings may have left behind meanwhile
   */
  started(used: KeyProtection | null, path: string): Promise<void>;
  /** The server did not take the secret. */
  refused(): void;
}

/** Of a recovery file, for one folder; it stays in memory only where there is no keychain to keep it. */
interface GivenSecret extends Pick<ProtectedFolder, 'dataDir' | 'isEnding'> {
  readonly secret: string;
}

/** Keeps the secrets of protected folders, each sealed by the keychain, in the app's settings. */
export function createProtectedKeys(settings: SettingsFile, secrets: Secrets): ProtectedKeys {
  let memory: GivenSecret | null = null;
  const given = (): GivenSecret | null => (memory?.dataDir === settings.read().dataDir ? memory : null);
  const find = (): ProtectedFolder | null => findFolder(settings);
  const isEnding = (): boolean => given()?.isEnding === true || find()?.isEnding === true;
  const keep = (folder: ProtectedFolder | null): void => {
    const found = find();
    const others = settings.read().protectedFolders.filter((one) => one !== found);
    settings.change({ protectedFolders: folder === null ? others : [...others, folder] });
  };
  const begin = async (secret: string, path: string): Promise<boolean> => {
    const { dataDir } = settings.read();
    const sealedSecret = await secrets.seal(secret);
    if (sealedSecret === null || (await secrets.open(sealedSecret)) !== secret) return false;
    if (settings.read().dataDir !== dataDir) return false;
    keep({ dataDir, path, sealedSecret, isEnding: false });
    return true;
  };
  return {
    isOn: () => given() !== null || find() !== null,
    async open() {
      const use = isEnding() ? 'UNPROTECT' : 'PROTECT';
      const [fromFile, found] = [given(), find()];
      if (fromFile !== null) return { secret: fromFile.secret, use };
      if (found === null) return null;
      // A keychain that cannot even be asked gives nothing back, either.
      const secret = await secrets.open(found.sealedSecret).catch(() => null);
      return secret === null ? 'LOST' : { secret, use };
    },
    begin,
    end() {
      const [fromFile, found] = [given(), find()];
      // Kept, so that a crash in the middle is finished by the next start.
      if (found !== null) keep({ ...found, isEnding: true });
      if (fromFile !== null) memory = { ...fromFile, isEnding: true };
    },
    recover(secret) {
      memory = { dataDir: settings.read().dataDir, secret, isEnding: isEnding() };
    },
    async started(used, path) {
      const fromFile = given();
      try {
        if (used?.use === 'UNPROTECT' && isEnding()) {
          // Crash before this: the next start finds nothing left to do, and comes here again.
          if (find() !== null) keep(null);
          memory = null;
        }
        const isNew = used?.use === 'PROTECT' && used.secret === fromFile?.secret && !isEnding();
        if (isNew && (await begin(used.secret, path)) && memory === fromFile) memory = null;
      } catch {
        // The settings cannot be written: what they say is done once more by the next start, and a secret
        // that is not kept is asked for again.
      }
    },
    refused() {
      memory = null;
    },
  };
}

function findFolder(settings: SettingsFile): ProtectedFolder | null {
  const { dataDir, protectedFolders } = settings.read();
  const isOfIt = (one: ProtectedFolder): boolean => one.dataDir === dataDir || one.path === dataDir;
  return protectedFolders.find(isOfIt) ?? null;
}
