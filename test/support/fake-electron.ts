import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ForkOptions, MenuItemConstructorOptions, Rectangle } from 'electron';
import type { ElectronApi } from '#electron/electron-api.ts';
import { createFakeSession, type FakeSession } from './fake-session.ts';

/**
 * What the shell uses of Electron, without a screen. It starts real processes and makes real requests;
 * windows load their addresses, and are seen by nobody.
 */
export interface FakeElectron {
  readonly api: ElectronApi;
  readonly app: EventEmitter;
  readonly windows: readonly FakeWindow[];
  /** Processes that were forked, the running ones and those that ended. */
  readonly processes: readonly ChildProcess[];
  readonly dialogs: { readonly kind: string; readonly text: string }[];
  readonly trays: { tooltip: string }[];
  readonly openedOutside: string[];
  readonly copied: string[];
  readonly loginItems: object[];
  session(partition: string): FakeSession;
  /** As a page in that window asks: from an address, by a channel. */
  ask(window: FakeWindow, channel: string, ...values: readonly unknown[]): Promise<unknown>;
  /** Chooses an item of the application's menu by its label. */
  choose(label: string): void;
  /** What the next open dialog answers. */
  answerOpenDialog(paths: readonly string[]): void;
  /** What the next save dialog answers; `null`: the person closes it. */
  answerSaveDialog(path: string | null): void;
  /** Quits as a person does; resolves when the app has quit. */
  quit(): Promise<void>;
  readonly hasQuit: boolean;
}

export interface FakeElectronOptions {
  readonly isSecondInstance?: boolean;
  readonly hasTray?: boolean;
  /** `null`: there is no keychain. */
  readonly keychain?: 'gnome_libsecret' | 'basic_text' | 'unknown' | null;
  /** As when the system's keychain was made anew: what it had encrypted before does not open any more. */
  readonly isKeychainReset?: boolean;
  readonly workAreas?: readonly Rectangle[];
}

const PARENT_PORT = fileURLToPath(new URL('./fake-parent-port.mjs', import.meta.url));
const WORK_AREA = { x: 0, y: 0, width: 1920, height: 1080 };

/** Emits as Electron does: with an event whose default can be prevented. */
export class FakeContents extends EventEmitter {
  static made = 0;
  readonly id = ++FakeContents.made;
  readonly session: unknown;
  readonly fake: FakeSession;
  readonly sent: { readonly channel: string; readonly value: unknown }[] = [];
  readonly downloads: string[] = [];
  readonly mainFrame: { readonly url: string };
  url = '';
  opener: (details: { url: string }) => { action: string } = () => ({ action: 'allow' });

  constructor(fake: FakeSession) {
    super();
    this.fake = fake;
    this.session = fake.electron;
    const read = (): string => this.url;
    this.mainFrame = {
      get url() {
        return read();
      },
    };
  }
  getURL(): string {
    return this.url;
  }
  send(channel: string, value: unknown): void {
    this.sent.push({ channel, value });
  }
  setWindowOpenHandler(opener: typeof this.opener): void {
    this.opener = opener;
  }
  downloadURL(url: string): void {
    this.downloads.push(url);
  }
  reload(): void {
    void this.fake.request(this.url);
  }
  /** Whether the page may be led to an address. */
  mayGo(url: string, how = 'will-navigate'): boolean {
    let isPrevented = false;
    this.emit(how, { url, preventDefault: () => (isPrevented = true) });
    return !isPrevented;
  }
}

export class FakeWindow extends EventEmitter {
  readonly options: { readonly webPreferences: Readonly<Record<string, unknown>> } & Rectangle;
  readonly webContents: FakeContents;
  readonly loads: { readonly url: string; readonly status: number }[] = [];
  isShown = false;
  isGone = false;
  isFocused = false;

