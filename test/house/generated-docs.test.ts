import type { GraphQLSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { errorDocs } from '#scripts/error-docs.ts';
import { printedSchema } from '#scripts/print-schema.ts';
import { withSettingsTable } from '#scripts/settings-docs.ts';
import { SETTINGS } from '#server/config.ts';
import { ERRORS } from '#server/errors.ts';
import { listProject, readProjectFile } from './project-files.ts';

describe('docs/ERRORS.md', () => {
  it('equals the table of error codes (else: node scripts/error-docs.ts)', () => {
    expect(readProjectFile('docs/ERRORS.md').text).toBe(errorDocs(ERRORS));
  });

  it('has every code once, and no other', () => {
    const codes = [...readProjectFile('docs/ERRORS.md').text.matchAll(/^\| `(\w+)` \|/gm)].map(
      ([, code]) => code,
    );
    expect(codes).toEqual(Object.keys(ERRORS));
  });

  it('is no longer equal when a code is planted', () => {
    const planted = { status: 400, owner: 'client', retry: false, message: 'Planted.' } as const;
    expect(readProjectFile('docs/ERRORS.md').text).not.toBe(errorDocs({ ...ERRORS, PLANTED: planted }));
  });
});

describe('docs/OPERATIONS.md', () => {
  it('has the settings as the code has them (else: node scripts/settings-docs.ts)', () => {
    const { text } = readProjectFile('docs/OPERATIONS.md');
    expect(text).toBe(withSettingsTable(text, SETTINGS));
  });

  it('is no longer equal when a setting is planted', () => {
    const { text } = readProjectFile('docs/OPERATIONS.md');
    const [first] = SETTINGS;
    expect(text).not.toBe(withSettingsTable(text, [...SETTINGS, { ...first, name: 'PLANTED' }]));
  });

  it('is refused without the markers that the table stands between', () => {
    expect(() => withSettingsTable('# Operations', SETTINGS)).toThrow('the page has no <!-- settings -->');
    expect(() => withSettingsTable('<!-- /settings --><!-- settings -->', SETTINGS)).toThrow(
      'the page has no',
    );
  });
});

describe('schema/schema.graphql', () => {
  it('equals the schema that the server runs (else: node scripts/print-schema.ts)', async () => {
    expect(listProject()).toContain('schema/schema.graphql');
    const { schema }: { schema: GraphQLSchema } = await import('#schema/index.ts');
    expect(readProjectFile('schema/schema.graphql').text).toBe(printedSchema(schema));
  });
});
