import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ElectronApi } from './electron-api.ts';

/** Starts the app when the person logs in. */
export interface LoginItem {
  /** Throws where the system refuses. */
  set(isOn: boolean): void;
}

export interface LoginItemDeps {
  readonly app: ElectronApi['app'];
  readonly platform: NodeJS.Platform;
  /** The program to start: of an AppImage the image itself. */
  readonly program: string;
  /** The folder of the desktop's autostart files; only used on Linux. */
  readonly autostartFolder: string;
}

const FILE = 'indelible.desktop';
/** Started that way the window stays away; only the tray, where there is one, shows it. */
export const HIDDEN_FLAG = '--hidden';

/** Uses what the system has for it; on Linux that is a file of the desktop's. */
export function createLoginItem({ app, platform, program, autostartFolder }: LoginItemDeps): LoginItem {
  return {
    set(isOn) {
      if (platform !== 'linux') {
        app.setLoginItemSettings({ openAtLogin: isOn, args: [HIDDEN_FLAG] });
        return;
      }
      const file = join(autostartFolder, FILE);
      if (!isOn) {
        rmSync(file, { force: true });
        return;
      }
      mkdirSync(autostartFolder, { recursive: true });
      writeFileSync(file, desktopEntry(program), { mode: 0o644 });
    },
  };
}

function desktopEntry(program: string): string {
  // A line of its own would be another command of the entry's.
  if (/\p{Cc}/u.test(program))
    throw new Error('The name of its folder has a character that cannot stand there.');
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Indelible',
    `Exec=${quoteArgument(program)} ${HIDDEN_FLAG}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/**
 * As the desktop entry specification asks: in quotes, what is special to it behind a backslash, `%` twice.
 */
function quoteArgument(text: string): string {
  const quoted = text.replace(/["`$\\]/g, '\\$&').replaceAll('%', '%%');
  // The value as a whole is a string of the entry's, in which a backslash is special once more.
  return `"${quoted}"`.replaceAll('\\', '\\\\');
}
