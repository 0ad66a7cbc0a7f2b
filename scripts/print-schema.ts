import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { ROOT } from './prepare.ts';

/** `node scripts/print-schema.ts` writes `schema/schema.graphql` from the schema that the server runs. */

/** The whole text of `schema/schema.graphql`; sorted, so that moving code about changes nothing in it. */
export function printedSchema(schema: GraphQLSchema): string {
  const sorted = lexicographicSortSchema(schema);
  return `# Made by \`node scripts/print-schema.ts\`. Do not edit.\n\n${printSchema(sorted)}\n`;
}

if (import.meta.main) {
  const { schema } = await import('#schema/index.ts');
  writeFileSync(join(ROOT, 'schema/schema.graphql'), printedSchema(schema));
}
