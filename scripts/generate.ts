import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Writes the SQLite schema from the shared models and generates the Prisma client and the Pothos types. */
const root = fileURLToPath(new URL('..', import.meta.url));

export function stampSqliteSchema(models: string): string {
  const marked = models.replace(/\/\/@lite (.*)$/gm, '$1');
  return `generator client {
  provider               = "prisma-client"
  output                 = "../../generated/sqlite"
  runtime                = "nodejs"
  moduleFormat           = "esm"
  generatedFileExtension = "ts"
  importFileExtension    = "ts"
}

generator pothos {
  provider     = "prisma-pothos-types"
  output       = "../../generated/sqlite/pothos.ts"
  clientOutput = "./client.ts"
}

datasource db {
  provider = "sqlite"
}

${marked}`;
}

export function generate(): void {
  mkdirSync(`${root}prisma/.stamped/sqlite`, { recursive: true });
  const models = readFileSync(`${root}prisma/models.prisma`, 'utf8');
  writeFileSync(`${root}prisma/.stamped/sqlite/schema.prisma`, stampSqliteSchema(models));
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      `${root}node_modules/prisma/build/index.js`,
      'generate',
      '--schema',
      'prisma/.stamped/sqlite/schema.prisma',
    ],
    {
      cwd: root,
      encoding: 'utf8',
      // Generating needs no schema engine, but prisma wants to download one unless it is told of a file.
      env: {
        ...process.env,
        PATH: `${root}node_modules/.bin${delimiter}${process.env['PATH']}`,
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
      },
    },
  );
  if (status !== 0) throw new Error(`prisma generate failed:\n${stderr}`);
}

if (import.meta.main) generate();
