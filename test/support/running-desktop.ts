import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import type { ShellStatus } from '#electron/bridge.ts';
import { type DesktopSurroundings, startDesktop } from '#electron/desktop.ts';
import { systemClock } from '#server/clock.ts';
import {
  createFakeElectron,
  type FakeElectron,
  type FakeElectronOptions,
  type FakeWindow,
} from './fake-electron.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The desktop app on an Electron without a screen, with the real server. */
export interface RunningDesktop extends FakeElectron {
  /** The folder of the app's settings; the data folder unless another is chosen. */
  readonly home: string;
  readonly dataDir: string;
  /** The one main window. */
  window(): FakeWindow;
  /** What the shell's pages are told. */
  status(): ShellStatus | null;
  /** Waits until the shell is in a state. */
  until<Kind extends ShellStatus['kind']>(kind: Kind): Promise<Extract<ShellStatus, { readonly kind: Kind }>>;
  /** Asks the appliance with the window's own cookies, as its page does. */
  graphql(query: string): Promise<unknown>;
  readonly feeds: (string | null)[];
}

export interface DesktopOptions extends FakeElectronOptions {
  /** The folder of the bundled server. */
  readonly server: string;
  readonly home?: string;
  readonly dataDir?: string;
  readonly argv?: readonly string[];
  readonly restartDelaysMs?: readonly number[];
  readonly stopMs?: number;
  readonly platform?: NodeJS.Platform;
}

const PAGES = join(import.meta.dirname, '../../electron/pages');
const WAIT = { timeout: 60_000, interval: 20 };

/** Starts the app; it has quit when the test ends. */
export async function runDesktop(options: DesktopOptions): Promise<RunningDesktop> {
  const home = options.home ?? temporaryFolder();
  const dataDir = options.dataDir ?? join(home, 'xdg', 'indelible');
  const fake = createFakeElectron(options);
  const feeds: (string | null)[] = [];
  const told: { last: ShellStatus | null } = { last: null };
  onTestFinished(async () => {
    await fake.quit();
    for (const child of fake.processes) child.kill('SIGKILL');
  });
  await startDesktop(fake.api, surroundingsOf(options, home, feeds));
  const window = (): FakeWindow => {
    const [found] = fake.windows.filter(
      ({ isGone, webContents }) => !isGone && webContents.fake.partition !== 'evidence',
    );
    if (!found) throw new Error('There is no main window.');
    return found;
  };
  const status = (): ShellStatus | null => {
    const sent = fake.windows.flatMap(({ webContents }) => webContents.sent);
    told.last = (sent.at(-1)?.value as ShellStatus | undefined) ?? null;
    return told.last;
  };
  const until: RunningDesktop['until'] = (kind) =>
    vi.waitFor(() => {
      const now = status();
      expect(now?.kind, JSON.stringify(now)).toBe(kind);
      return now as never;
    }, WAIT);
  return {
    ...fake,
    get hasQuit() {
      return fake.hasQuit;
    },
    home,
    dataDir,
    feeds,
    window,
    status,
    until,
    async graphql(query) {
      const { url } = await until('running');
      const response = await window().webContents.fake.request(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-indelible-csrf': '1' },
        body: JSON.stringify({ query }),
      });
      const answer = (await response.json()) as { data: unknown; errors?: unknown };
      expect(answer.errors).toBeUndefined();
      return answer.data;
    },
  };
}

function surroundingsOf(
  options: DesktopOptions,
  home: string,
  feeds: (string | null)[],
): DesktopSurroundings {
  return {
    platform: options.platform ?? 'linux',
    argv: ['indelible', ...(options.argv ?? [])],
    serverEnv: { PATH: process.env['PATH'] ?? '', XDG_DATA_HOME: join(home, 'xdg'), HOME: home },
    versions: { electron: '45.4.1', chromium: '156' },
    program: '/opt/Indelible/indelible',
    autostartFolder: join(home, 'autostart'),
    settingsFile: join(home, 'settings.json'),
    places: {
      pages: PAGES,
      verifyPage: join(options.server, 'verify.html'),
      server: join(options.server, 'utility-process.js'),
      preload: '/preload.cjs',
      icon: '/icon.png',
      trayIcon: '/tray.png',
    },
    clock: systemClock,
    updates: () => ({ use: async (url) => void feeds.push(url) }),
    ...(options.restartDelaysMs ? { restartDelaysMs: options.restartDelaysMs } : {}),
    ...(options.stopMs === undefined ? {} : { stopMs: options.stopMs }),
  };
}
