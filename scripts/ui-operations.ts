import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codegen } from '@graphql-codegen/core';
import * as typedDocuments from '@graphql-codegen/typed-document-node';
import * as operations from '@graphql-codegen/typescript-operations';
import { buildSchema, parse, printSchema, type DocumentNode, validate } from 'graphql';

/** Makes `ui/graphql/generated.ts`: the page's operations (`ui/**\/*.graphql`) as texts with their types. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** From the project's folder. */
export const UI_OPERATIONS = 'ui/graphql/generated.ts';

const CONFIG = {
  documentMode: 'string',
  enumsAsTypes: true,
  useTypeImports: true,
  skipTypename: true,
  immutableTypes: true,
  avoidOptionals: { field: true, inputValue: false, object: true, defaultValue: false },
  arrayInputCoercion: false,
  strictScalars: true,
  // JSON is exact in the ledger and would not be in the browser: the page reads the text of sections instead.
  scalars: {
    DateTime: 'string',
    SafeInt: 'number',
    ID: 'string',
    JSON: { input: 'unknown', output: 'never' },
  },
};

/** The text of the generated file. Errors: the mistakes of the documents, each with its file. */
export async function uiOperations(): Promise<string> {
  const schema = buildSchema(readFileSync(join(ROOT, 'schema/schema.graphql'), 'utf8'));
  const documents = documentFiles().map((file) => ({
    location: file,
    document: parse(readFileSync(join(ROOT, file), 'utf8')),
  }));
  const all: DocumentNode = {
    kind: 'Document' as DocumentNode['kind'],
    definitions: documents.flatMap(({ document }) => document.definitions),
  };
  const mistakes = validate(schema, all);
  if (mistakes.length > 0) throw new Error(mistakes.map(String).join('\n'));
  const text = await codegen({
    filename: UI_OPERATIONS,
    schema: parse(printSchema(schema)),
    documents,
    config: CONFIG,
    plugins: [{ operations: {} }, { typedDocuments: {} }],
    pluginMap: { operations, typedDocuments },
  });
  // A type of the schema is called Record, too.
  const plain = text.replaceAll('Record<string, any>', '{ readonly [name: string]: unknown }');
  return `// Made by \`node scripts/ui-operations.ts\`. Not kept in git.\n${plain}`;
}

function documentFiles(): readonly string[] {
  return readdirSync(join(ROOT, 'ui'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.graphql'))
    .map((name) => `ui/${name.replaceAll('\\', '/')}`)
    .toSorted();
}

if (import.meta.main) {
  const file = join(ROOT, UI_OPERATIONS);
  const text = await uiOperations();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, text);
  renameSync(`${file}.${process.pid}`, file);
}
