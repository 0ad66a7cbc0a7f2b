import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHUNK_EVENTS_MAX } from '#server/cli/import/read-chunks.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { runCommandLine } from '#test/support/command-line.ts';
import { passOn, startInterferingProxy } from '#test/support/interfering-proxy.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../../server/cli/indelible.ts', import.meta.url));

let appliance: Appliance;
beforeAll(async () => {
  appliance = await startAppliance();
});
afterAll(() => appliance.stop());

let ledgers = 0;
async function newLedger(): Promise<string> {
  const id = `import-${++ledgers}`;
  const { errors } = await appliance.graphql('mutation ($id: ID!) { createLedger(id: $id) { id } }', { id });
  expect(errors).toEqual([]);
  return id;
}

function write(name: string, text: string): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, text);
  return file;
}

const event = (number: number) => ({ action: 'doc.read', actor: { id: 'alice' }, details: { number } });
const ndjson = (count: number) =>
  Array.from({ length: count }, (_, number) => `${JSON.stringify(event(number))}\n`).join('');

function importInto(ledger: string, file: string, ...more: string[]) {
  const env = { INDELIBLE_TOKEN: appliance.adminToken, INDELIBLE_URL: appliance.url };
  return runCommandLine(['import', file, '--ledger', ledger, ...more], { env });
}

interface Recorded {
  readonly eventId: string;
  readonly action: string;
  readonly details: { readonly number?: number } & Record<string, unknown>;
}

/** Everything in the ledger in order, once the ledger has as many records as expected. */
async function recorded(ledger: string, count: number): Promise<readonly Recorded[]> {
  const marker = await appliance.graphql<{ recordEvent: { record: { index: number } } }>(
    `mutation ($ledger: ID!) {
      recordEvent(ledger: $ledger, ack: RECORDED, event: { action: "end" }) { record { index } }
    }`,
    { ledger },
  );
  // One ledger is recorded in order: when the marker is, all before it are.
  expect(marker.data.recordEvent.record.index).toBe(count);
  const nodes: Recorded[] = [];
  for (let from = 0; from < count; from += 500) {
    const page = await appliance.graphql<{ records: { nodes: Recorded[] } }>(
      `query ($ledger: ID!, $from: SafeInt!, $to: SafeInt!) {
        records(
          ledger: $ledger, first: 500, orderBy: { direction: ASC }, filter: { indexFrom: $from, indexTo: $to }
        ) {
          nodes { eventId action details } } }`,
      { ledger, from, to: Math.min(from + 500, count) },
    );
    expect(page.errors).toEqual([]);
    nodes.push(...page.data.records.nodes);
  }
  return nodes;
}

const numbers = (records: readonly Recorded[]) => records.map(({ details }) => details.number);
const upTo = (count: number) => Array.from({ length: count }, (_, number) => number);

test('a file of lines and the same as an array are the same import: every event once, in order', async () => {
  const ledger = await newLedger();
  const count = CHUNK_EVENTS_MAX + 200;
  const first = await importInto(ledger, write('events.ndjson', ndjson(count)));
  expect(first).toMatchObject({
    code: 0,
    lines: [expect.stringContaining('5,200 accepted, 0 duplicate, 0 rejected')],
  });
  const array = JSON.stringify(upTo(count).map(event), null, 2);
  const second = await importInto(ledger, write('events.json', array));
  expect(second).toMatchObject({
    code: 0,
    lines: [expect.stringContaining('0 accepted, 5,200 duplicate, 0 rejected')],
  });
  expect(numbers(await recorded(ledger, count))).toEqual(upTo(count));
});

test('an import twice over gives only duplicates, with events that bring no id and no time', async () => {
  const ledger = await newLedger();
  const file = write('events.ndjson', '{"action":"a"}\n{"action":"a"}\n{"id":"mine","action":"b"}\n');
  expect((await importInto(ledger, file)).lines[0]).toContain('3 accepted, 0 duplicate');
  expect((await importInto(ledger, file)).lines[0]).toContain('0 accepted, 3 duplicate');
  const ids = (await recorded(ledger, 3)).map(({ eventId }) => eventId);
  expect(ids).toEqual([
    expect.stringMatching(/^import-.*-0$/),
    expect.stringMatching(/^import-.*-1$/),
    'mine',
  ]);
});

