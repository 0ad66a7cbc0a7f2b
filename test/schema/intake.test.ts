import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeQueuedEvent } from '#server/events/queued-event.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { createDatabase } from '#test/support/postgres-database.ts';

const BACKENDS = [
  ['SQLite', async () => ({})],
  ['Postgres', async () => ({ DATABASE_URL: (await createDatabase()).url })],
] as const;

const SLOW = { timeout: 90_000 };

interface Intake {
  readonly accepted: number;
  readonly recorded: number;
  readonly quarantined: number;
  readonly waiting: number;
  readonly waitingSince: string | null;
  readonly throughput: readonly { readonly from: string; readonly to: string; readonly recorded: number }[];
}

const INTAKE = `{ ledger(id: "default") { size intake(minutes: 5) {
  accepted recorded quarantined discarded waiting waitingSince throughput { from to recorded } } } }`;
const RECORD = `mutation ($events: [EventInput!]!) {
  recordEvents(events: $events, ledger: "default") { receipts { outcome } } }`;

async function open(env: Readonly<Record<string, string>>): Promise<Appliance> {
  const appliance = await startAppliance({ env });
  onTestFinished(() => appliance.stop());
  return appliance;
}

async function countIntake(appliance: Appliance): Promise<Intake> {
  const { data, errors } = await appliance.graphql<{ ledger: { intake: Intake } }>(INTAKE);
  expect(errors).toEqual([]);
  return data.ledger.intake;
}

/** Sends batches one after another; `onAccepted` hears how many of each were acknowledged. */
async function send(
  appliance: Appliance,
  prefix: string,
  batches: number,
  onSent: (count: number) => void,
  onAccepted: (count: number) => void,
): Promise<void> {
  for (let batch = 0; batch < batches; batch++) {
    const events = Array.from({ length: 40 }, (_, i) => ({
      // Some are sent twice.
      id: `${prefix}-${Math.floor((batch * 40 + i) / 1.1)}`,
      timestamp: '2026-01-01T00:00:00Z',
      action: 'a',
    }));
    onSent(events.length);
    const { data } = await appliance.graphql<{ recordEvents: { receipts: { outcome: string }[] } }>(RECORD, {
      events,
    });
    onAccepted(data.recordEvents.receipts.filter(({ outcome }) => outcome === 'ACCEPTED').length);
  }
}

describe.each(BACKENDS)('the intake of a ledger on %s', (_name, env) => {
  // A machine with other work takes seconds for each look.
  it(
    'adds up to what clients were acknowledged, at every moment under load and at its end',
    SLOW,
    async () => {
      const appliance = await open(await env());
      let [sent, acknowledged, looks] = [0, 0, 0];
      let isSending = true;
      const clients = Array.from({ length: 4 }, (_, client) =>
        send(
          appliance,
          `c${client}`,
          25,
          (count) => (sent += count),
          (count) => (acknowledged += count),
        ),
      );
      const looking = (async () => {
        for (;;) {
          if (!isSending) return;
          const before = acknowledged;
          const intake = await countIntake(appliance);
          expect(intake.accepted).toBe(intake.recorded + intake.quarantined + intake.waiting);
          expect(intake.accepted).toBeGreaterThanOrEqual(before);
          expect(intake.accepted).toBeLessThanOrEqual(sent);
          expect(intake.waitingSince === null).toBe(intake.waiting === 0);
          looks += 1;
        }
      })();
      await Promise.all(clients);
      isSending = false;
      await looking;
      expect(looks).toBeGreaterThan(5);
      expect((await countIntake(appliance)).accepted).toBe(acknowledged);
      await expect.poll(async () => (await countIntake(appliance)).waiting, { timeout: 20_000 }).toBe(0);
      const { accepted, recorded, throughput } = await countIntake(appliance);
      expect([accepted, recorded]).toEqual([acknowledged, acknowledged]);
      expect(throughput).toHaveLength(5);
      expect(throughput.reduce((sum, minute) => sum + minute.recorded, 0)).toBe(acknowledged);
      for (const [i, { from, to }] of throughput.entries()) {
        expect(Date.parse(to) - Date.parse(from)).toBe(60_000);
        expect(from).toBe(throughput[i - 1]?.to ?? from);
      }
    },
  );
});

it('a throughput is told of 1 to 1440 minutes', async () => {
  const appliance = await open({});
  const query = `query ($minutes: Int!) { ledger(id: "default") { intake(minutes: $minutes) {
    accepted throughput { from to recorded } } } }`;
  for (const [minutes, codes] of [
    [0, ['BAD_USER_INPUT']],
    [-1, ['BAD_USER_INPUT']],
    [1441, ['BAD_USER_INPUT']],
    [1, []],
    [1440, []],
  ] as const) {
    expect([minutes, (await appliance.graphql(query, { minutes })).codes]).toEqual([minutes, codes]);
  }
});

it('a quarantined event shows its sections where its line can be read; each state is counted', async () => {
  const appliance = await open({});
  const sections = new Map([
    ['event' as const, '{"event":{"action":"a"}}'],
    ['details' as const, '{"details":{"n":12345678901234567890.5,"x":"<b>\\u202e"}}'],
  ]);
  const digest = 'A'.repeat(43).concat('=') as Hash;
  const database = new Database(join(appliance.dataDir, 'indelible.db'));
  const plant = database.prepare(
    `INSERT INTO quarantined_event (ledger_no, event_id, code, message, line, state, quarantined_at)
     SELECT no, 'q', 'EVENT_INVALID', 'planted', ?, ?, 0 FROM ledger WHERE id = 'default'`,
  );
  plant.run(encodeQueuedEvent({ eventId: 'q', digest, sections }), 'OPEN');
  plant.run('no line', 'DISCARDED');
  plant.run('no line', 'REPLAYED');
  plant.run('no line', 'OPEN');
  database.close();
  const { data, errors } = await appliance.graphql<Record<string, unknown>>(`{
    ledger(id: "default") { quarantine { open replayed discarded } intake { accepted quarantined discarded } }
    quarantinedEvents(last: 4) { edges { node { sections { name json } } } } }`);
  expect(errors).toEqual([]);
  expect(data['ledger']).toEqual({
    quarantine: { open: 2, replayed: 1, discarded: 1 },
    intake: { accepted: 3, quarantined: 3, discarded: 1 },
  });
  const read = [...sections].map(([name, json]) => ({ name, json }));
  expect(data['quarantinedEvents']).toEqual({
    edges: [read, null, null, null].map((each) => ({ node: { sections: each } })),
  });
});
