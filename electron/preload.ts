import { contextBridge, ipcRenderer, webUtils } from 'electron';
import {
  type ApplianceBridge,
  type Channel,
  EVIDENCE_HOST,
  type EvidenceBridge,
  PAGE_SCHEME,
  SHELL_HOST,
  type ShellBridge,
  type ShellStatus,
  STATUS_CHANGED,
} from './bridge.ts';

/**
 * What the shell's windows give their pages: a few calls, each to one channel, to each kind of page its own.
 * It is the page's address that decides here, and once more in the main process.
 */

const ask =
  (channel: Channel) =>
  async (...values: readonly unknown[]): Promise<never> =>
    (await ipcRenderer.invoke(channel, ...values)) as never;

const applianceBridge: ApplianceBridge = {
  versions: ask('versions'),
  openEvidence: ask('open-evidence'),
  openSettings: ask('open-settings'),
};

const shellBridge: ShellBridge = {
  status: ask('status'),
  onStatus(listener) {
    ipcRenderer.on(STATUS_CHANGED, (_event, status: ShellStatus) => listener(status));
  },
  retry: ask('retry'),
  settings: ask('settings'),
  changeSettings: ask('change-settings'),
  chooseDataDir: ask('choose-data-dir'),
  resetDataDir: ask('reset-data-dir'),
  showDataDir: ask('show-data-dir'),
  protectKeys: ask('protect-keys'),
  unprotectKeys: ask('unprotect-keys'),
  useRecoveryFile: ask('use-recovery-file'),
  connect: ask('connect'),
  disconnect: ask('disconnect'),
  openEvidence: ask('open-evidence'),
  openSettings: ask('open-settings'),
  closeSettings: ask('close-settings'),
  quit: ask('quit'),
};

const evidenceBridge: EvidenceBridge = { offeredFile: ask('offered-file'), readOffered: ask('read-offered') };

function bridgeFor({ protocol, host }: Location): ShellBridge | EvidenceBridge | ApplianceBridge {
  if (protocol !== `${PAGE_SCHEME}:`) return applianceBridge;
  return host === EVIDENCE_HOST ? evidenceBridge : shellBridge;
}

/** Evidence that is dropped anywhere on the main window is verified in a window of its own. */
function takeDropped(): void {
  const isEvidence = /\.(?:evidence\.zip|evidence|tlog-proof)$/i;
  addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  });
  addEventListener(
    'drop',
    (event) => {
      const [file] = event.dataTransfer?.files ?? [];
      // Only what a person drops: a page can make such an event, too.
      if (!event.isTrusted || file === undefined || !isEvidence.test(file.name)) return;
      event.preventDefault();
      event.stopPropagation();
      void ask('open-dropped')(webUtils.getPathForFile(file));
    },
    { capture: true },
  );
}

if (globalThis.top === globalThis.self) {
  contextBridge.exposeInMainWorld('indelibleDesktop', bridgeFor(location));
  const isEvidencePage = location.protocol === `${PAGE_SCHEME}:` && location.host !== SHELL_HOST;
  if (!isEvidencePage) takeDropped();
}
