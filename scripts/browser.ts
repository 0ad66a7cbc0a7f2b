import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Finds the browser that the tests drive, and says how to install one. */

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const PLACES = [
  '/usr/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/**
 * The Chromium to use: what `CHROMIUM_PATH` names, else one at its usual place or on the PATH; `null` where
 * there is none.
 *
 * @throws Error when `CHROMIUM_PATH` names something that cannot be run
 */
export function findChromium(env: NodeJS.ProcessEnv): string | null {
  const named = env['CHROMIUM_PATH'];
  if (named !== undefined && named !== '') {
    if (!isExecutable(named)) throw new Error(`CHROMIUM_PATH names ${named}, which cannot be run`);
    return named;
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...PLACES, ...onPath].find(isExecutable) ?? null;
}

/** One command that installs a Chromium on this kind of machine. */
export function chromiumCommand(platform: NodeJS.Platform, env: NodeJS.ProcessEnv, isRoot: boolean): string {
  if (platform === 'darwin') return 'brew install --cask chromium';
  if (platform === 'win32') return 'winget install --id Google.Chrome';
  const has = (program: string) =>
    (env['PATH'] ?? '').split(delimiter).some((folder) => isExecutable(join(folder, program)));
  const sudo = isRoot ? '' : 'sudo ';
  if (has('dnf')) return `${sudo}dnf install -y chromium`;
  if (has('pacman')) return `${sudo}pacman -S --noconfirm chromium`;
  if (has('apk')) return `${sudo}apk add chromium`;
  return `${sudo}apt-get install -y chromium`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Not there or not ours to run: either way it is no browser for us.
    return false;
  }
}
