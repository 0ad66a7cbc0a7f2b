import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { runCommandLine } from '#test/support/command-line.ts';
import { asRole } from '#test/support/empty-database.ts';
import { createLastingDatabase } from '#test/support/postgres-database.ts';

/** Longest that a job of these tests may take on a busy machine. */
const JOB_MS = 60_000;
const EVENTS = 700;

const record = async (appliance: Appliance, from: number, to: number) => {
  const events = Array.from({ length: to - from }, (_, i) => ({
    id: `e${from + i}`,
    action: i % 2 === 0 ? 'patient.read' : 'patient.update',
    actor: { id: `dr-${i % 7}`, name: 'Dr. Okonkwo-Villanueva' },
    target: { type: 'Patient', id: `p-${i % 13}` },
    details: { room: i, amount: 9007199254740993n, note: `=HYPERLINK("x")` },
  }));
  const { data, codes } = await appliance.graphql<{ recordEvents: { accepted: number } }>(
    `mutation ($events: [EventInput!]!) { recordEvents(events: $events, ack: RECORDED) { accepted } }`,
    { events },
  );
  expect(codes).toEqual([]);
  expect(data.recordEvents.accepted).toBe(to - from);
};

/** The newest checkpoint speaks of all records; so does what is made from it. */
const checkpointed = (appliance: Appliance, size: number) =>
  vi.waitFor(
    async () => {
      const { data } = await appliance.graphql<{ ledger: { checkpoint: { size: number } | null } }>(
        '{ ledger(id: "default") { checkpoint { size } } }',
      );
      expect(data.ledger.checkpoint?.size).toBe(size);
    },
    { timeout: JOB_MS, interval: 100 },
  );

interface Ended {
  readonly state: string;
  readonly [member: string]: unknown;
}

/** Asks for a job until it has ended. */
const ended = async (appliance: Appliance, field: string, id: string, members: string): Promise<Ended> =>
  await vi.waitFor(
    async () => {
      const { data, errors } = await appliance.graphql<Record<string, Ended>>(
        `query ($id: ID!) { ${field}(id: $id) { state ${members} } }`,
        { id },
      );
      expect(errors).toEqual([]);
      const job = data[field];
      expect(['DONE', 'FAILED', 'CANCELLED']).toContain(job?.state);
      return job as Ended;
    },
    { timeout: JOB_MS, interval: 100 },
  );

const verify = async (appliance: Appliance, ledger = 'default') => {
  const { data, errors } = await appliance.graphql<{ startVerification: { id: string } }>(
    'mutation ($ledger: ID!) { startVerification(ledger: $ledger) { id } }',
    { ledger },
  );
  expect(errors).toEqual([]);
  const members = 'id checked total breakCount breaks { index kind message } rate size root finishedAt';
  return await ended(appliance, 'verification', data.startVerification.id, members);
};

const download = async (appliance: Appliance, format: string, withhold: readonly string[] = []) => {
  const { data, errors } = await appliance.graphql<{ startExport: { id: string } }>(
    `mutation ($format: ExportFormat!, $withhold: [String!]) {
      startExport(
        ledger: "default", search: "action:patient.read", format: $format, withhold: $withhold
      ) { id } }`,
    { format, withhold },
  );
  expect(errors).toEqual([]);
  const made = await ended(
    appliance,
    'export',
    data.startExport.id,
    'count sha256 url error { code message }',
  );
  expect(made).toMatchObject({ state: 'DONE', error: null });
  const response = await fetch(new URL(String(made['url']), appliance.url), {
    headers: { authorization: `Bearer ${appliance.adminToken}` },
  });
  return { made, bytes: Buffer.from(await response.arrayBuffer()) };
};

const databases = {
  SQLite: async () => ({
    env: {},
    drop: async () => undefined,
    write: async (dataDir: string, sql: string) => {
      const db = new Database(join(dataDir, 'indelible.db'), { timeout: 5000 });
      db.exec(sql);
      db.close();
    },
  }),
  Postgres: async () => {
    const { url, superuserUrl, drop } = await createLastingDatabase();
    const write = (_dataDir: string, sql: string) =>
      asRole(superuserUrl, async (client) => void (await client.query(sql)));
    return { env: { DATABASE_URL: url }, drop, write };
  },
} as const;

