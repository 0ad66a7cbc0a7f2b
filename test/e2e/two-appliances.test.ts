import { expect, onTestFinished, test } from 'vitest';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { checkPostgresLedger } from '#test/support/check-postgres-ledger.ts';
import { createEmptyDatabase } from '#test/support/empty-database.ts';
import { createDatabase } from '#test/support/postgres-database.ts';

const RECORD = `mutation ($events: [EventInput!]!) {
  recordEvents(events: $events, ack: CHECKPOINTED) { accepted duplicates receipts { outcome } } }`;

async function start(databaseUrl: string, env: Readonly<Record<string, string>> = {}): Promise<Appliance> {
  const appliance = await startAppliance({ env: { DATABASE_URL: databaseUrl, ...env } });
  onTestFinished(() => appliance.stop());
  return appliance;
}

const record = (appliance: Appliance, events: readonly { readonly id: string }[]) =>
  appliance.graphql<{ recordEvents: { accepted: number; duplicates: number } }>(RECORD, {
    events: events.map(({ id }) => ({ id, action: 'test.done' })),
  });

test('two appliances that were started on one database by mistake do not fork its ledger', async () => {
  const { url } = await createDatabase();
  // Each with a data folder of its own: the second one has no key of the first one's ledgers.
  const [first, second] = await Promise.all([start(url), start(url)]);
  const sent = await Promise.all(
    Array.from({ length: 20 }, (_, i) => {
      const events = Array.from({ length: 25 }, (_unused, k) => ({ id: `event-${i}-${k}` }));
      return record(i % 2 === 0 ? first : second, events);
    }),
  );
  expect(sent.map(({ data }) => data.recordEvents.accepted)).toEqual(Array(20).fill(25));
  // What one of them has is known to the other one.
  const again = await record(second, [{ id: 'event-0-0' }, { id: 'event-1-0' }]);
  expect(again.data.recordEvents).toMatchObject({ accepted: 0, duplicates: 2 });
  const ids = new Set<string>();
  const checked = await checkPostgresLedger(url, first.dataDir, 'default', ({ eventId }) => ids.add(eventId));
  expect(checked).toMatchObject({ breaks: [], size: 500, checked: 500, waiting: 0, quarantined: 0 });
  expect(ids.size).toBe(500);
});

test('many processes that start on one empty database at once make one appliance', async () => {
  const { ownerUrl } = await createEmptyDatabase();
  const started = await Promise.all([0, 1, 2, 3].map(() => start(ownerUrl)));
  for (const [i, appliance] of started.entries()) {
    expect((await record(appliance, [{ id: `from-${i}` }])).data.recordEvents.accepted).toBe(1);
  }
  for (const appliance of started) {
    const { data } = await appliance.graphql('{ ledgers { id size } }');
    expect(data).toEqual({
      ledgers: [
        { id: 'default', size: 4 },
        { id: 'system', size: 0 },
      ],
    });
  }
});
