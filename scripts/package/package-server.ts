import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleServer, copySqlite, readPackage } from '#scripts/bundle-server.ts';
import { ROOT } from '#scripts/prepare.ts';
import { thirdPartyTerms } from './licenses.ts';

/**
 * `npm run package:server`: the headless edition, an archive in `dist/packages`. It brings its own Node:
 * unpack it anywhere and run `bin/indelible start`.
 */

const PACKAGES = join(ROOT, 'dist/packages');
/** Pages that an operator needs where there is no network. */
const DOCS = ['OPERATIONS.md', 'REST.md', 'SEARCH.md', 'PROVING.md', 'LEDGER.md', 'SCALING.md', 'ERRORS.md'];
/** Follows links to itself, so that one in a `bin` folder of the PATH works. */
const LAUNCHER = `#!/bin/sh
here=$(CDPATH= cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
exec "$here/node" --max-semi-space-size=16 "$here/../lib/indelible.js" "$@"
`;

/** What was made. */
export interface ServerPackage {
  /** The folder that is in the archive. */
  readonly folder: string;
  readonly archive: string;
}

/**
 * Makes the folder and the archive anew, for this machine's kind of machine.
 *
 * @param packages folder to put both into
 * @throws Error where something cannot be bundled or archived
 */
export async function packageServer(packages: string = PACKAGES): Promise<ServerPackage> {
  const { version } = readPackage();
  const name = `indelible-server-${version}`;
  const folder = join(packages, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'bin'), { recursive: true });
  await bundleServer(join(folder, 'lib'));
  copySqlite(join(folder, 'lib/node_modules'), [`${process.platform}-${process.arch}`]);
  copyFileSync(process.execPath, join(folder, 'bin/node'));
  writeFileSync(join(folder, 'bin/indelible'), LAUNCHER);
  for (const program of ['node', 'indelible']) chmodSync(join(folder, 'bin', program), 0o755);
  mkdirSync(join(folder, 'docs'));
  for (const page of DOCS) cpSync(join(ROOT, 'docs', page), join(folder, 'docs', page));
  for (const file of ['LICENSE', 'README.md', 'CHANGELOG.md']) cpSync(join(ROOT, file), join(folder, file));
  cpSync(join(ROOT, 'scripts/package/indelible.service'), join(folder, 'indelible.service'));
  writeFileSync(join(folder, 'THIRD-PARTY.txt'), thirdPartyTerms());
  const archive = join(packages, `${name}-${process.platform}-${process.arch}.tar.gz`);
  const owner = ['--owner=0', '--group=0', '--numeric-owner', '--sort=name'];
  const made = spawnSync('tar', [...owner, '-czf', archive, '-C', packages, name], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`tar failed: ${made.stderr}${made.error?.message ?? ''}`);
  return { folder, archive };
}

if (import.meta.main) {
  const { archive } = await packageServer();
  console.log(archive);
}
