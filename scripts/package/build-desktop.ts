import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '#scripts/prepare.ts';
import { prepareApp } from './prepare-app.ts';
import { makeStandin } from './standin-electron.ts';

/**
 * `npm run package:desktop`: packages the desktop app for Linux as far as it goes without Electron's own
 * program, to see that everything is in its place: `dist/packages/linux-unpacked` and a Debian package.
 */

export const PACKAGES = join(ROOT, 'dist/packages');

const FPM_DEB = join(import.meta.dirname, 'fpm-deb.ts');
/** Where the stand-in lies. */
const STANDIN = join(ROOT, 'dist/electron-standin');

/**
 * Packages the app with the stand-in.
 *
 * @throws Error with electron-builder's own words
 */
export async function buildDesktop(): Promise<void> {
  await prepareApp();
  const { version } = JSON.parse(readFileSync(join(ROOT, 'node_modules/electron/package.json'), 'utf8')) as {
    version: string;
  };
  await makeStandin(STANDIN, version);
  const tools = mkdtempSync(join(tmpdir(), 'indelible-tools-'));
  try {
    const fpm = join(tools, 'fpm');
    // Quick rather than small: this package is looked at and thrown away.
    writeFileSync(fpm, `#!/bin/sh\nexec '${process.execPath}' '${FPM_DEB}' "$@" --deb-compression none\n`);
    chmodSync(fpm, 0o755);
    const builder = join(ROOT, 'node_modules/electron-builder/out/cli/cli.js');
    const made = spawnSync(
      process.execPath,
      [builder, '--linux', 'deb', '--publish', 'never', `-c.electronDist=${STANDIN}`],
      {
        cwd: ROOT,
        encoding: 'utf8',
        env: { ...process.env, CUSTOM_FPM_PATH: fpm },
      },
    );
    if (made.status !== 0) throw new Error(`electron-builder failed:\n${made.stdout}${made.stderr}`);
  } finally {
    rmSync(tools, { recursive: true, force: true });
  }
}

if (import.meta.main) await buildDesktop();
