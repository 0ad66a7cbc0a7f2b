import type { Session } from 'electron';
import type { Answers } from './answer-pages.ts';
import type { MenuActs } from './app-menu.ts';
import type { Appliance } from './appliance.ts';
import { bindToken } from './bound-token.ts';
import type { Refusal, SettingsView, Versions } from './bridge.ts';
import type { DesktopSurroundings } from './desktop.ts';
import { toDeepLink } from './deep-link.ts';
import type { ElectronApi } from './electron-api.ts';
import type { EvidenceWindows } from './evidence-windows.ts';
import { createKeyProtectionActs } from './key-protection-acts.ts';
import type { LoginItem } from './login-item.ts';
import type { MainWindow } from './main-window.ts';
import { MESSAGES } from './messages.ts';
import { readRemoteUrl } from './origins.ts';
import type { ProtectedKeys } from './protected-keys.ts';
import type { Secrets } from './secrets.ts';
import { readSettingsChange, type Settings, type SettingsFile } from './settings-file.ts';
import type { Updates } from './updates.ts';

export interface PageAnswersDeps {
  readonly electron: ElectronApi;
  readonly surroundings: DesktopSurroundings;
  readonly settings: SettingsFile;
  readonly secrets: Secrets;
  readonly protectedKeys: ProtectedKeys;
  readonly appliance: Appliance;
  readonly window: MainWindow;
  readonly evidence: EvidenceWindows;
  readonly loginItem: LoginItem;
  readonly updates: Updates;
  readonly remoteSession: () => Session;
}

export interface PageAnswers {
  readonly channels: Answers;
  readonly menu: Omit<MenuActs, 'openExternalLink'>;
}

const TOKEN = /^[\x21-\x7e]{20,512}$/;

/** What the pages and the menu can have done. */
export function createPageAnswers(deps: PageAnswersDeps): PageAnswers {
  const { appliance, evidence, window } = deps;
  const settingsActs = createSettingsActs(deps);
  const keyActs = createKeyProtectionActs({
    ...deps,
    dialog: deps.electron.dialog,
    closeSettings: () => window.closeSettings(),
  });
  const openSettings = (): void => {
    window.show();
    window.openSettings();
  };
  const channels: Answers = {
    status: () => appliance.status(),
    retry: () => settingsActs.restart(),
    settings: () => settingsView(deps),
    'change-settings': (_sender, change) => settingsActs.change(change),
    'choose-data-dir': () => settingsActs.chooseDataDir(),
    'reset-data-dir': () => settingsActs.changeDataDir(null),
    'show-data-dir': () => showDataDir(deps),
    'protect-keys': () => keyActs.protect(),
    'unprotect-keys': () => keyActs.unprotect(),
    'use-recovery-file': () => keyActs.recover(),
    connect: (_sender, url, token) => settingsActs.connect(url, token),
    disconnect: () => settingsActs.disconnect(),
    'close-settings': () => window.closeSettings(),
    quit: () => deps.electron.app.quit(),
    versions: () => versionsOf(deps),
    'open-evidence': () => evidence.ask(),
    'open-settings': openSettings,
    'open-dropped': (_sender, path) => (typeof path === 'string' ? evidence.open(path) : undefined),
    'offered-file'(sender) {
      const file = evidence.fileOf(sender);
      return file === null ? null : { name: file.name, size: file.size };
    },
    'read-offered'(sender, at, length) {
      const file = evidence.fileOf(sender);
      if (file === null || typeof at !== 'number' || typeof length !== 'number')
        throw new Error('There is no such part of a file.');
      return file.read(at, length);
    },
  };
  return { channels, menu: menuActs(deps, openSettings, settingsActs.restart) };
}

function menuActs(deps: PageAnswersDeps, openSettings: () => void, restart: () => Promise<void>) {
  const { electron, evidence, window } = deps;
  const history = () => window.contents()?.navigationHistory;
  return {
    openEvidence: () => void evidence.ask(),
    openSettings,
    copyLink: () => void copyLink(deps),
    reload: () => window.contents()?.reload(),
    back: () => history()?.goBack(),
    forward: () => history()?.goForward(),
    restartServer: () => void restart(),
    showDataDir: () => void showDataDir(deps),
    showAbout() {
      const { app, electron: shellVersion, chromium } = versionsOf(deps);
      const detail = MESSAGES.aboutDetail(app, shellVersion, chromium);
      void electron.dialog.showMessageBox({ type: 'info', message: MESSAGES.appName, detail });
    },
  };
}

