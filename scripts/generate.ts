import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Writes a Prisma schema for each database from the shared models, and generates the clients from them. */
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The databases, by Prisma's names. */
export const PROVIDERS = ['sqlite', 'postgresql'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** The mark of a line, or of its end, that is there for one database only. */
const MARKS: Readonly<Record<Provider, string>> = { sqlite: 'lite', postgresql: 'pg' };

const DATASOURCES: Readonly<Record<Provider, string>> = {
  sqlite: `datasource db {
  provider = "sqlite"
}
`,
  // No foreign keys: each would look at and lock the ledger's row once an event.
  postgresql: `datasource db {
  provider     = "postgresql"
  relationMode = "prisma"
}
`,
};

/** Pothos builds one schema for both databases, out of SQLite's models: the narrower ones. */
const POTHOS = `generator pothos {
  provider     = "prisma-pothos-types"
  output       = "../../generated/sqlite/pothos.ts"
  clientOutput = "./client.ts"
}

`;

/** What stands before a mark, the mark, and what it marks. */
const MARKED_LINE = /^([^/]*)\/\/@(lite|pg) (.*)$/;

/** The Prisma schema of one database. */
export function stampSchema(models: string, provider: Provider): string {
  return `generator client {
  provider               = "prisma-client"
  output                 = "../../generated/${provider}"
  runtime                = "nodejs"
  moduleFormat           = "esm"
  generatedFileExtension = "ts"
  importFileExtension    = "ts"
}

${provider === 'sqlite' ? POTHOS : ''}${DATASOURCES[provider]}
${chooseMarked(models, provider)}`;
}

/** The models of one database: its marks are gone, and what is marked for the other one. */
function chooseMarked(models: string, provider: Provider): string {
  const chosen: string[] = [];
  let isInOthersModel = false;
  for (const line of models.split('\n')) {
    const [, before = line, mark = '', marked = ''] = MARKED_LINE.exec(line) ?? [];
    if (isInOthersModel) isInOthersModel = line !== '}';
    else if (mark === '' || mark === MARKS[provider]) chosen.push(before + marked);
    else if (before.trim() !== '') chosen.push(before.trimEnd());
    else isInOthersModel = marked.endsWith('{');
  }
  return chosen.join('\n');
}

/** The Prisma schema of one database, from the project's models. */
export function readSchema(provider: Provider): string {
  return stampSchema(readFileSync(join(ROOT, 'prisma/models.prisma'), 'utf8'), provider);
}

/** Generates the clients of both databases at once. */
export async function generate(): Promise<void> {
  await Promise.all(PROVIDERS.map(generateClient));
}

async function generateClient(provider: Provider): Promise<void> {
  const folder = join(ROOT, 'prisma/.stamped', provider);
  const file = join(folder, 'schema.prisma');
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, readSchema(provider));
  const child = spawn(
    process.execPath,
    [join(ROOT, 'node_modules/prisma/build/index.js'), 'generate', '--schema', file],
    {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
      // Generating needs no schema engine, but prisma wants to download one unless it is told of a file.
      env: {
        ...process.env,
        PATH: `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env['PATH']}`,
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
      },
    },
  );
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`prisma generate failed for ${provider}:\n${words}`);
}

if (import.meta.main) await generate();
