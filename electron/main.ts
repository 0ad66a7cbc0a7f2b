import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as electron from 'electron';
import { startDesktop } from './desktop.ts';
import { createUpdates } from './updates.ts';

/**
 * The entry of the desktop app: what it is made of lies beside it, the server in a folder next to its own.
 */

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What starts with one of these is for programs that are started by hand, or would change what Node does. */
const NOT_FOR_THE_SERVER = /^(?:NODE_|ELECTRON_|INDELIBLE_|DATABASE_|AUDIT_|WORKER_|LOG_LEVEL$|HOST$|PORT$)/;

function serverEnv(): Readonly<Record<string, string>> {
  const kept = Object.entries(process.env).filter(([name]) => !NOT_FOR_THE_SERVER.test(name));
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/**
 * The server is not run out of the archive: its threads and its machine code are files of their own, which
 * packaging leaves beside it.
 */
const unpacked = (path: string): string => path.replace(/\bapp\.asar(?=[\\/])/, 'app.asar.unpacked');

const { env, platform } = process;
const icons = here('./icons');

startDesktop(electron, {
  platform,
  argv: process.argv,
  serverEnv: serverEnv(),
  versions: { electron: process.versions.electron, chromium: process.versions['chrome'] ?? '' },
  // An AppImage is mounted anew at each start: only the image itself has a place that lasts.
  program: env['APPIMAGE'] ?? process.execPath,
  autostartFolder: join(env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'autostart'),
  settingsFile: join(electron.app.getPath('userData'), 'settings.json'),
  places: {
    server: unpacked(here('../server/utility-process.js')),
    verifyPage: unpacked(here('../server/verify.html')),
    pages: here('./pages'),
    preload: here('./preload.cjs'),
    icon: join(icons, 'icon.png'),
    trayIcon: join(icons, platform === 'darwin' ? 'tray-mac.png' : 'tray.png'),
  },
  clock: Date.now,
  updates: (onReady) =>
    createUpdates({ load: async () => (await import('electron-updater')).autoUpdater, onReady }),
}).catch((error: unknown) => {
  electron.dialog.showErrorBox('Indelible', error instanceof Error ? error.message : String(error));
  electron.app.exit(1);
});
