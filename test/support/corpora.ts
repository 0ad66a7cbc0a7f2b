import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { it } from 'vitest';

/** Data that nobody on the team wrote: a folder beside the project, or where `INDELIBLE_CORPORA` says. */
const root = resolve(
  process.env['INDELIBLE_CORPORA'] ?? join(import.meta.dirname, '../../../shared/corpora'),
);
/** The ledger format and its vectors lie beside the corpora. */
const specRoot = resolve(root, '../spec');

/** Whether a corpus is there. */
export function hasCorpus(name: string): boolean {
  return existsSync(join(root, name));
}

/** The folder of a corpus. Throws an `Error` that says where it was looked for. */
export function corpusPath(name: string): string {
  if (!hasCorpus(name)) {
    throw new Error(`The corpus ${name} is not in ${root}; INDELIBLE_CORPORA names another place`);
  }
  return join(root, name);
}

/** A file of the ledger format's folder, as JSON; `null` where the file is absent. */
export function readSpecJson(name: string): unknown {
  const path = join(specRoot, name);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
}

/** A test that reads a corpus. Without that corpus it is skipped, and its title says why. */
export function itWithCorpus(name: string, title: string, run: (path: string) => void | Promise<void>): void {
  if (hasCorpus(name)) it(title, () => run(corpusPath(name)));
  else it.skip(`${title} (the corpus ${name} is absent)`);
}
