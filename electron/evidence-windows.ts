import type { BrowserWindow, Session, WebContents } from 'electron';
import { PAGES } from './app-pages.ts';
import type { ElectronApi } from './electron-api.ts';
import { type EvidenceFile, openEvidenceFile } from './evidence-files.ts';
import { SAFE_WEB_PREFERENCES } from './main-window.ts';
import { MESSAGES } from './messages.ts';
import { isEvidenceName } from './opened-things.ts';

/** Windows that verify evidence: each of one file, without any server. */
export interface EvidenceWindows {
  /** Opens a file in a window of its own, or says in a dialog why not. */
  open(path: string): Promise<void>;
  /** Asks the person for a file first. */
  ask(): Promise<void>;
  /** The file of a window; `null` where it has none. */
  fileOf(contents: WebContents): EvidenceFile | null;
  count(): number;
}

export interface EvidenceWindowsDeps {
  readonly electron: Pick<ElectronApi, 'BrowserWindow' | 'dialog'>;
  readonly preload: string;
  readonly icon: string;
  readonly session: () => Session;
}

const [WIDTH, HEIGHT] = [1080, 820];

/** Keeps each file open as long as its window is. */
export function createEvidenceWindows(deps: EvidenceWindowsDeps): EvidenceWindows {
  const { electron } = deps;
  const files = new Map<number, EvidenceFile>();
  const refuse = (reason: string): void => electron.dialog.showErrorBox(MESSAGES.evidence.notOpened, reason);
  const open = async (path: string): Promise<void> => {
    if (!isEvidenceName(path)) {
      refuse(MESSAGES.evidence.notEvidence);
      return;
    }
    let file: EvidenceFile;
    try {
      file = await openEvidenceFile(path);
    } catch {
      // Not there, not readable, not a file: to the person that is one thing.
      refuse(MESSAGES.evidence.noFile(path));
      return;
    }
    const window = makeWindow(deps);
    const { id } = window.webContents;
    files.set(id, file);
    window.once('closed', () => {
      files.delete(id);
      // It was open for reading only: nothing can be lost.
      file.close().catch(() => undefined);
    });
    await window.loadURL(PAGES.evidence).catch(() => undefined);
  };
  return {
    open,
    async ask() {
      const { canceled, filePaths } = await electron.dialog.showOpenDialog({
        properties: ['openFile', 'multiSelections'],
        filters: [{ name: MESSAGES.evidenceFilter, extensions: ['zip', 'evidence', 'tlog-proof'] }],
      });
      if (canceled) return;
      for (const path of filePaths) await open(path);
    },
    fileOf: (contents) => files.get(contents.id) ?? null,
    count: () => files.size,
  };
}

function makeWindow({ electron, session, preload, icon }: EvidenceWindowsDeps): BrowserWindow {
  const window = new electron.BrowserWindow({
    width: WIDTH,
    height: HEIGHT,
    show: false,
    title: 'Verify evidence',
    icon,
    webPreferences: { ...SAFE_WEB_PREFERENCES, session: session(), preload },
  });
  window.once('ready-to-show', () => window.show());
  return window;
}
