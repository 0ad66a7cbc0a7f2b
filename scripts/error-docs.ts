import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS, type ErrorDescription } from '#server/errors.ts';
import { ROOT } from './prepare.ts';

/** `node scripts/error-docs.ts` writes `docs/ERRORS.md` from the table of codes in `server/errors.ts`. */

const OWNERS: Readonly<Record<ErrorDescription['owner'], string>> = {
  client: 'who sent the request',
  operator: 'who runs the appliance',
  upstream: 'a service that the appliance depends on',
  us: 'us: please report it',
};

/** The whole text of `docs/ERRORS.md`. */
export function errorDocs(errors: Readonly<Record<string, ErrorDescription>>): string {
  const rows = Object.entries(errors).map(
    ([code, { status, message, owner, retry }]) =>
      `| \`${code}\` | ${status} | ${message} | ${OWNERS[owner]} | ${retry ? 'yes' : 'no'} |`,
  );
  return `# Error codes

<!-- Made by \`node scripts/error-docs.ts\` from server/errors.ts. Do not edit. -->

GraphQL gives the code as \`extensions.code\`, REST as the HTTP status and in the body, and a receipt names it
for one event of many. The message may say more in a case at hand. "Retry" tells whether the same request may
succeed later.

| code | HTTP | meaning | who can do something about it | retry |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

if (import.meta.main) writeFileSync(join(ROOT, 'docs/ERRORS.md'), errorDocs(ERRORS));
