import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '#scripts/prepare.ts';

/** Names of files that hold a package's terms. */
const TERMS = /^(?:licen[cs]e|notice|copying)(?:[.-].*)?$/i;

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly dev?: boolean; readonly version?: string; readonly license?: string }>
  >;
}

/**
 * The terms of everything that is not ours and goes into the packages, one after the other: of each package
 * that is installed for running, also where only a part of it is bundled.
 */
export function thirdPartyTerms(root: string = ROOT): string {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const installed = Object.entries(packages)
    .filter(
      ([path, { dev }]) => path.startsWith('node_modules/') && dev !== true && existsSync(join(root, path)),
    )
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  const parts = installed.map(([path, { version = '', license = 'see its page' }]) => {
    const name = path.split('node_modules/').at(-1) ?? path;
    const texts = readdirSync(join(root, path))
      .filter((file) => TERMS.test(file))
      .map((file) => readFileSync(join(root, path, file), 'utf8').trim());
    return [`${name} ${version} (${license})`, ...texts].join('\n\n');
  });
  return `${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
