import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { sha256 } from '#server/sha256.ts';
import { openWitnessKeys } from '#server/storage/witness-key-files.ts';
import { originHash } from '#server/witnesses/create-cosigner.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { createDatabase } from '#test/support/postgres-database.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { verdictsOf } from './sample-witness.ts';

/** An appliance's data: where its database is, and its keys. */
interface Home {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;
  /** The same data once more, as they are now; nothing may be running. */
  copy(): Promise<Home>;
}

type Env = Readonly<Record<string, string>>;

/** Longest wait for a cosignature: some polls of the appliance, and a witness that starts meanwhile. */
const SOON = { timeout: 20_000 };

async function copyFolder(from: string): Promise<string> {
  const to = join(temporaryFolder(), 'data');
  cpSync(from, to, { recursive: true });
  return to;
}

function sqliteHome(dataDir = join(temporaryFolder(), 'data')): Home {
  return { dataDir, env: {}, copy: async () => sqliteHome(await copyFolder(dataDir)) };
}

async function newPostgresHome(): Promise<Home> {
  const { name, url } = await createDatabase();
  return postgresHome(name, url);
}

function postgresHome(name: string, url: string, dataDir = join(temporaryFolder(), 'data')): Home {
  return {
    dataDir,
    env: { DATABASE_URL: url },
    async copy() {
      const copied = `${name}_copy`;
      await administer(`CREATE DATABASE ${copied} TEMPLATE ${name} OWNER indelible_owner`);
      onTestFinished(() => administer(`DROP DATABASE ${copied} WITH (FORCE)`));
      return postgresHome(copied, url.replace(name, copied), await copyFolder(dataDir));
    },
  };
}

async function administer(statement: string): Promise<void> {
  const connectionString = `postgresql://postgres@127.0.0.1:${inject('postgresPort')}/postgres`;
  const client = new Client({ connectionString });
  await client.connect();
  await client.query(statement);
  await client.end();
}

async function run({ dataDir, env }: Home, settings: Env): Promise<Appliance> {
  const appliance = await startAppliance({ dataDir, env: { ...env, ...settings } });
  onTestFinished(() => appliance.stop());
  return appliance;
}

const RECORD = `mutation ($events: [EventInput!]!) {
  recordEvents(ledger: "default", events: $events, ack: CHECKPOINTED) { accepted } }`;

async function record(appliance: Appliance, name: string, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, i) => ({ id: `${name}-${i}`, action: 'test.done' }));
  const { data } = await appliance.graphql<{ recordEvents: { accepted: number } }>(RECORD, { events });
  expect(data.recordEvents.accepted).toBe(count);
}

interface Standing {
  readonly origin: string;
  readonly checkpoint: { note: string; cosignatures: readonly { line: string; vkey: string }[] };
  readonly witnesses: readonly Readonly<Record<string, unknown>>[];
}

async function standing(appliance: Appliance): Promise<Standing> {
  const { data } = await appliance.graphql<{ ledger: Standing }>(`{ ledger(id: "default") { origin
    checkpoint { note cosignatures { line vkey } }
    witnesses { name cosignedSize cosignedAt refusal refusedSize trouble } } }`);
  return data.ledger;
}

const vkeysOf = ({ dataDir }: Home, name: string): readonly string[] =>
  openWitnessKeys(join(dataDir, 'keys'), sha256, name, null).map(({ vkey }) => vkey);

/** Starts an appliance once, so that its address, its ledgers' keys and its keys as a witness are known. */
async function meet(home: Home, name: string, count: number) {
  const appliance = await run(home, { INDELIBLE_WITNESS_NAME: name });
  await record(appliance, name, count);
  const { data } = await appliance.graphql<{ ledgers: { vkey: string }[] }>('{ ledgers { vkey } }');
  const { port } = new URL(appliance.url);
  await appliance.stop();
  const url = `${appliance.url}/witness`;
  return {
    home,
    url,
    vkeys: vkeysOf(home, name),
    /** Settings of whoever offers checkpoints to it. */
    asWitness: {
      INDELIBLE_WITNESSES: vkeysOf(home, name)
        .map((vkey) => `${vkey} ${url}`)
        .join(','),
    },
    /** Settings of whoever watches its ledgers. */
    asLog: { INDELIBLE_WITNESSED_LOGS: data.ledgers.map(({ vkey }) => vkey).join(',') },
    self: { PORT: port, INDELIBLE_WITNESS_NAME: name },
  };
}

describe.each<[string, () => Promise<Home>]>([
  ['SQLite', async () => sqliteHome()],
  ['Postgres', newPostgresHome],
])('two appliances on %s', (_, makeHome) => {
  it('watch each other, and one that was rewritten from the middle is found out', {
    timeout: 60_000,
  }, async () => {
    const a = await meet(await makeHome(), 'w.example/a', 20);
    const b = await meet(await makeHome(), 'w.example/b', 7);
    // From here on, whoever has the key and the data can make another history.
    const forged = await a.home.copy();
    // Before anyone looks: a ledger that grows later waits a minute for its next cosignature.
    const genuine = await run(a.home, a.self);
    await record(genuine, 'genuine', 30);
    await genuine.stop();

    const first = await run(a.home, { ...a.self, ...b.asWitness, ...b.asLog });
    const second = await run(b.home, { ...b.self, ...a.asWitness, ...a.asLog });
    const cosigned = (name: string, cosignedSize: number) => ({
      witnesses: [{ name, cosignedSize, refusal: null, refusedSize: null, trouble: null }],
    });
    await expect.poll(() => standing(first), SOON).toMatchObject(cosigned('w.example/b', 50));
    await expect.poll(() => standing(second), SOON).toMatchObject(cosigned('w.example/a', 7));
    const { origin, checkpoint } = await standing(first);
    const { note, cosignatures } = checkpoint;
    for (const { line, vkey } of cosignatures) expect(verdictsOf(note, line, [vkey])).toEqual(['VALID']);
    expect(cosignatures.map(({ vkey }) => vkey).toSorted()).toEqual(b.vkeys.toSorted());
    // Anyone may ask the witness what it saw.
    const seen = await fetch(`${b.url}/${originHash(sha256, origin)}/checkpoint`);
    expect(await seen.text()).toContain(note.slice(0, note.indexOf('\n\n')));

    await first.stop();

    const forger = await run(forged, {});
    await record(forger, 'forged', 40);
    await forger.stop();
    const liar = await run(forged, b.asWitness);
    const refusal = expect.stringContaining('does not follow from what it saw') as unknown;
    await expect
      .poll(() => standing(liar), SOON)
      .toMatchObject({
        witnesses: [{ name: 'w.example/b', cosignedSize: 0, cosignedAt: null, refusedSize: 60, refusal }],
      });
    expect((await standing(liar)).checkpoint.cosignatures).toEqual([]);
  });
});