test('events of all shapes go in, and every digit of their numbers stays', async () => {
  const ledger = await newLedger();
  const file = write(
    'events.json',
    `[{"principalId":"p","organizationId":"${ledger}","action":"a","targetResourceType":"t"},
      {"userId":"u","action":"b","resourceType":"doc","success":false,"big":9007199254740993},
      {"actor":{"type":"user","id":"u"},"target":{"type":"t","id":"1"},"outcome":"FAILURE","action":"c"}]`,
  );
  expect((await importInto(ledger, file)).code).toBe(0);
  const records = await recorded(ledger, 3);
  expect(records.map(({ action }) => action)).toEqual(['a', 'b', 'c']);
  expect(records[1]?.details).toEqual({ big: 9007199254740993n });
});

test('rejected events are listed with line, reason and text, and the exit code is 1', async () => {
  const ledger = await newLedger();
  const file = write('events.ndjson', '{"action":"a"}\n\n{"action":""}\n{broken\n{"action":"z"}\n');
  const run = await importInto(ledger, file);
  expect(run.code).toBe(1);
  expect(run.lines[0]).toContain('2 accepted, 0 duplicate, 2 rejected');
  const rejected = readFileSync(`${file}.rejected.ndjson`, 'utf8').trim().split('\n');
  expect(rejected.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      line: 3,
      event: 2,
      errors: [expect.objectContaining({ path: ['action'], code: 'VALUE_EMPTY' })],
      text: '{"action":""}',
    },
    { line: 4, event: 3, errors: [expect.objectContaining({ code: 'JSON_INVALID' })], text: '{broken' },
  ]);
  // Imported again without them there is nothing left to list.
  writeFileSync(file, '{"action":"a"}\n');
  expect((await importInto(ledger, file)).code).toBe(0);
  expect(existsSync(`${file}.rejected.ndjson`)).toBe(false);
});

test('a broken array: what stands before the break is sent, and the exit code is 1', async () => {
  const ledger = await newLedger();
  const run = await importInto(ledger, write('events.json', '[{"action":"a"},{"action":"b"}'));
  expect(run.code).toBe(1);
  expect(run.notes.join()).toContain('ends before its JSON array does');
  expect((await recorded(ledger, 1)).map(({ action }) => action)).toEqual(['a']);
});

test('--from begins at that event, counted from 1, and gives it the id that it always has', async () => {
  const ledger = await newLedger();
  const file = write('events.ndjson', ndjson(10));
  expect((await importInto(ledger, file, '--from', '8')).lines[0]).toContain('3 events (3 accepted');
  expect((await importInto(ledger, file)).lines[0]).toContain('10 events (7 accepted, 3 duplicate');
});

test('an import that was killed before it heard of receipts goes on, and all is recorded once', async () => {
  const ledger = await newLedger();
  const count = 2 * CHUNK_EVENTS_MAX + 1_000;
  const file = write('events.ndjson', ndjson(count));
  let victim: ReturnType<typeof spawn> | null = null;
  const url = await startInterferingProxy(appliance.url, async (answer, request, response) => {
    if (request.number === 2) {
      // The second chunk is durable at the appliance; its sender never hears of it.
      victim?.kill('SIGKILL');
      return;
    }
    await passOn(answer, request, response);
  });
  const env = { ...process.env, INDELIBLE_TOKEN: appliance.adminToken, INDELIBLE_URL: url };
  victim = spawn(process.execPath, [PROGRAM, 'import', file, '--ledger', ledger], { env, stdio: 'ignore' });
  await once(victim, 'exit');
  const again = await runCommandLine(['import', file, '--ledger', ledger], {
    env: { INDELIBLE_TOKEN: appliance.adminToken, INDELIBLE_URL: url },
  });
  expect(again.code).toBe(0);
  expect(again.notes.join()).toContain('going on after event 5,000');
  expect(again.lines[0]).toContain('11,000 events (6,000 accepted, 5,000 duplicate, 0 rejected)');
  expect(numbers(await recorded(ledger, count))).toEqual(upTo(count));
  expect(readdirSync(join(file, '..')).filter((name) => name.endsWith('.progress'))).toEqual([]);
});

