import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { runCommandLine } from '#test/support/command-line.ts';
import { createDatabase } from '#test/support/postgres-database.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { verifyPack } from './support/export-ledger.ts';

const DATABASES: readonly (readonly [string, () => Promise<Record<string, string>>])[] = [
  ['SQLite', async () => ({})],
  ['Postgres', async () => ({ DATABASE_URL: (await createDatabase()).url })],
];
const EVENTS = Array.from({ length: 700 }, (_, n) => ({
  id: `e-${n}`,
  action: n % 7 === 0 ? 'seventh.done' : 'thing.done',
  actor: { id: `user-${n % 3}` },
  details: { n, text: `number ${n}` },
}));
const FIELDS = 'id state count bytes sha256 url error { message }';

interface Export {
  readonly id: string;
  readonly state: string;
  readonly count: number;
  readonly sha256: string;
  readonly url: string | null;
}

async function start(env: Record<string, string>): Promise<Appliance> {
  const appliance = await startAppliance({ env });
  onTestFinished(() => appliance.stop());
  const mutation = `mutation ($events: [EventInput!]!) {
    recordEvents(ledger: "default", events: $events, ack: CHECKPOINTED) { accepted } }`;
  const { data } = await appliance.graphql(mutation, { events: EVENTS });
  expect(data).toEqual({ recordEvents: { accepted: EVENTS.length } });
  return appliance;
}

async function exported(appliance: Appliance, args: string): Promise<Export> {
  const begun = await appliance.graphql<{ startExport: Export }>(
    `mutation { startExport(ledger: "default", ${args}) { ${FIELDS} } }`,
  );
  expect(begun.errors).toEqual([]);
  const { id } = begun.data.startExport;
  return await vi.waitFor(
    async () => {
      const { data } = await appliance.graphql<{ export: Export }>(`{ export(id: "${id}") { ${FIELDS} } }`);
      expect(['DONE', 'FAILED']).toContain(data.export.state);
      return data.export;
    },
    { timeout: 15_000, interval: 50 },
  );
}

async function fetchFile(appliance: Appliance, url: string, headers: Record<string, string> = {}) {
  const authorization = `Bearer ${appliance.adminToken}`;
  return await fetch(new URL(url, appliance.url), { headers: { authorization, ...headers } });
}

async function systemActions(appliance: Appliance): Promise<readonly string[]> {
  const { data } = await appliance.graphql<{ records: { nodes: { action: string }[] } }>(
    `{ records(ledger: "system", search: "action:export.*", orderBy: { direction: ASC }) {
      nodes { action } } }`,
  );
  return data.records.nodes.map(({ action }) => action);
}

describe.each(DATABASES)('an appliance on %s', (_name, environment) => {
  it('gives out an evidence pack that verifies with the key of its ledger', async () => {
    const appliance = await start(await environment());
    const done = await exported(appliance, 'format: EVIDENCE, search: "action:seventh.*"');
    expect(done).toMatchObject({ state: 'DONE', count: 100, url: `/exports/${done.id}` });
    const response = await fetchFile(appliance, done.url ?? '');
    const pack = Buffer.from(await response.arrayBuffer());
    expect(createHash('sha256').update(pack).digest('hex')).toBe(done.sha256);
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
    const { data } = await appliance.graphql<{ ledger: { vkey: string } }>(
      '{ ledger(id: "default") { vkey } }',
    );
    const outcome = await verifyPack(pack, data.ledger.vkey);
    expect(outcome).toMatchObject({ verified: true, trust: 'GIVEN', checked: 100, breaks: [] });
    const part = await fetchFile(appliance, done.url ?? '', { range: 'bytes=10-19' });
    expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([206, pack.subarray(10, 20)]);
    await vi.waitFor(
      async () => {
        const actions = await systemActions(appliance);
        expect(actions.toSorted()).toEqual(['export.fetch', 'export.finish', 'export.start']);
        expect(actions[0]).toBe('export.start');
      },
      { timeout: 5_000, interval: 50 },
    );
  });

  it('removes exports of a ledger where something in it is erased', async () => {
    const appliance = await start(await environment());
    const done = await exported(appliance, 'format: NDJSON');
    const before = await (await fetchFile(appliance, done.url ?? '')).text();
    expect(before).toContain('"text":"number 21"');
    const erased = await appliance.graphql(
      `mutation { eraseSections(ledger: "default", index: 21, sections: ["details"], reason: "test") {
        index } }`,
    );
    expect(erased.errors).toEqual([]);
    expect((await fetchFile(appliance, `/exports/${done.id}`)).status).toBe(410);
    const { data } = await appliance.graphql(`{ export(id: "${done.id}") { state url count } }`);
    expect(data).toEqual({ export: { state: 'DONE', url: null, count: EVENTS.length } });
    const again = await exported(appliance, 'format: NDJSON');
    const after = await (await fetchFile(appliance, again.url ?? '')).text();
    expect(after).not.toContain('"text":"number 21"');
    expect(after).toContain('"erased":["details"]');
  });

  it('gives the command line a pack, and takes a token that may do nothing else', async () => {
    const appliance = await start(await environment());
    const token = await appliance.token(['exports:create'], ['default']);
    const out = join(temporaryFolder(), 'a.evidence.zip');
    const env = { INDELIBLE_URL: appliance.url, INDELIBLE_TOKEN: token };
    const wait = { onWait: async () => void (await fetch(new URL('healthz', appliance.url))) };
    const argv = ['export', '--query', 'actor:user-1', '--withhold', 'details', '--out', out];
    const { code, notes } = await runCommandLine(argv, { env, ...wait });
    expect([code, notes]).toEqual([0, []]);
    const { verified, checked, absent } = await verifyPack(readFileSync(out), null);
    expect([verified, checked, absent]).toEqual([true, 233, 233]);
  });
});
