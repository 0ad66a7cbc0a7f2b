import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ROOT } from '#scripts/prepare.ts';

/**
 * `npm run package:smoke`: starts the packaged app as a person would, waits until its server is ready, and
 * ends it. It needs the real Electron and, on Linux, a display.
 */

/** A first start makes the database and the keys. */
const READY_MS = 60_000;
const LOOK_AGAIN_MS = 250;

/** The program that electron-builder made on this kind of machine. Throws Error where there is none. */
export function findProgram(packages: string = join(ROOT, 'dist/packages')): string {
  const folder = readdirSync(packages).find(
    (name) => /^(?:linux|win|mac).*/.test(name) && !name.includes('.'),
  );
  if (folder === undefined) throw new Error(`there is no packaged app in ${packages}`);
  const program = {
    darwin: 'Indelible.app/Contents/MacOS/Indelible',
    win32: 'Indelible.exe',
  }[process.platform as 'darwin' | 'win32'];
  return join(packages, folder, program ?? 'indelible');
}

async function smoke(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'indelible-smoke-'));
  const places = {
    HOME: home,
    XDG_DATA_HOME: home,
    XDG_CONFIG_HOME: home,
    LOCALAPPDATA: home,
    APPDATA: home,
  };
  const app = spawn(findProgram(), [`--user-data-dir=${join(home, 'app')}`], {
    env: { ...process.env, ...places },
    stdio: 'inherit',
  });
  try {
    const url = await readyUrl(home, app);
    const { status } = await fetch(`${url}/readyz`);
    if (status !== 200) throw new Error(`${url}/readyz answered ${status}`);
    console.log(`The packaged app is ready at ${url}.`);
  } finally {
    app.kill();
    if (app.exitCode === null && app.signalCode === null) await once(app, 'exit');
    rmSync(home, { recursive: true, force: true });
  }
}

/** The server says in its data folder where it listens. */
async function readyUrl(home: string, app: ChildProcess): Promise<string> {
  for (let waitedMs = 0; waitedMs < READY_MS; waitedMs += LOOK_AGAIN_MS) {
    if (app.exitCode !== null) throw new Error(`the app ended with ${app.exitCode}`);
    const url = holderUrl(home);
    if (url !== null) return url;
    await delay(LOOK_AGAIN_MS);
  }
  throw new Error(`the app's server was not ready after ${READY_MS / 1000} s`);
}

function holderUrl(home: string): string | null {
  const found = readdirSync(home, { recursive: true, encoding: 'utf8' }).find((name) =>
    name.endsWith('holder.json'),
  );
  if (found === undefined || !existsSync(join(home, found))) return null;
  const { url } = JSON.parse(readFileSync(join(home, found), 'utf8')) as { url: string | null };
  return url;
}

if (import.meta.main) await smoke();