test('progress is not used for a file that was changed before the place it had come to', async () => {
  const ledger = await newLedger();
  const file = write('events.ndjson', ndjson(2 * CHUNK_EVENTS_MAX));
  const interrupted = new AbortController();
  const url = await startInterferingProxy(appliance.url, async (answer, request, response) => {
    if (request.number === 1) interrupted.abort(new Error('Ctrl+C'));
    await passOn(answer, request, response);
  });
  const env = { INDELIBLE_TOKEN: appliance.adminToken, INDELIBLE_URL: url };
  const first = await runCommandLine(['import', file, '--ledger', ledger], {
    env,
    interrupted: interrupted.signal,
  });
  expect(first.code).toBe(3);
  expect(first.notes.join()).toContain('stopped after event 5,000');
  writeFileSync(file, `${JSON.stringify({ action: 'new first line' })}\n${ndjson(CHUNK_EVENTS_MAX)}`);
  const second = await runCommandLine(['import', file, '--ledger', ledger], { env });
  expect(second.notes.join()).not.toContain('going on');
  expect(second.lines[0]).toContain('5,001 events (5,001 accepted');
});

test('an answer that breaks off is asked for again from there, and nothing is counted twice', async () => {
  const ledger = await newLedger();
  const url = await startInterferingProxy(appliance.url, async (answer, request, response) => {
    if (request.number > 1) return passOn(answer, request, response);
    response.writeHead(answer.status, { 'content-type': 'application/x-ndjson' });
    const half = answer.body.split('\n').slice(0, 40).join('\n');
    response.write(`${half}\n`, () => response.destroy());
  });
  const env = { INDELIBLE_TOKEN: appliance.adminToken, INDELIBLE_URL: url };
  const run = await runCommandLine(['import', write('events.ndjson', ndjson(100)), '--ledger', ledger], {
    env,
  });
  expect(run.code).toBe(0);
  expect(run.waits).toHaveLength(1);
  expect(run.lines[0]).toContain('100 events (40 accepted, 60 duplicate, 0 rejected)');
  expect(numbers(await recorded(ledger, 100))).toEqual(upTo(100));
});

test('an appliance that is away is waited for as long as it asks; one that stays away ends it', async () => {
  const ledger = await newLedger();
  let outages = 2;
  const url = await startInterferingProxy(appliance.url, async (answer, request, response) => {
    if (outages-- <= 0) return passOn(answer, request, response);
    response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '7' });
    response.end('{"error":{"code":"QUEUE_FULL","message":"The queue is full."}}');
  });
  const env = { INDELIBLE_TOKEN: appliance.adminToken, INDELIBLE_URL: url };
  const file = write('events.ndjson', ndjson(3));
  const run = await runCommandLine(['import', file, '--ledger', ledger], { env });
  expect(run).toMatchObject({ code: 0, waits: [7_000, 7_000] });
  expect(run.notes.join()).toContain('The queue is full. [QUEUE_FULL]');
  const nobody = await runCommandLine(['import', file], {
    env: { ...env, INDELIBLE_URL: 'http://127.0.0.1:1' },
  });
  expect(nobody.code).toBe(3);
  expect(nobody.notes.at(-1)).toContain('stays away');
});

test('a wrong token, a missing ledger or file ends the import at once with the reason', async () => {
  const file = write('events.ndjson', ndjson(1));
  const env = { INDELIBLE_URL: appliance.url, INDELIBLE_TOKEN: 'wrong' };
  for (const [run, reason] of [
    [await runCommandLine(['import', file], { env }), 'UNAUTHENTICATED'],
    [await importInto('nowhere', file), 'LEDGER_NOT_FOUND'],
    [await importInto('default', `${file}.missing`), 'ENOENT'],
  ] as const) {
    expect(run).toMatchObject({ code: 3, waits: [] });
    expect(run.notes.join()).toContain(reason);
  }
});

test('without a server one is started for the import, and the events are there afterwards', async () => {
  const dataDir = join(temporaryFolder(), 'data');
  const env = { INDELIBLE_DATA_DIR: dataDir };
  const file = write('events.ndjson', ndjson(50));
  const first = await runCommandLine(['import', file], { env });
  expect(first).toMatchObject({ code: 0, lines: [expect.stringContaining('50 accepted')] });
  const again = await runCommandLine(['import', file], { env });
  expect(again).toMatchObject({ code: 0, lines: [expect.stringContaining('50 duplicate')] });
});
