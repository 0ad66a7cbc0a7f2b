import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleElectron } from '#scripts/bundle-electron.ts';
import { bundleServer, copySqlite, readPackage } from '#scripts/bundle-server.ts';
import { ROOT } from '#scripts/prepare.ts';
import { thirdPartyTerms } from './licenses.ts';

/**
 * `npm run package:app`: `dist/app`, the folder that electron-builder packs: the shell, the server beside it,
 * and the one package of machine code.
 */

/** From the project's folder. */
const APP = 'dist/app';

/**
 * Makes the folder anew.
 *
 * @param folder where to; what is there goes
 * @throws Error where something cannot be bundled
 */
export async function prepareApp(folder: string = join(ROOT, APP)): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await bundleServer(join(folder, 'server'));
  await bundleElectron(join(folder, 'electron'));
  copySqlite(join(folder, 'node_modules'), [`${process.platform}-${process.arch}`]);
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(packageFile(), null, 2)}\n`);
  writeFileSync(join(folder, 'THIRD-PARTY.txt'), thirdPartyTerms());
}

function packageFile(): Readonly<Record<string, unknown>> {
  const { version, description, license, dependencies } = readPackage();
  return {
    name: 'indelible',
    productName: 'Indelible',
    version,
    description,
    license,
    author: { name: 'Indelible authors', email: 'authors@indelible.dev' },
    homepage: 'https://indelible.dev',
    type: 'module',
    main: 'electron/main.mjs',
    desktopName: 'indelible.desktop',
    dependencies: { 'better-sqlite3': dependencies['better-sqlite3'] },
  };
}

if (import.meta.main) await prepareApp();
