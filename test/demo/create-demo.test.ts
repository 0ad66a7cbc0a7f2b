import { expect, it, onTestFinished } from 'vitest';
import { createCreateDemo, DEMO_EVENTS, DEMO_LEDGER, DEMO_LEDGER_NAME } from '#server/demo/create-demo.ts';
import { AppError } from '#server/errors.ts';
import { codeOf } from '#test/support/ledger-fixture.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { createDatabase } from '#test/support/postgres-database.ts';

const CALLER = { tokenId: 't', name: 'T' };
const CREATED_AT = Date.UTC(2026, 10, 21, 13, 30);

/** A catalog and an intake of the test's own: what was accepted, in order. */
function open(name: string | null = null) {
  const accepted = new Map<string, unknown>();
  const identity = { id: DEMO_LEDGER, name, origin: 'o', vkey: 'v', createdAt: CREATED_AT };
  let ledger: typeof identity | null = name === null ? null : identity;
  let full = 0;
  let failAfter = Number.POSITIVE_INFINITY;
  let pauses = 0;
  const createDemo = createCreateDemo({
    catalog: { find: async () => ledger },
    createLedger: async (_id, given) => (ledger = { ...identity, name: given }),
    accept: async ({ events }) => {
      if (full > 0) {
        full -= 1;
        throw new AppError('QUEUE_FULL');
      }
      failAfter -= 1;
      if (failAfter < 0) throw new AppError('STORAGE_UNAVAILABLE');
      for (const event of events as readonly { readonly id: string }[]) {
        const known = accepted.get(event.id);
        if (known !== undefined) expect(event).toEqual(known);
        accepted.set(event.id, event);
      }
      return events.map(() => ({ outcome: 'ACCEPTED', errors: [] }));
    },
    pause: async () => void (pauses += 1),
  });
  return {
    accepted,
    createDemo: () => createDemo(CALLER),
    fillQueue: (times: number) => (full = times),
    failAfter: (submissions: number) => (failAfter = submissions),
    pauses: () => pauses,
    ledger: () => ledger,
  };
}

it('makes the ledger and accepts the month up to when the ledger was made, each event once', async () => {
  const demo = open();
  await demo.createDemo();
  expect(demo.ledger()?.name).toBe(DEMO_LEDGER_NAME);
  const ids = [...demo.accepted.keys()];
  expect(ids.length).toBeGreaterThan(DEMO_EVENTS * 0.9);
  const times = [...demo.accepted.values()].map((event) =>
    Date.parse((event as { timestamp: string }).timestamp),
  );
  expect(Math.max(...times)).toBeLessThanOrEqual(CREATED_AT);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  await demo.createDemo();
  expect([...demo.accepted.keys()]).toEqual(ids);
});

it('completes what a failure in the middle left, and doubles nothing', async () => {
  const whole = open();
  await whole.createDemo();
  const demo = open();
  demo.failAfter(7);
  expect(await codeOf(demo.createDemo())).toBe('STORAGE_UNAVAILABLE');
  expect(demo.accepted.size).toBe(7000);
  demo.failAfter(1000);
  await demo.createDemo();
  expect([...demo.accepted]).toEqual([...whole.accepted]);
});

it('waits while the queue is full, and gives up in the end', async () => {
  const demo = open();
  demo.fillQueue(3);
  await demo.createDemo();
  expect(demo.pauses()).toBe(3);
  demo.fillQueue(1000);
  expect(await codeOf(demo.createDemo())).toBe('QUEUE_FULL');
});

it('leaves a ledger of this id alone that was made for something else', async () => {
  const demo = open('Our own');
  await demo.createDemo();
  expect(demo.accepted.size).toBe(0);
});

const CREATE = 'mutation { createDemo { id name size } }';
const SIZE = `{ records(ledger: "demo", first: 1) { totalCount } ledger(id: "demo") {
  intake { accepted waiting quarantined } } }`;

async function sizes(appliance: Appliance) {
  const { data } = await appliance.graphql<{
    readonly records: { readonly totalCount: number };
    readonly ledger: { readonly intake: { readonly accepted: number; readonly waiting: number } };
  }>(SIZE);
  return { total: data.records.totalCount, ...data.ledger.intake };
}

it.each([
  ['SQLite', async () => ({})],
  ['Postgres', async () => ({ DATABASE_URL: (await createDatabase()).url })],
] as const)(
  'on %s the API makes it for those who may, twice at once and again, each event once',
  async (_, env) => {
    const appliance = await startAppliance({ env: await env() });
    onTestFinished(() => appliance.stop());
    for (const [scopes, ledgers] of [
      [['admin'], ['*']],
      [['events:write'], ['*']],
      [['admin', 'events:write'], ['default']],
    ] as const) {
      const token = await appliance.token(scopes, ledgers);
      expect((await appliance.graphql(CREATE, {}, token)).codes).toEqual(['FORBIDDEN']);
    }
    const made = await Promise.all([appliance.graphql(CREATE), appliance.graphql(CREATE)]);
    expect(made.map(({ codes }) => codes)).toEqual([[], []]);
    expect(made[0]?.data).toMatchObject({ createDemo: { id: DEMO_LEDGER, name: DEMO_LEDGER_NAME } });
    await expect.poll(async () => (await sizes(appliance)).waiting, { timeout: 30_000 }).toBe(0);
    const { total, accepted } = await sizes(appliance);
    expect(total).toBe(accepted);
    expect(total).toBeGreaterThan(DEMO_EVENTS * 0.9);
    expect((await appliance.graphql(CREATE)).codes).toEqual([]);
    expect(await sizes(appliance)).toMatchObject({ total, accepted, quarantined: 0 });
  },
);
