import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Makes a Debian package with `dpkg-deb`, for electron-builder on a Debian machine that has no fpm: it is
 * called with fpm's arguments (`CUSTOM_FPM_PATH`) and knows those that electron-builder gives.
 */

export interface DebRequest {
  readonly options: ReadonlyMap<string, string>;
  readonly depends: readonly string[];
  readonly recommends: readonly string[];
  /** What goes where: `from` with a `/` at its end is a folder's content. */
  readonly files: readonly { readonly from: string; readonly to: string }[];
}

/** Reads fpm's arguments. Throws Error for what is none that electron-builder gives. */
export function readFpmArguments(given: readonly string[]): DebRequest {
  const options = new Map<string, string>();
  const [depends, recommends]: [string[], string[]] = [[], []];
  const files: { from: string; to: string }[] = [];
  const rest = [...given];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === '--force' || argument === '--debug') continue;
    if (!argument.startsWith('-')) {
      const at = argument.lastIndexOf('=');
      if (at === -1) throw new Error(`${argument} names no place`);
      files.push({ from: argument.slice(0, at), to: argument.slice(at + 1) });
      continue;
    }
    const value = rest.shift();
    if (value === undefined) throw new Error(`${argument} has no value`);
    if (argument === '-d') depends.push(value);
    else if (argument === '--deb-recommends') recommends.push(value);
    else options.set(argument.replace(/^-+/, ''), value);
  }
  if (options.get('s') !== 'dir' || options.get('t') !== 'deb') throw new Error('only a folder into a deb');
  return { options, depends, recommends, files };
}

/** The package's `control` file (Debian Policy 5.3). */
export function controlText({ options, depends, recommends }: DebRequest, installedKiB: number): string {
  const need = (name: string): string => {
    const value = options.get(name);
    if (value === undefined) throw new Error(`--${name} is missing`);
    return value;
  };
  const [synopsis = '', ...description] = need('description')
    .split('\n')
    .map((line) => line.trim());
  const lines = [
    `Package: ${need('name')}`,
    `Version: ${need('version')}`,
    `Architecture: ${need('architecture')}`,
    `Maintainer: ${need('maintainer')}`,
    `Installed-Size: ${installedKiB}`,
    ...(depends.length === 0 ? [] : [`Depends: ${depends.join(', ')}`]),
    ...(recommends.length === 0 ? [] : [`Recommends: ${recommends.join(', ')}`]),
    `Section: ${options.get('category') ?? 'misc'}`,
    `Priority: ${options.get('deb-priority') ?? 'optional'}`,
    `Homepage: ${need('url')}`,
    `Description: ${synopsis}`,
    ...description.map((line) => (line === '' ? ' .' : ` ${line}`)),
  ];
  return `${lines.join('\n')}\n`;
}

/** Makes the package that is asked for. Throws Error with dpkg-deb's own words. */
export function makeDeb(request: DebRequest): void {
  const staging = mkdtempSync(join(tmpdir(), 'indelible-deb-'));
  try {
    // The root of the package becomes the root of the machine it is installed on.
    chmodSync(staging, 0o755);
    for (const { from, to } of request.files) place(from, join(staging, to));
    const control = join(staging, 'DEBIAN');
    mkdirSync(control);
    writeFileSync(join(control, 'control'), controlText(request, Math.ceil(sizeOf(staging) / 1024)));
    for (const [option, script] of SCRIPTS) {
      const file = request.options.get(option);
      if (file === undefined) continue;
      copyFileSync(file, join(control, script));
      chmodSync(join(control, script), 0o755);
    }
    const target = request.options.get('package') ?? '';
    // dpkg-deb has the same names for ways to compress; fpm's default is gzip.
    const compress = `-Z${COMPRESSIONS.get(request.options.get('deb-compression') ?? 'gz') ?? 'gzip'}`;
    const made = spawnSync('dpkg-deb', [compress, '--build', '--root-owner-group', staging, target], {
      encoding: 'utf8',
    });
    if (made.status !== 0) throw new Error(`dpkg-deb failed: ${made.stderr}${made.error?.message ?? ''}`);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

const COMPRESSIONS: ReadonlyMap<string, string> = new Map([
  ['none', 'none'],
  ['gz', 'gzip'],
  ['xz', 'xz'],
  ['zst', 'zstd'],
]);

const SCRIPTS = [
  ['after-install', 'postinst'],
  ['after-remove', 'postrm'],
] as const;

function place(from: string, to: string): void {
  mkdirSync(from.endsWith('/') ? to : dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}

function sizeOf(path: string): number {
  if (lstatSync(path).isSymbolicLink()) return 0;
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

if (import.meta.main) {
  try {
    makeDeb(readFpmArguments(process.argv.slice(2)));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
