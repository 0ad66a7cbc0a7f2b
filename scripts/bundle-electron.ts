import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, type InputOptions, type OutputOptions } from 'rolldown';
import { ROOT } from './prepare.ts';

/**
 * Makes `dist/electron`: the desktop shell, its preload and its pages. It starts the server out of
 * `dist/server`, beside it.
 */

/** From the project's folder. */
export const SHELL_BUNDLE = 'dist/electron';

/** What is copied as it is: from where in the project, and where in the bundle. */
const FILES: readonly (readonly [from: string, to: string])[] = [
  ['electron/pages/status.html', 'pages/status.html'],
  ['electron/pages/settings.html', 'pages/settings.html'],
  ['electron/pages/shell.css', 'pages/shell.css'],
  ['ui/app/tokens.css', 'pages/tokens.css'],
  ['electron/icons', 'icons'],
];

const PAGES = ['status', 'settings'] as const;

/**
 * Makes the shell's bundle anew.
 *
 * @param folder where to; what is there goes
 * @throws Error where something cannot be bundled
 */
export async function bundleElectron(folder: string = join(ROOT, SHELL_BUNDLE)): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await bundle(
    { input: { main: 'electron/main.ts' }, platform: 'node', external: ['electron'] },
    { dir: folder, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: 'chunk-[name]-[hash].mjs' },
  );
  // In its sandbox a preload is one file, and no module.
  await bundle(
    { input: 'electron/preload.ts', platform: 'node', external: ['electron'] },
    { file: join(folder, 'preload.cjs'), format: 'cjs' },
  );
  for (const name of PAGES) {
    await bundle(
      { input: `electron/pages/${name}.ts`, platform: 'browser' },
      { file: join(folder, 'pages', `${name}.js`), format: 'iife' },
    );
  }
  for (const [from, to] of FILES) cpSync(join(ROOT, from), join(folder, to), { recursive: true });
}

async function bundle(input: InputOptions, output: OutputOptions): Promise<void> {
  await build({ ...input, cwd: ROOT, logLevel: 'warn', output: { ...output, comments: { legal: true } } });
}

if (import.meta.main) await bundleElectron();