/** A link that another person's app opens, or, of a remote appliance, that any browser does. */
async function copyLink({ appliance, electron, window }: PageAnswersDeps): Promise<void> {
  const address = window.address();
  const status = appliance.status();
  if (address === null || status.kind !== 'running') return;
  const link = status.isRemote ? address : (toDeepLink(new URL(address).hash) ?? address);
  await electron.clipboard.writeText(link);
}

async function showDataDir({ appliance, electron }: PageAnswersDeps): Promise<Refusal> {
  const dataDir = appliance.dataDir();
  if (dataDir === null) return null;
  const reason = await electron.shell.openPath(dataDir);
  return reason === '' ? null : MESSAGES.notShown(reason);
}

function versionsOf({ electron, surroundings }: PageAnswersDeps): Versions {
  return { app: electron.app.getVersion(), ...surroundings.versions };
}

async function settingsView(deps: PageAnswersDeps): Promise<SettingsView> {
  const { dataDir, remote, startAtLogin, keepRunning, updateUrl } = deps.settings.read();
  return {
    dataDir: deps.appliance.dataDir(),
    isDefaultDataDir: dataDir === null,
    remoteUrl: remote?.url ?? null,
    keychain: await deps.secrets.state(),
    areKeysProtected: deps.protectedKeys.isOn(),
    startAtLogin,
    keepRunning,
    updateUrl,
    versions: versionsOf(deps),
  };
}

function createSettingsActs(deps: PageAnswersDeps) {
  const { appliance, electron, loginItem, settings, updates, window } = deps;
  const restart = (): Promise<void> => appliance.restart();
  const keep = (change: Partial<Settings>): Refusal => {
    try {
      settings.change(change);
      return null;
    } catch (error) {
      return MESSAGES.notKept(reasonOf(error));
    }
  };
  /** Nothing is moved: the records of the other folder stay where they are. */
  const changeDataDir = (dataDir: string | null): Promise<void> =>
    appliance.restart(() => {
      const refusal = keep({ dataDir });
      if (refusal !== null) electron.dialog.showErrorBox(MESSAGES.appName, refusal);
      window.closeSettings();
    });
  return {
    restart,
    changeDataDir,
    async change(value: unknown): Promise<Refusal> {
      const change = readSettingsChange(value);
      if (change === null) throw new Error('These are no settings.');
      if (change.startAtLogin !== undefined) {
        try {
          loginItem.set(change.startAtLogin);
        } catch (error) {
          return MESSAGES.notAtLogin(reasonOf(error));
        }
      }
      const refusal = keep(change);
      if (refusal === null && change.updateUrl !== undefined) await updates.use(change.updateUrl);
      return refusal;
    },
    async chooseDataDir(): Promise<boolean> {
      const { canceled, filePaths } = await electron.dialog.showOpenDialog({
        title: MESSAGES.chooseDataDir,
        buttonLabel: MESSAGES.chooseDataDirButton,
        properties: ['openDirectory', 'createDirectory'],
      });
      const [folder] = filePaths;
      if (canceled || folder === undefined) return false;
      await changeDataDir(folder);
      return true;
    },
    ...createRemoteActs(deps, keep),
  };
}

function createRemoteActs(deps: PageAnswersDeps, keep: (change: Partial<Settings>) => Refusal) {
  const { appliance, electron, secrets, settings, window } = deps;
  return {
    async connect(url: unknown, token: unknown): Promise<Refusal> {
      if (typeof url !== 'string' || typeof token !== 'string') throw new Error('These are no settings.');
      const read = readRemoteUrl(url);
      if ('problem' in read) return MESSAGES.remote[read.problem];
      if (!TOKEN.test(token)) return MESSAGES.remote.token;
      const sealedToken = await secrets.seal(bindToken(read.url, token));
      let refusal: Refusal = null;
      await appliance.restart(async () => {
        // What the page of another appliance kept is not this one's.
        if (settings.read().remote?.url !== read.url) await deps.remoteSession().clearStorageData();
        refusal = keep({ remote: { url: read.url, sealedToken } });
        if (refusal !== null) return;
        appliance.useToken(token);
        window.closeSettings();
      });
      return refusal;
    },
    async disconnect(): Promise<void> {
      await appliance.restart(async () => {
        await deps.remoteSession().clearStorageData();
        const refusal = keep({ remote: null });
        if (refusal !== null) electron.dialog.showErrorBox(MESSAGES.appName, refusal);
        window.closeSettings();
      });
    },
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
