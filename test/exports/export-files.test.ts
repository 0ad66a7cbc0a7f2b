import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createExportFiles } from '#server/exports/export-files.ts';
import { exportName, readExportName } from '#server/exports/export-name.ts';
import { keepExports } from '#server/exports/keep-exports.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const IDS = ['a', 'b', 'c'].map((digit) => `0193b1f0-0000-7000-8000-00000000000${digit}`);
const [A = '', B = '', C = ''] = IDS;
const DAY_MS = 24 * 60 * 60 * 1000;

function folderWith(...names: readonly string[]): string {
  const folder = temporaryFolder();
  for (const name of names) writeFileSync(join(folder, name), `content of ${name}`);
  return folder;
}

async function read(folder: string, file: string, from: number, to: number): Promise<string> {
  const opened = await createExportFiles(folder).open(file);
  return opened === null ? '' : await new Response(opened.read(from, to)).text();
}

test('the name of a file tells the ledger and the export, however the ledger is called', () => {
  for (const ledger of ['acme', 'acme-2', `x-${A}`, 'a.csv', 'A_b.c-d']) {
    for (const format of ['EVIDENCE', 'CSV', 'NDJSON'] as const) {
      const name = exportName(ledger, B, format);
      expect(readExportName(name)).toEqual({ ledger, id: B, isPart: false });
      expect(readExportName(`${name}.0123456789ab.part`)).toEqual({ ledger, id: B, isPart: true });
    }
  }
  for (const name of ['', 'acme.csv', `acme-${A}.txt`, `../acme-${A}.csv`, `acme-${A}.csv/x`, `-${A}.csv`]) {
    expect(readExportName(name)).toBeNull();
  }
});

test('a file is read in the range that is asked for, across pieces of any size', async () => {
  const file = exportName('acme', A, 'CSV');
  const folder = temporaryFolder();
  const content = 'abcdefghij'.repeat(100_000);
  writeFileSync(join(folder, file), content);
  expect(await read(folder, file, 0, content.length)).toBe(content);
  for (const [from, to] of [
    [0, 1],
    [999_999, 1_000_000],
    [262_143, 262_145],
    [12_345, 912_345],
  ] as const) {
    expect(await read(folder, file, from, to)).toBe(content.slice(from, to));
  }
});

test('nothing but the file of an export is opened, wherever a name would lead', async () => {
  const file = exportName('acme', A, 'CSV');
  const folder = folderWith('secret.txt', `${file}.00.part`);
  symlinkSync(join(folder, 'secret.txt'), join(folder, exportName('acme', B, 'CSV')));
  mkdirSync(join(folder, exportName('acme', C, 'CSV')));
  const files = createExportFiles(folder);
  const names = [file, 'secret.txt', '../secret.txt', `${file}.00.part`, '', '.', `${folder}/secret.txt`];
  for (const name of [...names, exportName('acme', B, 'CSV'), exportName('acme', C, 'CSV')]) {
    expect([name, await files.has(name), await files.open(name)]).toEqual([name, false, null]);
  }
});

test('all exports of a ledger are removed, unfinished ones too, and none of another ledger', async () => {
  const mine = [exportName('acme', A, 'EVIDENCE'), exportName('acme', B, 'CSV')];
  const part = `${exportName('acme', C, 'NDJSON')}.0a.part`;
  const others = [exportName('acme-2', A, 'CSV'), exportName('2-acme', B, 'CSV'), 'acme', 'acme.csv'];
  const folder = folderWith(...mine, part, ...others);
  expect(await createExportFiles(folder).removeOf('acme')).toBe(2);
  expect(readdirSync(folder).toSorted()).toEqual(others.toSorted());
  expect(await createExportFiles(join(folder, 'missing')).removeOf('acme')).toBe(0);
});

test('exports are removed after their time, parts after a day, pruned ones at once', async () => {
  const now = Date.UTC(2026, 2, 1, 12);
  const aged: readonly (readonly [string, number])[] = [
    [exportName('acme', A, 'CSV'), 7.1],
    [exportName('acme', B, 'CSV'), 6.9],
    [exportName('acme', C, 'CSV'), 0],
    [`${exportName('acme', A, 'NDJSON')}.0a.part`, 1.1],
    [`${exportName('acme', B, 'NDJSON')}.0a.part`, 0.9],
    ['notes.txt', 100],
  ];
  const folder = folderWith(...aged.map(([name]) => name));
  for (const [name, days] of aged) {
    const time = new Date(now - days * DAY_MS);
    utimesSync(join(folder, name), time, time);
  }
  const jobs = { prune: async () => [C] };
  await keepExports({ jobs, files: createExportFiles(folder), days: 7, clock: () => now });
  expect(readdirSync(folder).toSorted()).toEqual([aged[1]![0], aged[4]![0], 'notes.txt'].toSorted());
});

test('a file that is being read stays readable when it is removed', async () => {
  const file = exportName('acme', A, 'CSV');
  const folder = temporaryFolder();
  writeFileSync(join(folder, file), 'x'.repeat(1_000_000));
  const expected = readFileSync(join(folder, file), 'utf8');
  const opened = (await createExportFiles(folder).open(file))!;
  const reading = new Response(opened.read(0, opened.bytes)).text();
  await createExportFiles(folder).removeOf('acme');
  expect(existsSync(join(folder, file))).toBe(false);
  expect(await reading).toBe(expected);
});
