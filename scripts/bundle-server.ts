import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, type Plugin } from 'rolldown';
import { THREADS } from '#server/places.ts';
import { prepare, ROOT } from './prepare.ts';

/**
 * Makes `dist/server`: the appliance in one folder that runs with plain Node, wherever it lies. Beside it, in
 * a `node_modules`, it needs the one package that is no JavaScript; `copySqlite` puts it there.
 */

/** From the project's folder. */
export const SERVER_BUNDLE = 'dist/server';

/** Programs of the bundle by the names they get, and what each is made from. */
const PROGRAMS: Readonly<Record<string, string>> = {
  main: 'server/standalone.ts',
  'utility-process': 'server/utility-process.ts',
  indelible: 'server/cli/indelible.ts',
  ...Object.fromEntries(THREADS.map((name) => [name, `server/${name}.ts`])),
};

/** What lies beside the programs: from where in the project, and where in the bundle. */
const FILES: readonly (readonly [from: string, to: string])[] = [
  ['dist/ui', 'ui'],
  ['dist/verify.html', 'verify.html'],
  ['prisma/sqlite/migrations', 'migrations/sqlite'],
  ['prisma/postgres/migrations', 'migrations/postgres'],
  ['LICENSE', 'LICENSE'],
];

/** Holds machine code, so it is not bundled. */
const NATIVE = 'better-sqlite3';
/** What of it is not needed to run: its sources and SQLite's. */
const NATIVE_SOURCES = new Set(['binding.gyp', 'deps', 'src']);

/** What packages are told of the project. */
export interface PackageFile {
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Nothing has to be made for a server that is bundled: everything it needs was made before. */
const NOTHING_TO_PREPARE: Plugin = {
  name: 'nothing-to-prepare',
  resolveId: (source) => (source === '#scripts/prepare.ts' ? '\0prepared' : null),
  load: (id) => (id === '\0prepared' ? 'export const prepare = () => undefined;' : null),
};

/**
 * Makes the bundle anew, out of what `prepare` has made.
 *
 * @param folder where to; what is there goes
 * @throws Error where something cannot be bundled
 */
export async function bundleServer(folder: string = join(ROOT, SERVER_BUNDLE)): Promise<void> {
  // A chunk of an earlier bundle would be shipped with this one.
  rmSync(folder, { recursive: true, force: true });
  await build({
    cwd: ROOT,
    input: { ...PROGRAMS },
    platform: 'node',
    // pg looks for its native half and goes on without.
    external: [NATIVE, 'pg-native'],
    // graphql has no exports map: all must get the same one of its two forms.
    resolve: { mainFields: ['main', 'module'] },
    plugins: [NOTHING_TO_PREPARE],
    logLevel: 'warn',
    checks: { eval: false },
    output: {
      dir: folder,
      format: 'esm',
      // All in one folder: a chunk finds what lies beside the programs beside itself.
      entryFileNames: '[name].js',
      chunkFileNames: 'chunk-[name]-[hash].js',
      comments: { legal: true },
      keepNames: true,
    },
  });
  for (const [from, to] of FILES) cpSync(join(ROOT, from), join(folder, to), { recursive: true });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(packageFile(), null, 2)}\n`);
}

/** The bundle's own: Node reads from it that these are modules, and the server its version. */
function packageFile(): Readonly<Record<string, unknown>> {
  const { version, license, dependencies } = readPackage();
  return {
    name: 'indelible-server',
    private: true,
    version,
    license,
    type: 'module',
    engines: { node: '>=24' },
    bin: { indelible: './indelible.js' },
    dependencies: { [NATIVE]: dependencies[NATIVE] },
  };
}

/** The project's own package.json. */
export function readPackage(): PackageFile {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as PackageFile;
}

/**
 * Copies what the bundle needs beside itself into a `node_modules`, without its sources.
 *
 * @param platforms keys such as `linux-x64` of the machines it is for; all of them without
 * @throws Error where there is none for one of them
 */
export function copySqlite(nodeModules: string, platforms: readonly string[] | null = null): void {
  const from = join(ROOT, 'node_modules', NATIVE);
  const to = join(nodeModules, NATIVE);
  mkdirSync(nodeModules, { recursive: true });
  cpSync(from, to, {
    recursive: true,
    filter: (path) => {
      if (path === from) return true;
      const name = path.slice(from.length + 1);
      if (NATIVE_SOURCES.has(name)) return false;
      const isBinary = name.endsWith('.node');
      return !isBinary || platforms === null || platforms.includes(basename(name, '.node'));
    },
  });
  const missing = platforms?.find((platform) => !existsSync(join(to, 'prebuilds', `${platform}.node`)));
  if (missing !== undefined) throw new Error(`${NATIVE} has no binary for ${missing}`);
}

if (import.meta.main) {
  prepare();
  await bundleServer();
}