describe.each(Object.entries(databases))('an appliance on %s', { timeout: 2 * JOB_MS }, (_name, database) => {
  let appliance: Appliance;
  let folder: string;
  let dropDatabase: () => Promise<void>;
  /** Past the appliance, as somebody who has taken over the database. */
  let writeDirectly: (sql: string) => Promise<void>;
  const run = (...argv: string[]) =>
    runCommandLine(argv, { env: { INDELIBLE_PINS: join(folder, 'pins.json') } });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'indelible-proving-'));
    const { env, drop, write } = await database();
    dropDatabase = drop;
    writeDirectly = (sql) => write(appliance.dataDir, sql);
    appliance = await startAppliance({ env });
    await record(appliance, 0, EVENTS);
    await checkpointed(appliance, EVENTS);
  });
  afterAll(async () => {
    await appliance.stop();
    await dropDatabase();
    rmSync(folder, { recursive: true });
  });

  it('verifies itself, and says what it verified', async () => {
    expect(await verify(appliance)).toMatchObject({
      state: 'DONE',
      checked: EVENTS,
      total: EVENTS,
      size: EVENTS,
      breakCount: 0,
      breaks: [],
    });
  });

  it('tells of the last verification, and believes no row that somebody else made up', async () => {
    const last = async () => {
      const { data } = await appliance.graphql<{ ledger: { lastVerification: { id: string } | null } }>(
        '{ ledger(id: "default") { lastVerification { id } } }',
      );
      return data.ledger.lastVerification?.id;
    };
    const { id } = await verify(appliance);
    expect(await last()).toBe(id);
    const madeUp = randomUUID();
    await writeDirectly(
      `INSERT INTO job SELECT '${madeUp}', kind, ledger_no, state, cancel_requested, params, progress, result,
         error, requested_by, created_at + 1, started_at, finished_at + 1, claimed_by, claimed_until
       FROM job WHERE id = '${String(id)}'`,
    );
    const { data } = await appliance.graphql<{ verification: { state: string } }>(
      `{ verification(id: "${madeUp}") { state } }`,
    );
    expect(data.verification.state).toBe('DONE');
    expect(await last()).toBe(id);
  });

  it('gives a pack that its command verifies against the key, and an altered one is refused', async () => {
    const { made, bytes } = await download(appliance, 'EVIDENCE', ['actor']);
    expect(made['count']).toBe(EVENTS / 2);
    const { data } = await appliance.graphql<{ ledger: { vkey: string } }>(
      '{ ledger(id: "default") { vkey } }',
    );
    const pack = join(folder, 'a.evidence.zip');
    writeFileSync(pack, bytes);
    expect(await run('verify', pack, '--vkey', data.ledger.vkey)).toMatchObject({ code: 0 });
    expect(bytes.includes('Okonkwo')).toBe(false);

    const altered = Buffer.from(bytes);
    const at = Math.floor(altered.length / 2);
    altered[at] = (altered[at] ?? 0) ^ 1;
    const broken = join(folder, 'b.evidence.zip');
    writeFileSync(broken, altered);
    expect((await run('verify', broken, '--vkey', data.ledger.vkey)).code).toBe(1);
  });

  it('gives every matching record as CSV and NDJSON, safe and exact', async () => {
    const csv = (await download(appliance, 'CSV')).bytes.toString();
    expect(csv.trimEnd().split('\n')).toHaveLength(EVENTS / 2 + 1);
    expect(csv).not.toMatch(/(?:^|,)"?=/m);
    const lines = (await download(appliance, 'NDJSON')).bytes.toString().trimEnd().split('\n');
    expect(lines).toHaveLength(EVENTS / 2);
    expect(lines.every((line) => line.includes('9007199254740993'))).toBe(true);
  });

  it('gives a record as a proof of its own', async () => {
    const { data, errors } = await appliance.graphql<{
      record: { tlogProof: string; proof: { size: number; root: string } };
      ledger: { size: number; root: string; vkey: string };
    }>(
      `{ record(ledger: "default", index: 17) { tlogProof proof { size root } }
         ledger(id: "default") { size root vkey } }`,
    );
    expect(errors).toEqual([]);
    expect(data.record.proof).toEqual({ size: data.ledger.size, root: data.ledger.root });
    const proof = join(folder, 'default-17.tlog-proof');
    writeFileSync(proof, data.record.tlogProof);
    expect(await run('verify', proof, '--vkey', data.ledger.vkey)).toMatchObject({ code: 0 });
    writeFileSync(proof, readFileSync(proof, 'utf8').replace('index 17', 'index 18'));
    expect((await run('verify', proof, '--vkey', data.ledger.vkey)).code).toBe(1);
  });

  it('erases lawfully: the content is gone, all still verifies, and the erasure is a record', async () => {
    const { errors } = await appliance.graphql(
      `mutation { eraseSections(ledger: "default", index: 5, sections: ["actor"], reason: "Art. 17 GDPR") {
        index sections { name state } } }`,
    );
    expect(errors).toEqual([]);
    const { data } = await appliance.graphql<{
      record: { actor: unknown; sections: { name: string; state: string }[] };
    }>('{ record(ledger: "default", index: 5) { actor { id } sections { name state } } }');
    expect(data.record.actor).toBeNull();
    expect(data.record.sections).toContainEqual({ name: 'actor', state: 'ERASED' });
    expect(await verify(appliance)).toMatchObject({ state: 'DONE', breakCount: 0, breaks: [] });
  });

  it('has recorded all of this in a ledger of its own that nobody else writes to', async () => {
    await appliance.graphql('{ record(ledger: "default", index: 3) { sections { salt } } }');
    const actions = await vi.waitFor(
      async () => {
        const { data } = await appliance.graphql<{ records: { nodes: { action: string }[] } }>(
          '{ records(ledger: "system", first: 100) { nodes { action } } }',
        );
        const found = new Set(data.records.nodes.map(({ action }) => action));
        expect(found.has('salts.reveal')).toBe(true);
        return found;
      },
      { timeout: JOB_MS, interval: 100 },
    );
    for (const action of ['verification.start', 'verification.finish', 'export.start', 'export.finish']) {
      expect(actions).toContain(action);
    }
    expect(actions).toContain('export.fetch');
    expect(actions).toContain('sections.erase');
    const { codes } = await appliance.graphql(
      'mutation { recordEvent(ledger: "system", event: { action: "a" }) { outcome } }',
    );
    expect(codes).toEqual(['LEDGER_RESERVED']);
    expect(await verify(appliance, 'system')).toMatchObject({ state: 'DONE', breakCount: 0, breaks: [] });
  });
});
