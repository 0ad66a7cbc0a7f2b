import { answerPages } from './answer-pages.ts';
import { appMenu, type MenuActs } from './app-menu.ts';
import { type Appliance, createAppliance } from './appliance.ts';
import { type PagePlaces, registerPageScheme } from './app-pages.ts';
import { openSessions } from './app-sessions.ts';
import { type ShellStatus, STATUS_CHANGED } from './bridge.ts';
import { LINK_SCHEME, readDeepLink } from './deep-link.ts';
import type { ElectronApi } from './electron-api.ts';
import { createEvidenceWindows, type EvidenceWindows } from './evidence-windows.ts';
import { openExternalLink } from './external-links.ts';
import { guardContents } from './guards.ts';
import { createLoginItem, HIDDEN_FLAG } from './login-item.ts';
import { createMainWindow, type MainWindow } from './main-window.ts';
import { MESSAGES } from './messages.ts';
import { type OpenedThings, readCommandLine } from './opened-things.ts';
import { originOf } from './origins.ts';
import { createProtectedKeys } from './protected-keys.ts';
import { createSecrets } from './secrets.ts';
import { openSettingsFile } from './settings-file.ts';
import { createPageAnswers, type PageAnswers } from './page-answers.ts';
import { quitInOrder } from './quit-in-order.ts';
import { type AppTray, createTray } from './tray.ts';
import type { Updates } from './updates.ts';

/** Where the shell runs, and what it is made of. */
export interface DesktopSurroundings {
  readonly platform: NodeJS.Platform;
  readonly argv: readonly string[];
  /** The environment for the server, already without what is not for it. */
  readonly serverEnv: Readonly<Record<string, string>>;
  readonly versions: { readonly electron: string; readonly chromium: string };
  /** The program that starts the app at login. */
  readonly program: string;
  readonly autostartFolder: string;
  readonly settingsFile: string;
  readonly places: PagePlaces & {
    readonly server: string;
    readonly preload: string;
    readonly icon: string;
    readonly trayIcon: string;
  };
  readonly clock: () => number;
  readonly updates: (onReady: (version: string) => void) => Updates;
  readonly restartDelaysMs?: readonly number[];
  readonly stopMs?: number;
}

/**
 * Runs the desktop app on an Electron.
 *
 * @returns whether it runs; where it does already, that one is shown and this one quits
 */
export async function startDesktop(
  electron: ElectronApi,
  surroundings: DesktopSurroundings,
): Promise<boolean> {
  const { app } = electron;
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return false;
  }
  registerPageScheme(electron.protocol);
  app.setAsDefaultProtocolClient(LINK_SCHEME);
  const opened = collectOpened(electron, surroundings);
  await app.whenReady();
  const desktop = createDesktop(electron, surroundings);
  opened.deliver(desktop.open);
  await desktop.start();
  return true;
}

/** What is to be opened may be said before the app is ready: it waits until then. */
function collectOpened({ app }: ElectronApi, { argv }: DesktopSurroundings) {
  let take: ((things: OpenedThings) => void) | null = null;
  const waiting: OpenedThings[] = [readCommandLine(argv, process.cwd())];
  const add = (things: OpenedThings): void => {
    if (take === null) waiting.push(things);
    else take(things);
  };
  app.on('second-instance', (_event, words, folder) => add(readCommandLine(words, folder)));
  app.on('open-url', (event, link) => {
    event.preventDefault();
    add({ links: [link], files: [] });
  });
  app.on('open-file', (event, path) => {
    event.preventDefault();
    add({ links: [], files: [path] });
  });
  return {
    deliver(open: (things: OpenedThings, isFirst: boolean) => void) {
      const links = waiting.flatMap((things) => things.links);
      const files = waiting.flatMap((things) => things.files);
      open({ links, files }, true);
      take = (things) => open(things, false);
    },
  };
}

