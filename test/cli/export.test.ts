import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Caller } from '#server/access/caller.ts';
import { createExportAppliance, type Interfere } from '#test/exports/support/export-appliance.ts';
import { DATABASES, LEDGER, verifyPack } from '#test/exports/support/export-ledger.ts';
import { type CommandOptions, type CommandRun, runCommandLine } from '#test/support/command-line.ts';
import { makeEvents } from '#test/support/ledger-fixture.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const RECORDS = 40;
const CALLER: Caller = {
  tokenId: 't',
  name: 'Auditor',
  scopes: new Set(['exports:create']),
  ledgers: new Set([LEDGER]),
};

interface Opened {
  readonly folder: string;
  readonly recorded: readonly string[];
  run(argv: readonly string[], options?: CommandOptions): Promise<CommandRun>;
  readonly jobs: ReturnType<typeof createExportAppliance>;
}

async function open(interfere?: Interfere): Promise<Opened> {
  const [, openLedger] = DATABASES[0]!;
  const ledger = await openLedger();
  await ledger.record(makeEvents('e', RECORDS));
  await ledger.checkpoint();
  const appliance = createExportAppliance(ledger);
  const url = await appliance.serve(CALLER, interfere);
  const folder = temporaryFolder();
  const env = { INDELIBLE_URL: url, INDELIBLE_TOKEN: 'secret' };
  return {
    folder,
    jobs: appliance,
    get recorded() {
      return appliance.recorded.map(({ action }) => action);
    },
    run: (argv, options) => runCommandLine(['export', '--ledger', LEDGER, ...argv], { env, ...options }),
  };
}

test('export fetches an evidence pack that verifies, for nobody else to read', async () => {
  const { run, folder, recorded } = await open();
  const out = join(folder, 'all.evidence.zip');
  const { code, lines, notes } = await run(['--out', out]);
  expect([code, notes]).toEqual([0, []]);
  expect(lines[0]).toMatch(/all\.evidence\.zip: 40 records, [\d,]+ bytes, SHA-256 [0-9a-f]{64}$/);
  const { verified, checked } = await verifyPack(readFileSync(out), null);
  expect([verified, checked]).toEqual([true, RECORDS]);
  expect(statSync(out).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['all.evidence.zip']);
  expect(recorded).toEqual([]);
});

test('export takes a query, a format and sections to leave out, and a folder to write into', async () => {
  const { run, folder, jobs } = await open();
  const argv = ['--query', 'id:e7', '--format', 'csv', '--withhold', 'details,actor', '--out', folder];
  const { code, lines } = await run(argv);
  expect(code).toBe(0);
  expect(lines[0]).toContain(': 1 record, ');
  const [file = ''] = readdirSync(folder);
  expect(file).toMatch(/^acme-[0-9a-f-]{36}\.csv$/);
  const text = readFileSync(join(folder, file), 'utf8');
  expect(text.split('\r\n')).toHaveLength(3);
  expect(text).toContain('thing.done');
  expect(text).not.toContain('about e7');
  expect(jobs.recorded.map(({ action }) => action)).toEqual(['export.start', 'export.fetch']);
});

test('after a cut export goes on where it was', async () => {
  const ranges: (string | null)[] = [];
  let cuts = 0;
  const { run, folder, jobs } = await open(async (request) => {
    if (!request.url.includes('/exports/')) return null;
    ranges.push(request.headers.get('range'));
    if (cuts === 2) return null;
    cuts += 1;
    const [name = ''] = readdirSync(jobs.folder);
    const file = readFileSync(join(jobs.folder, name));
    const from = Number(/\d+/.exec(request.headers.get('range') ?? '0')?.[0]);
    // An answer that is too short, and one that breaks.
    const piece = new Uint8Array(file.subarray(from, from + 1_000));
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('cut')) });
    return new Response(cuts === 1 ? piece : broken, { status: from === 0 ? 200 : 206 });
  });
  const out = join(folder, 'all.ndjson');
  const { code, waits } = await run(['--format', 'ndjson', '--out', out]);
  expect(code).toBe(0);
  expect(ranges).toEqual([null, 'bytes=1000-', 'bytes=1000-']);
  expect(waits.length).toBeGreaterThan(1);
  expect(readFileSync(out, 'utf8').split('\n')).toHaveLength(RECORDS + 1);
});

