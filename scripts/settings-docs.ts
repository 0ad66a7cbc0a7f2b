import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Setting, SETTINGS } from '#server/config.ts';
import { ROOT } from './prepare.ts';

/**
 * `node scripts/settings-docs.ts` writes the table of settings in `docs/OPERATIONS.md` from
 * `server/config.ts`.
 */

const START = '<!-- settings -->';
const END = '<!-- /settings -->';

/**
 * A page with its table of settings as the code has it now.
 *
 * @throws Error when the page lacks the two markers that the table stands between
 */
export function withSettingsTable(page: string, settings: readonly Setting[]): string {
  const [from, to] = [page.indexOf(START), page.indexOf(END)];
  if (from === -1 || to < from) throw new Error(`the page has no ${START} with ${END} behind it`);
  return `${page.slice(0, from + START.length)}\n\n${settingsTable(settings)}\n${page.slice(to)}`;
}

function settingsTable(settings: readonly Setting[]): string {
  const rows = settings.map(
    ({ name, defaultText, meaning }) => `| \`${name}\` | ${defaultText} | ${meaning} |\n`,
  );
  return `| setting | default | meaning |\n|---|---|---|\n${rows.join('')}`;
}

if (import.meta.main) {
  const page = join(ROOT, 'docs/OPERATIONS.md');
  writeFileSync(page, withSettingsTable(readFileSync(page, 'utf8'), SETTINGS));
}
