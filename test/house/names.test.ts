import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkBarrels, checkDeclarations, checkFileNames } from './checkers/names.ts';
import { checkParallelNames } from './checkers/parallel.ts';
import { describeFault } from './checkers/source.ts';
import { CODE_FOLDERS, listProject, readCode, readProjectFile, ROOT } from './project-files.ts';

const codePaths = () =>
  listProject().filter((path) => CODE_FOLDERS.some((folder) => path.startsWith(`${folder}/`)));
const configFiles = () => listProject().filter((path) => /^[^/]+\.ts$/.test(path));

/** What implements a port, or is asked for by the same name on every kind of storage. */
const STORAGE_FILES = [
  'checkpoint-store',
  'intake',
  'job-queue',
  'ledger-at-start',
  'ledger-catalog',
  'ledger-numbers',
  'ledger-reader',
  'ledger-store',
  'migrate',
  'open',
  'pending-events',
  'quarantine',
  'token-store',
].map((name) => `${name}.ts`);

describe('the names of the house', () => {
  it('are kebab-case and say what a file is', () => {
    expect(codePaths().length).toBeGreaterThan(50);
    expect(checkFileNames(codePaths()).map(describeFault)).toEqual([]);
  });

  it('say what a function, a class or a type is, and nothing is exported without a name', () => {
    const files = [...readCode(), ...configFiles().map(readProjectFile)];
    expect(checkDeclarations(files).map(describeFault)).toEqual([]);
  });

  it('lead to the file that has the thing, never to one that passes it on', () => {
    expect(checkBarrels(readCode()).map(describeFault)).toEqual([]);
  });

  it('are the same in every kind of storage', () => {
    const paths = listProject();
    expect(paths.some((path) => path.startsWith('server/storage/sqlite/'))).toBe(true);
    expect(checkParallelNames(paths, 'server/storage', STORAGE_FILES).map(describeFault)).toEqual([]);
  });

  it('lead `npx indelible` to a file that the system can run', () => {
    const { text } = readProjectFile('package.json');
    const { bin }: { bin: Readonly<Record<string, string>> } = JSON.parse(text);
    const file = bin['indelible'] ?? '';
    expect(readProjectFile(file).text).toMatch(/^#!\/usr\/bin\/env -S node --max-semi-space-size=16\n/);
    expect(() => accessSync(join(ROOT, file), constants.X_OK), `${file} is executable`).not.toThrow();
  });
});

describe('the checker of file names', () => {
  it.each([
    ['server/eventStore.ts', 'eventStore.ts is not kebab-case'],
    ['server/Event.ts', 'Event.ts is not kebab-case'],
    ['server/event_store.ts', 'event_store.ts is not kebab-case'],
    ['server/utils/a.ts', 'utils says nothing with "utils"'],
    ['server/date-helpers.ts', 'date-helpers.ts says nothing with "helpers"'],
    ['server/handle-event.ts', 'handle-event.ts says nothing with "handle"'],
    ['server/queue-manager.ts', 'queue-manager.ts says nothing with "manager"'],
  ])('finds %s', (path, message) => {
    expect(checkFileNames([path]).map((fault) => fault.message)).toEqual([message]);
  });

  it.each([
    'server/event-store.ts',
    'test/a.test.ts',
    'ui/index.html',
    'scripts/bench/all.ts',
    'server/x509.ts',
    'test/support/server-process.ts',
  ])('lets %s be', (path) => {
    expect(checkFileNames([path])).toEqual([]);
  });
});

describe('the checker of declarations', () => {
  const messagesIn = (text: string, path = 'server/a.ts') =>
    checkDeclarations([{ path, text }]).map(({ line, message }) => `${line} ${message}`);

  it.each([
    ['export function handleEvent() {}', '1 the name handleEvent says nothing'],
    ['\nconst processBatch = () => 1;', '2 the name processBatch says nothing'],
    ['class QueueManager {}', '1 the name QueueManager says nothing'],
    ['export type DateUtils = 1;', '1 the name DateUtils says nothing'],
    ['export const helpers = {};', '1 the name helpers says nothing'],
    ['export default 1;', '1 has a default export'],
    ['export default function f() {}', '1 has a default export'],
  ])('finds %j', (text, message) => {
    expect(messagesIn(text)).toEqual([message]);
  });

  it('lets other words be, and default exports where a tool wants one', () => {
    expect(messagesIn('export const processed = 1; export class Handler {} function manage() {}')).toEqual(
      [],
    );
    expect(messagesIn('export default {};', 'vite.config.ts')).toEqual([]);
  });
});

describe('the checker of barrels', () => {
  const isBarrel = (text: string) => checkBarrels([{ path: 'server/index.ts', text }]).length > 0;

  it('tells a file that only passes on from one that has something of its own', () => {
    expect(isBarrel("export * from './a.ts';\nexport { b } from './b.ts';")).toBe(true);
    expect(isBarrel("export * from './a.ts';\nexport const b = 1;")).toBe(false);
    expect(isBarrel('')).toBe(false);
  });
});

describe('the checker of parallel names', () => {
  it('finds a file that one of two folders lacks, also in a folder below', () => {
    const paths = ['s/open.ts', 's/sqlite/a.ts', 's/sqlite/sql/b.ts', 's/postgres/a.ts', 's/postgres/c.ts'];
    expect(checkParallelNames(paths, 's', ['a.ts', 'sql/b.ts', 'd.ts']).map(describeFault)).toEqual([
      's/sqlite:1 has no d.ts, as every folder beside it',
      's/postgres:1 has no sql/b.ts, as every folder beside it',
      's/postgres:1 has no d.ts, as every folder beside it',
    ]);
  });

  it('lets one folder be', () => {
    expect(checkParallelNames(['s/sqlite/a.ts', 't/postgres/b.ts'], 's', ['a.ts'])).toEqual([]);
  });
});