test('export begins anew where the appliance gives no ranges', async () => {
  let first = true;
  const { run, folder, jobs } = await open(async (request) => {
    if (!request.url.includes('/exports/')) return null;
    const [name = ''] = readdirSync(jobs.folder);
    const file = readFileSync(join(jobs.folder, name));
    const isFirst = first;
    first = false;
    return isFirst ? new Response(new Uint8Array(file.subarray(0, 100))) : new Response(new Uint8Array(file));
  });
  const out = join(folder, 'all.csv');
  expect((await run(['--format', 'csv', '--out', out])).code).toBe(0);
  expect(readFileSync(out, 'utf8').split('\r\n')).toHaveLength(RECORDS + 2);
});

test('export keeps nothing that has not the SHA-256 it was told', async () => {
  const { run, folder, jobs } = await open(async (request) => {
    if (!request.url.includes('/exports/')) return null;
    const [name = ''] = readdirSync(jobs.folder);
    const file = readFileSync(join(jobs.folder, name));
    file[10]! ^= 1;
    return new Response(new Uint8Array(file));
  });
  const { code, notes } = await run(['--out', join(folder, 'all.zip')]);
  expect([code, readdirSync(folder)]).toEqual([1, []]);
  expect(notes[0]).toMatch(/has not the SHA-256 [0-9a-f]{64}: it was removed/);
});

test('export gives up where the appliance cannot be reached any more', async () => {
  let asked = 0;
  const { run, folder } = await open(async (request) => {
    if (!request.url.includes('/exports/')) return null;
    asked += 1;
    return new Response('busy', { status: 503 });
  });
  const { code, notes, waits } = await run(['--out', join(folder, 'all.zip')]);
  expect([code, asked, readdirSync(folder)]).toEqual([3, 8, []]);
  expect(notes[0]).toMatch(/cannot be fetched: the appliance answers with 503/);
  expect(Math.max(...waits)).toBeLessThanOrEqual(10_000);
});

test('export says why there is nothing to fetch', async () => {
  const { run, folder } = await open();
  const { code, notes } = await run(['--query', 'nothing-has-this', '--out', join(folder, 'a.zip')]);
  expect([code, readdirSync(folder)]).toEqual([1, []]);
  expect(notes[0]).toMatch(/^The export failed: No record matches/);
});

test('an interrupted export is ended on the appliance too', async () => {
  const { run, folder, jobs } = await open();
  const interrupt = new AbortController();
  interrupt.abort(new Error('ended by SIGINT'));
  const early = await run(['--out', join(folder, 'a.zip')], { interrupted: interrupt.signal });
  expect([early.code, early.notes]).toEqual([3, ['Interrupted.']]);
  expect(jobs.recorded).toEqual([]);
});

test('export never overwrites a file', async () => {
  const { run, folder, jobs } = await open();
  const out = join(folder, 'kept.zip');
  writeFileSync(out, 'mine');
  const { code, notes } = await run(['--out', out]);
  expect([code, readFileSync(out, 'utf8')]).toEqual([2, 'mine']);
  expect(notes[0]).toContain('exists already');
  expect([jobs.recorded, existsSync(`${out}.part`)]).toEqual([[], false]);
});

test.each([
  [['--format', 'xml'], 2, /--format must be evidence, csv, ndjson, not xml/],
  [['--ledger', '../x'], 2, /cannot be the id of a ledger/],
  [['actor:alice'], 2, /--query 'actor:alice'/],
  [['--query', 'actor:'], 2, /SEARCH_INVALID/],
  [['--withhold', 'actors'], 2, /is no section/],
  [['--ledger', 'nobody'], 1, /LEDGER_NOT_FOUND/],
  [['--out', '/missing/folder/x.zip'], 3, /cannot be written/],
])('export %j ends with %i and says why', async (argv, code, said) => {
  const { run, folder } = await open();
  const out = argv.includes('--out') ? [] : ['--out', join(folder, 'x.zip')];
  const result = await run([...out, ...argv]);
  expect(result.code).toBe(code);
  expect(result.notes.join('\n')).toMatch(said);
});
