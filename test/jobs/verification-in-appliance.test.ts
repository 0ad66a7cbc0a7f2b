import { expect, it, onTestFinished } from 'vitest';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { createDatabase } from '#test/support/postgres-database.ts';

interface Verification {
  readonly id: string;
  readonly state: string;
  readonly checked: number;
  readonly breakCount: number;
  readonly breaks: readonly unknown[];
  readonly error: unknown;
}

interface SystemRecord {
  readonly action: string;
  readonly status: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const RECORDS = 40;
const FIELDS = 'id state checked breakCount breaks { index kind message } error { code message }';

async function untilEnded(appliance: Appliance, id: string): Promise<Verification> {
  const query = `{ verification(id: "${id}") { ${FIELDS} } }`;
  const look = async () => (await appliance.graphql<{ verification: Verification }>(query)).data.verification;
  await expect.poll(async () => (await look()).state, { timeout: 30_000 }).not.toMatch(/QUEUED|RUNNING/);
  return await look();
}

it.each([
  ['SQLite', async () => ({})],
  ['Postgres', async () => ({ DATABASE_URL: (await createDatabase()).url })],
])(
  'a ledger is verified when somebody asks, and both ends of that are recorded, on %s',
  async (_name, envOf) => {
    const appliance = await startAppliance({ env: await envOf() });
    onTestFinished(() => appliance.stop());
    const events = Array.from({ length: RECORDS }, (_, i) => `{ action: "a", details: { i: ${i} } }`);
    await appliance.graphql(
      `mutation { recordEvents(events: [${events.join()}], ack: CHECKPOINTED) { accepted } }`,
    );
    const { data } = await appliance.graphql<{ startVerification: { id: string } }>(
      'mutation { startVerification(ledger: "default") { id } }',
    );
    const verification = await untilEnded(appliance, data.startVerification.id);
    expect(verification).toMatchObject({
      state: 'DONE',
      checked: RECORDS,
      breaks: [],
      breakCount: 0,
      error: null,
    });
    const query =
      '{ records(ledger: "system", orderBy: { direction: ASC }) { nodes { action status details } } }';
    const recorded = async () => {
      const answer = await appliance.graphql<{ records: { nodes: readonly SystemRecord[] } }>(query);
      return answer.data.records.nodes.filter(({ details }) => details['verification'] === verification.id);
    };
    await expect.poll(async () => (await recorded()).length).toBe(2);
    expect(await recorded()).toMatchObject([
      { action: 'verification.start', status: 'ATTEMPT', details: { from: null, to: null } },
      { action: 'verification.finish', status: 'SUCCESS', details: { checked: RECORDS, breakCount: 0 } },
    ]);
  },
);