  constructor(options: FakeWindow['options'], fake: FakeSession) {
    super();
    this.options = options;
    this.webContents = new FakeContents(fake);
  }
  async loadURL(url: string): Promise<void> {
    this.webContents.url = url;
    const response = await this.webContents.fake.request(url.replace(/#.*$/s, ''));
    this.loads.push({ url, status: response.status });
    this.emit('ready-to-show');
  }
  show(): void {
    this.isShown = true;
  }
  hide(): void {
    this.isShown = false;
  }
  focus(): void {
    this.isFocused = true;
  }
  maximize(): void {}
  restore(): void {}
  isMinimized(): boolean {
    return false;
  }
  isMaximized(): boolean {
    return false;
  }
  getNormalBounds(): Rectangle {
    const { x, y, width, height } = this.options;
    return { x, y, width, height };
  }
  /** As a person closes it. */
  close(): void {
    let isPrevented = false;
    this.emit('close', { preventDefault: () => (isPrevented = true) });
    if (!isPrevented) this.destroy();
  }
  destroy(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.isShown = false;
    this.emit('closed');
  }
}

/** What the fake remembers of all that the shell did. */
function createNotes() {
  return {
    windows: [] as FakeWindow[],
    sessions: new Map<string, FakeSession>(),
    processes: [] as ChildProcess[],
    dialogs: [] as { kind: string; text: string }[],
    trays: [] as { tooltip: string }[],
    openedOutside: [] as string[],
    copied: [] as string[],
    handlers: new Map<string, (event: object, ...values: readonly unknown[]) => unknown>(),
    menu: [] as readonly MenuItemConstructorOptions[],
    chosen: [] as readonly string[],
    saved: null as string | null,
  };
}

type Notes = ReturnType<typeof createNotes>;
type App = ReturnType<typeof createApp>;

function sessionOf({ sessions }: Notes, partition: string): FakeSession {
  const known = sessions.get(partition) ?? createFakeSession(partition);
  sessions.set(partition, known);
  return known;
}

function windowClass(notes: Notes, app: App) {
  const fakeOf = (electron: unknown): FakeSession => {
    const found = [...notes.sessions.values()].find((one) => one.electron === electron);
    if (!found) throw new Error('The window has no session of its own.');
    return found;
  };
  return class BrowserWindow extends FakeWindow {
    constructor(given: FakeWindow['options']) {
      super(given, fakeOf(given.webPreferences['session']));
      notes.windows.push(this);
      app.emit('web-contents-created', {}, this.webContents);
      this.once('closed', () => {
        if (notes.windows.every(({ isGone }) => isGone)) app.emit('window-all-closed');
      });
    }
  };
}

function trayClass({ trays }: Notes, hasTray: boolean) {
  return class Tray extends EventEmitter {
    readonly kept = { tooltip: '' };
    constructor() {
      super();
      if (!hasTray) throw new Error('There is no tray on this desktop.');
      trays.push(this.kept);
    }
    setToolTip(text: string): void {
      this.kept.tooltip = text;
    }
    setContextMenu(): void {}
    destroy(): void {}
  };
}

function createDialog(notes: Notes) {
  return {
    showErrorBox: (title: string, content: string) =>
      notes.dialogs.push({ kind: 'error', text: `${title}: ${content}` }),
    showMessageBox: async ({ message }: { message: string }) =>
      notes.dialogs.push({ kind: 'info', text: message }),
    showSaveDialog: async () => ({ canceled: notes.saved === null, filePath: notes.saved ?? '' }),
    showOpenDialog: async () => ({ canceled: notes.chosen.length === 0, filePaths: [...notes.chosen] }),
  };
}

/** An Electron that is ready at once. */
export function createFakeElectron(options: FakeElectronOptions = {}): FakeElectron {
  const { keychain = 'gnome_libsecret', hasTray = true, workAreas = [WORK_AREA] } = options;
  const app = createApp(options.isSecondInstance === true);
  const notes = createNotes();
  const api = {
    app,
    BrowserWindow: windowClass(notes, app),
    Tray: trayClass(notes, hasTray),
    clipboard: { writeText: async (text: string) => void notes.copied.push(text) },
    dialog: createDialog(notes),
    ipcMain: { handle: (channel: string, handler: never) => void notes.handlers.set(channel, handler) },
    Menu: {
      buildFromTemplate: (template: readonly MenuItemConstructorOptions[]) => template,
      setApplicationMenu: (template: readonly MenuItemConstructorOptions[]) => (notes.menu = template),
    },
    nativeImage: { createFromPath: (path: string) => path },
    protocol: { registerSchemesAsPrivileged: () => undefined },
    safeStorage: createSafeStorage(keychain, options.isKeychainReset === true ? 0x33 : 0x5a),
    screen: {
      getPrimaryDisplay: () => ({ id: 0, workArea: workAreas[0] }),
      getAllDisplays: () => workAreas.map((workArea, id) => ({ id, workArea })),
    },
    session: { fromPartition: (partition: string) => sessionOf(notes, partition).electron },
    shell: {
      openExternal: async (url: string) => void notes.openedOutside.push(url),
      openPath: async (path: string) => (notes.openedOutside.push(path), ''),
    },
    utilityProcess: {
      fork: (entry: string, args: string[], given: ForkOptions) =>
        forkFake(entry, args, given, notes.processes),
    },
  };
  return toFake(api as never, app, notes);
}

function toFake(api: ElectronApi, app: App, notes: Notes): FakeElectron {
  return {
    ...notes,
    api,
    app,
    loginItems: app.loginItems,
    session: (partition) => sessionOf(notes, partition),
    async ask({ webContents: sender }, channel, ...values) {
      const handler = notes.handlers.get(channel);
      if (!handler) throw new Error(`Nothing answers ${channel}.`);
      return await handler({ sender, senderFrame: sender.mainFrame }, ...values);
    },
    choose(label) {
      const items = notes.menu.flatMap(
        ({ submenu }) => (submenu ?? []) as readonly MenuItemConstructorOptions[],
      );
      const item = items.find((one) => one.label === label);
      if (!item?.click) throw new Error(`The menu has no ${label}.`);
      (item.click as () => void)();
    },
    answerOpenDialog: (paths) => (notes.chosen = paths),
    answerSaveDialog: (path) => (notes.saved = path),
    quit: () => app.quitNow(),
    get hasQuit() {
      return app.hasQuit;
    },
  };
}

function createApp(isSecondInstance: boolean) {
  const ended = Promise.withResolvers<void>();
  class App extends EventEmitter {
    hasQuit = false;
    readonly loginItems: object[] = [];
    readonly schemes: string[] = [];
    requestSingleInstanceLock = (): boolean => !isSecondInstance;
    setAsDefaultProtocolClient = (scheme: string): number => this.schemes.push(scheme);
    setLoginItemSettings = (item: object): number => this.loginItems.push(item);
    whenReady = async (): Promise<void> => undefined;
    getVersion = (): string => '0.1.0';
    quit(): void {
      let isPrevented = false;
      this.emit('before-quit', { preventDefault: () => (isPrevented = true) });
      if (isPrevented) return;
      this.hasQuit = true;
      ended.resolve();
    }
    async quitNow(): Promise<void> {
      this.quit();
      await ended.promise;
    }
  }
  return new App();
}

function createSafeStorage(keychain: FakeElectronOptions['keychain'], key: number) {
  const flip = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => byte ^ key));
  return {
    isAsyncEncryptionAvailable: async () => keychain !== null,
    getSelectedStorageBackend: () => keychain,
    encryptStringAsync: async (text: string) => Buffer.concat([Buffer.from([key]), flip(Buffer.from(text))]),
    async decryptStringAsync(sealed: Buffer) {
      if (sealed[0] !== key) throw new Error('The keychain does not open this.');
      return { shouldReEncrypt: false, result: flip(sealed.subarray(1)).toString() };
    },
  };
}

/** A real process with the port that Electron gives to one. */
function forkFake(
  entry: string,
  args: string[],
  options: ForkOptions,
  processes: ChildProcess[],
): EventEmitter {
  const child = fork(entry, args, {
    execArgv: ['--import', PARENT_PORT, ...(options.execArgv ?? [])],
    env: options.env as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  processes.push(child);
  const port = new EventEmitter();
  child.on('message', (message) => port.emit('message', message));
  child.on('exit', (code) => port.emit('exit', code ?? 1));
  return Object.assign(port, {
    stdout: child.stdout,
    stderr: child.stderr,
    pid: child.pid,
    postMessage: (message: object) => void child.send(message),
    kill: () => child.kill('SIGKILL'),
  });
}