/** The parts of the app, put together; nothing of it has started yet. */
function createDesktop(electron: ElectronApi, surroundings: DesktopSurroundings) {
  const { app } = electron;
  const { places, platform } = surroundings;
  const settings = openSettingsFile(surroundings.settingsFile);
  const secrets = createSecrets(electron.safeStorage, platform);
  const protectedKeys = createProtectedKeys(settings, secrets);
  const remoteUrl = (): string | null => settings.read().remote?.url ?? null;
  const sessions = openSessions(electron, places, () => appliance.status(), remoteUrl);
  const appliance = createAppliance({
    settings,
    secrets,
    protectedKeys,
    ownSession: sessions.own,
    remoteSession: sessions.remote,
    server: {
      fork: (entry, args, options) => electron.utilityProcess.fork(entry, args, options),
      entry: places.server,
      env: surroundings.serverEnv,
      clock: surroundings.clock,
      restartDelaysMs: surroundings.restartDelaysMs,
      stopMs: surroundings.stopMs,
    },
    onStatus: (status) => follow(status),
  });
  const tray = createTray(electron, places.trayIcon, platform, {
    open: () => opening.showAppliance(),
    quit: () => app.quit(),
  });
  const window = createMainWindow({
    electron,
    settings,
    preload: places.preload,
    icon: places.icon,
    session: () => (settings.read().remote === null ? sessions.own() : sessions.remote()),
    status: () => appliance.status(),
    hidesOnClose: () => !quitting.begun() && settings.read().keepRunning && tray !== null,
  });
  const evidence = createEvidenceWindows({
    electron,
    preload: places.preload,
    icon: places.icon,
    session: sessions.evidence,
  });
  const follow = (status: ShellStatus): void => {
    tray?.say(sentenceOf(status));
    window.follow(status);
    window.contents()?.send(STATUS_CHANGED, status);
  };
  const quitting = quitInOrder(electron, async () => {
    window.destroy();
    await appliance.stop();
    tray?.destroy();
  });
  const updates = surroundings.updates((version) => tellOfUpdate(electron, version));
  const parts: DesktopParts = { electron, surroundings, sessions, appliance, window, evidence, tray };
  const opening = createOpening(parts);
  const { channels, menu } = createPageAnswers({
    ...parts,
    settings,
    secrets,
    protectedKeys,
    loginItem: createLoginItem({ app, ...surroundings }),
    updates,
    remoteSession: sessions.remote,
  });
  answerPages(electron.ipcMain, channels, () => originOf(urlOf(appliance.status())));
  setMenu(electron, platform, menu);
  watchWindows(parts, opening.showAppliance);
  return { open: opening.open, start: () => updates.use(settings.read().updateUrl) };
}

/** What of the app the doors into it need. */
interface DesktopParts {
  readonly electron: ElectronApi;
  readonly surroundings: DesktopSurroundings;
  readonly sessions: ReturnType<typeof openSessions>;
  readonly appliance: Appliance;
  readonly window: MainWindow;
  readonly evidence: EvidenceWindows;
  readonly tray: AppTray | null;
}

function setMenu({ Menu, shell }: ElectronApi, platform: NodeJS.Platform, acts: PageAnswers['menu']): void {
  const openLink: MenuActs['openExternalLink'] = (name) => openExternalLink(shell, name);
  Menu.setApplicationMenu(Menu.buildFromTemplate(appMenu(platform, { ...acts, openExternalLink: openLink })));
}

function watchWindows({ electron, sessions, surroundings }: DesktopParts, showAppliance: () => void): void {
  const { app } = electron;
  app.on('web-contents-created', (_event, contents) => guardContents(contents, sessions.originsOf(contents)));
  // On a Mac an app stays without windows; elsewhere closing the last one means to quit.
  app.on('window-all-closed', () => (surroundings.platform === 'darwin' ? undefined : app.quit()));
  app.on('activate', showAppliance);
}

/** What is opened, and what that shows. */
function createOpening({ electron, surroundings, appliance, window, evidence, tray }: DesktopParts) {
  const startOnce = async (): Promise<void> => {
    if (appliance.status().kind === 'stopped') await appliance.start();
  };
  const showAppliance = (): void => {
    // First: whoever waits sees what for.
    window.show();
    void startOnce();
  };
  const open = ({ links, files }: OpenedThings, isFirst: boolean): void => {
    const opening = Promise.all(files.map((path) => evidence.open(path)));
    const [link] = links;
    const route = link === undefined ? null : readDeepLink(link);
    if (route !== null) window.goTo(route);
    if (link !== undefined && route === null)
      electron.dialog.showErrorBox(MESSAGES.link.notOpened, MESSAGES.link.reason);
    // Who double-clicks evidence wants to see that, not the appliance.
    const onlyFiles = files.length > 0 && link === undefined;
    const isHidden = isFirst && surroundings.argv.includes(HIDDEN_FLAG) && tray !== null;
    if (isHidden) void startOnce();
    else if (!onlyFiles) showAppliance();
    // Nothing of it could be opened: an app that shows nothing would seem not to have started.
    else void opening.then(() => (evidence.count() === 0 ? showAppliance() : undefined));
  };
  return { open, showAppliance };
}

function urlOf(status: ShellStatus): string {
  return status.kind === 'running' ? status.url : '';
}

function tellOfUpdate({ dialog }: ElectronApi, version: string): void {
  const { updateReady: message, updateDetail } = MESSAGES;
  void dialog.showMessageBox({ type: 'info', message, detail: updateDetail(version) });
}

function sentenceOf(status: ShellStatus): string {
  switch (status.kind) {
    case 'running':
      return status.isRemote ? MESSAGES.status.remote(status.url) : MESSAGES.status.running(status.url);
    case 'failed':
    case 'starting':
    case 'restarting':
    case 'stopped':
      return MESSAGES.status[status.kind];
  }
}
