import { describe, expect, it } from 'vitest';
import { checkImports, findImports, type ImportRule } from './checkers/imports.ts';
import { describeFault } from './checkers/source.ts';
import { IMPORT_TABLE } from './import-table.ts';
import { readCode } from './project-files.ts';

describe('the import table', () => {
  it('is held by every file', () => {
    expect(checkImports(readCode(), IMPORT_TABLE).map(describeFault)).toEqual([]);
  });

  it('is held against files that do import something', () => {
    expect(readCode(['server']).flatMap(findImports).length).toBeGreaterThan(100);
  });

  it('gives every file exactly one rule: no area stands twice', () => {
    const areas = IMPORT_TABLE.map(({ area }) => area);
    expect(areas).toEqual([...new Set(areas)]);
  });

  it('throws rather than passing where a folder has no files', () => {
    expect(() => readCode(['server', 'nowhere'])).toThrow('there are no TypeScript files in nowhere');
  });
});

describe('the checker of imports', () => {
  const rules: readonly ImportRule[] = [
    { area: 'server/ledger', may: [], packages: [] },
    { area: 'server/ports', may: [], mayTypesOf: ['server/ledger'], packages: ['node:*'] },
    { area: 'server/app', may: ['*'] },
  ];
  const faultsOf = (path: string, text: string) =>
    checkImports([{ path, text }], rules).map(({ line, message }) => `${line} ${message}`);

  it.each([
    ["import { a } from '#server/ports/a.ts';", '1 server/ledger may not import server/ports/a.ts'],
    ["\nimport '#server/errors.ts';", '2 server/ledger may not import server/errors.ts'],
    ["export * from '#server/errors.ts';", '1 server/ledger may not import server/errors.ts'],
    ["export { a } from '#server/errors.ts';", '1 server/ledger may not import server/errors.ts'],
    ["const a = await import('#server/errors.ts');", '1 server/ledger may not import server/errors.ts'],
    ["type A = import('#server/errors.ts').A;", '1 server/ledger may not import server/errors.ts'],
    ["import type { A } from '#server/errors.ts';", '1 server/ledger may not import server/errors.ts'],
    ["import { hash } from 'node:crypto';", '1 server/ledger may not import the package node:crypto'],
    ["import zod from 'zod/v4';", '1 server/ledger may not import the package zod/v4'],
    ["import { a } from '../ledger/a.ts';", '1 imports ../ledger/a.ts: go through #server/ledger/a.ts'],
    ["import { a } from './a';", "1 imports ./a without the file's ending"],
    ["import { a } from './a.ts';", null],
    ["import { a } from '#server/ledger/a.ts';", null],
    ["// import { a } from '#server/ports/a.ts';", null],
    ['const a = "import { a } from \'#server/ports/a.ts\'";', null],
  ])('judges %j in the pure core: %s', (text, fault) => {
    expect(faultsOf('server/ledger/planted.ts', text)).toEqual(fault === null ? [] : [fault]);
  });

  it('tells types from values where only types are allowed', () => {
    const path = 'server/ports/planted.ts';
    const onlyTypes = '1 server/ports may import only types from server/ledger/hash.ts';
    expect(faultsOf(path, "import type { Hash } from '#server/ledger/hash.ts';")).toEqual([]);
    expect(faultsOf(path, "import { type Hash } from '#server/ledger/hash.ts';")).toEqual([]);
    expect(faultsOf(path, "import { type Hash, isHash } from '#server/ledger/hash.ts';")).toEqual([
      onlyTypes,
    ]);
    expect(faultsOf(path, "import '#server/ledger/hash.ts';")).toEqual([onlyTypes]);
  });

  it('takes a name with a star as a prefix and a name without it as a package', () => {
    expect(faultsOf('server/ports/planted.ts', "import 'node:fs/promises';")).toEqual([]);
    expect(faultsOf('server/ports/planted.ts', "import 'zod';")).toHaveLength(1);
  });

  it('finds a file that has no place in the table', () => {
    expect(faultsOf('server/attic/planted.ts', 'export {};')).toEqual([
      '1 lies in no area of the import table',
    ]);
  });

  it('does not take a file for the folder whose name begins like it', () => {
    expect(faultsOf('server/app-store/planted.ts', 'export {};')).toHaveLength(1);
    expect(faultsOf('server/app.ts', "import './anything.ts';")).toEqual([]);
  });

  it('throws on a file that it cannot parse', () => {
    expect(() => faultsOf('server/app.ts', 'import {')).toThrow('server/app.ts cannot be parsed');
  });
});
