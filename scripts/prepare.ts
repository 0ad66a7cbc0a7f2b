import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Makes what git does not keep (Prisma's clients, the UI's files, the page of evidence packs), and only where
 * what it is made from has changed.
 */

/** The project's folder. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Where the last made things' input hashes lie. */
const STAMPS = 'dist/.stamps';

/** One thing that is made from files. */
export interface Product {
  readonly name: string;
  /** Files and folders it is made from. */
  readonly inputs: readonly string[];
  /** Files that are there once it is made. */
  readonly outputs: readonly string[];
  make(): void;
}

const PRISMA_CLIENT: Product = {
  name: 'prisma-client',
  inputs: ['prisma/models.prisma', 'scripts/generate.ts', 'package-lock.json'],
  outputs: [
    'prisma/generated/sqlite/client.ts',
    'prisma/generated/sqlite/pothos.ts',
    'prisma/generated/postgresql/client.ts',
  ],
  // In a process of its own, that works on both databases' clients at once.
  make: () => runNode('scripts/generate.ts', []),
};

const UI_OPERATIONS: Product = {
  name: 'ui-operations',
  inputs: ['ui', 'schema/schema.graphql', 'scripts/ui-operations.ts', 'package-lock.json'],
  outputs: ['ui/graphql/generated.ts'],
  make: () => runNode('scripts/ui-operations.ts', []),
};

const UI: Product = {
  name: 'ui',
  inputs: [
    'ui',
    'server/ledger',
    'server/records',
    'server/ed25519.ts',
    'server/sha256.ts',
    'vite.config.ts',
    'package-lock.json',
  ],
  outputs: ['dist/ui/index.html'],
  make: () => runNode('node_modules/vite/bin/vite.js', ['build', '--logLevel', 'warn']),
};

const VERIFY_PAGE: Product = {
  name: 'verify-page',
  inputs: [
    'ui/verify',
    'ui/app',
    'server/ledger',
    'server/ed25519.ts',
    'scripts/build-verify-page.ts',
    'package-lock.json',
  ],
  outputs: ['dist/verify.html'],
  make: () => runNode('scripts/build-verify-page.ts', []),
};

/** What to tell the person who waits; nothing by default. */
export type Announce = (sentence: string) => void;

/**
 * Makes Prisma's clients, the UI and the page of evidence packs where they are missing or older than what
 * they are made from.
 *
 * A crash in the middle leaves no stamp, so the next call makes the thing again.
 *
 * @throws Error with the tool's own words when one of them cannot be made
 */
export function prepare(announce: Announce = () => undefined): void {
  preparePrismaClient(announce);
  prepareUi(announce);
  prepareVerifyPage(announce);
}

/** As `prepare`, for Prisma's clients only. */
export function preparePrismaClient(announce: Announce = () => undefined): void {
  if (makeIfStale(ROOT, PRISMA_CLIENT)) announce('Generated the database client.');
}

/** As `prepare`, for the UI only. */
export function prepareUi(announce: Announce = () => undefined): void {
  makeIfStale(ROOT, UI_OPERATIONS);
  if (makeIfStale(ROOT, UI)) announce('Built the user interface.');
}

/** As `prepare`, for the page that evidence packs carry only. */
export function prepareVerifyPage(announce: Announce = () => undefined): void {
  if (makeIfStale(ROOT, VERIFY_PAGE)) announce('Built the page that verifies evidence.');
}

/** Makes one thing if it is stale; gives whether it did. */
export function makeIfStale(root: string, product: Product): boolean {
  const stamp = join(root, STAMPS, product.name);
  const complete = product.outputs.every((output) => existsSync(join(root, output)));
  const isFresh = complete && existsSync(stamp) && readFileSync(stamp, 'utf8') === hashInputs(root, product);
  if (!isFresh) make(root, product);
  return !isFresh;
}

function make(root: string, product: Product): void {
  const stamp = join(root, STAMPS, product.name);
  const inputHash = hashInputs(root, product);
  rmSync(stamp, { force: true });
  product.make();
  const missing = product.outputs.find((output) => !existsSync(join(root, output)));
  if (missing !== undefined) throw new Error(`${product.name} was made, but ${missing} is not there`);
  mkdirSync(join(root, STAMPS), { recursive: true });
  writeFileSync(stamp, inputHash);
}

/** What is made may lie among what it is made from: it is none of that. */
function hashInputs(root: string, { inputs, outputs }: Product): string {
  const sum = createHash('sha256');
  const files = inputs.flatMap((input) => listFiles(root, input));
  for (const file of files.filter((name) => !outputs.includes(name))) {
    const bytes = readFileSync(join(root, file));
    sum.update(`${file}\0${bytes.length}\0`).update(bytes);
  }
  return sum.digest('hex');
}

/**
 * The files of a folder and of those below it, or the file itself, from the root and in one order everywhere.
 */
function listFiles(root: string, path: string): readonly string[] {
  const stats = statSync(join(root, path), { throwIfNoEntry: false });
  if (stats === undefined) throw new Error(`there is no ${path} in ${root}`);
  if (stats.isFile()) return [path];
  return readdirSync(join(root, path), { withFileTypes: true, recursive: true })
    .filter((item) => item.isFile())
    .map((item) => relative(root, join(item.parentPath, item.name)).replaceAll(sep, '/'))
    .toSorted();
}

/** Runs a program with this Node, its output shown only when it fails. */
function runNode(program: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, program), ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`);
}

// `node scripts/prepare.ts client` or `ui` makes that anew, stale or not; `ui` is the page of packs, too.
if (import.meta.main) {
  for (const name of process.argv.slice(2)) {
    if (name !== 'client' && name !== 'ui')
      throw new Error(`there is nothing called ${name} to make: client, ui`);
    for (const product of name === 'client' ? [PRISMA_CLIENT, UI_OPERATIONS] : [UI, VERIFY_PAGE])
      make(ROOT, product);
  }
}
