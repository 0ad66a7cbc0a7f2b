import type { BrowserWindow, Session, WebContents } from 'electron';
import { PAGES } from './app-pages.ts';
import type { ShellStatus } from './bridge.ts';
import type { ElectronApi } from './electron-api.ts';
import { SHELL_ORIGIN, originOf } from './origins.ts';
import type { SettingsFile } from './settings-file.ts';
import { fitWindow, HEIGHT_MIN, WIDTH_MIN } from './window-state.ts';

/** The one window that shows the appliance, or why it does not. */
export interface MainWindow {
  /** Brings it to the front; makes it where there is none. */
  show(): void;
  /** What is going on changed: the window follows. */
  follow(status: ShellStatus): void;
  /** Goes to a place of the appliance's page, now or as soon as it is there. */
  goTo(route: string): void;
  /** Shows the settings, and what was there before when they are closed. */
  openSettings(): void;
  closeSettings(): void;
  contents(): WebContents | null;
  /** Address of what is shown, for the clipboard; `null` where the appliance is not. */
  address(): string | null;
  /** Ends the window, whatever closing it means otherwise. */
  destroy(): void;
}

export interface MainWindowDeps {
  readonly electron: Pick<ElectronApi, 'BrowserWindow' | 'screen'>;
  readonly settings: SettingsFile;
  readonly preload: string;
  readonly icon: string;
  /** The session of what is shown now. */
  readonly session: () => Session;
  readonly status: () => ShellStatus;
  /** Whether closing the window is to leave it hidden. */
  readonly hidesOnClose: () => boolean;
}

/** Options that every window of the app has: its pages are as powerless as a browser's. */
export const SAFE_WEB_PREFERENCES = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  spellcheck: false,
} as const;

/** Makes the window when it is first shown. */
export function createMainWindow(deps: MainWindowDeps): MainWindow {
  let window: BrowserWindow | null = null;
  let session: Session | null = null;
  let showsSettings = false;
  let route = '';

  const rememberRoute = (): void => {
    const shown = window === null ? null : routeOf(window.webContents.getURL());
    if (shown !== null) route = shown;
  };
  const load = (): void => {
    if (window === null) return;
    const address = addressOf(deps.status(), showsSettings, route);
    if (window.webContents.getURL() === address) return;
    // A load that another one takes the place of is rejected: that other one is what is wanted.
    window.loadURL(address).catch(() => undefined);
  };
  const open = (): void => {
    session = deps.session();
    const made = makeWindow(deps, session);
    window = made;
    made.once('closed', () => {
      // Another one may have taken its place already.
      if (window === made) window = null;
    });
    load();
  };
  const showSettings = (isOn: boolean): void => {
    showsSettings = isOn;
    load();
  };
  const replaceIfOther = (): void => {
    // A window keeps the session it was made with: what the remote appliance's page keeps is not the own
    // one's.
    if (window === null || session === deps.session()) return;
    const old = window;
    keepState(deps.settings, old);
    open();
    old.destroy();
  };
  return {
    show: () => (window === null ? open() : bringToFront(window)),
    follow(status) {
      rememberRoute();
      if (status.kind === 'stopped') return;
      replaceIfOther();
      load();
    },
    goTo(next) {
      route = next;
      showSettings(false);
    },
    openSettings() {
      rememberRoute();
      showSettings(true);
    },
    closeSettings: () => showSettings(false),
    contents: () => window?.webContents ?? null,
    address() {
      const url = window?.webContents.getURL() ?? '';
      return routeOf(url) === null ? null : url;
    },
    destroy() {
      if (window !== null) keepState(deps.settings, window);
      window?.destroy();
      window = null;
    },
  };
}

function bringToFront(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

function makeWindow(deps: MainWindowDeps, session: Session): BrowserWindow {
  const { electron, settings } = deps;
  const main = electron.screen.getPrimaryDisplay();
  const others = electron.screen.getAllDisplays().filter(({ id }) => id !== main.id);
  const areas = [main, ...others].map(({ workArea }) => workArea);
  const { bounds, isMaximized } = fitWindow(settings.read().window, areas);
  const window = new electron.BrowserWindow({
    ...bounds,
    minWidth: WIDTH_MIN,
    minHeight: HEIGHT_MIN,
    show: false,
    title: 'Indelible',
    icon: deps.icon,
    webPreferences: { ...SAFE_WEB_PREFERENCES, session, preload: deps.preload },
  });
  if (isMaximized) window.maximize();
  window.once('ready-to-show', () => window.show());
  window.on('close', (event) => {
    keepState(settings, window);
    if (!deps.hidesOnClose()) return;
    event.preventDefault();
    window.hide();
  });
  return window;
}

function addressOf(status: ShellStatus, showsSettings: boolean, route: string): string {
  if (showsSettings) return PAGES.settings;
  return status.kind === 'running' ? `${status.url}/${route}` : PAGES.status;
}

/** The place in the appliance's page, from `#` on; `null` where another page is shown. */
function routeOf(address: string): string | null {
  const origin = originOf(address);
  return origin === null || origin === SHELL_ORIGIN ? null : new URL(address).hash;
}

function keepState(settings: SettingsFile, window: BrowserWindow): void {
  try {
    settings.change({ window: { bounds: window.getNormalBounds(), isMaximized: window.isMaximized() } });
  } catch {
    // A full disk: next time the window is where it was before.
  }
}
