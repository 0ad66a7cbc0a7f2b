import { readFileSync } from 'node:fs';
import { PACKAGE_FILE } from '#server/places.ts';

/** The version as `package.json` has it. */
export function readVersion(): string {
  const text = readFileSync(PACKAGE_FILE, 'utf8');
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}
