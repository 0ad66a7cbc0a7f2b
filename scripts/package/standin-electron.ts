import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { createPackage } from '@electron/asar';

/**
 * Makes a folder that electron-builder takes for Electron, on machines that cannot fetch the real one: Node
 * under Electron's name, with Electron's fuses at its end. What is packaged with it has everything of a
 * package but windows.
 */

/** How `@electron/fuses` finds the fuses in a program. */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const FUSES_VERSION = 1;
/** As Electron 45 is delivered: `1` is on, `0` is off. */
const FUSES = '101100011';
/** Files that electron-builder touches or expects. */
const PLACEHOLDERS = ['LICENSE', 'LICENSES.chromium.html', 'version', 'chrome-sandbox', 'icudtl.dat'];

/**
 * Makes the folder anew.
 *
 * @param folder where to; what is there goes
 * @param version of Electron that it stands for
 */
export async function makeStandin(folder: string, version: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'resources'), { recursive: true });
  mkdirSync(join(folder, 'locales'));
  const program = join(folder, 'electron');
  copyFileSync(process.execPath, program);
  const fuses = Buffer.concat([
    Buffer.from(SENTINEL),
    Buffer.from([FUSES_VERSION, FUSES.length]),
    Buffer.from(FUSES),
  ]);
  writeFileSync(program, Buffer.concat([readFileSync(program), fuses]));
  chmodSync(program, 0o755);
  for (const name of PLACEHOLDERS)
    writeFileSync(join(folder, name), name === 'version' ? version : `${name}\n`);
  writeFileSync(join(folder, 'locales/en-US.pak'), '');
  // electron-builder takes the app that Electron brings with it out of the way; it must be an archive.
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  writeFileSync(join(empty, 'main.js'), '');
  await createPackage(empty, join(folder, 'resources/default_app.asar'));
  rmSync(empty, { recursive: true });
}
