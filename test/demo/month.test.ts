import { expect, test } from 'vitest';
import { DAY_MS, EVENTS_MIN, makeMonth, MONTH_DAYS } from '#server/demo/month.ts';
import { createRandom } from '#server/demo/random.ts';
import { createUuidv7Source } from '#server/id.ts';
import { parseJson } from '#server/ledger/json.ts';
import { sha256 } from '#server/sha256.ts';
import { eventDefaults, validateEvent } from '#server/events/validate.ts';

const LAST_DAY = Date.UTC(2026, 10, 21);
const month = makeMonth({ seed: 1, lastDay: LAST_DAY, events: 20_000 });

test('the month has exactly as many events as asked for, in order of time, with ids of their own', () => {
  expect(month).toHaveLength(20_000);
  expect(new Set(month.map(({ id }) => id)).size).toBe(20_000);
  const times = month.map(({ timestamp }) => Date.parse(timestamp));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times[0]).toBeGreaterThan(LAST_DAY - MONTH_DAYS * DAY_MS);
  expect(times.at(-1)).toBeLessThan(LAST_DAY + 2 * DAY_MS);
});

test('the same seed and day give the same month, byte for byte; another seed or day gives another', () => {
  const again = makeMonth({ seed: 1, lastDay: LAST_DAY, events: 20_000 });
  expect(JSON.stringify(again)).toBe(JSON.stringify(month));
  const small = { lastDay: LAST_DAY, events: EVENTS_MIN };
  expect(makeMonth({ ...small, seed: 2 })).not.toEqual(makeMonth({ ...small, seed: 3 }));
  const ids = new Set(makeMonth({ ...small, seed: 2 }).map(({ id }) => id));
  const nextDay = makeMonth({ ...small, seed: 2, lastDay: LAST_DAY + DAY_MS });
  expect(nextDay.some(({ id }) => ids.has(id))).toBe(false);
});

test('every event of the month is one that the appliance takes', () => {
  const defaults = eventDefaults({ tokenId: 't', name: 't' }, LAST_DAY, createUuidv7Source(), sha256);
  for (const event of month) {
    expect(
      validateEvent(parseJson(JSON.stringify(event)), defaults).errors,
      JSON.stringify(event),
    ).toBeUndefined();
  }
});

test('one night shows failed logins of everybody from one address, and then one that succeeds', () => {
  const attacker = month.filter(({ context }) => context.ipAddress === '203.0.113.66');
  const failed = attacker.filter(({ action, status }) => action === 'user.login' && status === 'FAILURE');
  expect(failed.length).toBeGreaterThan(100);
  expect(new Set(failed.map(({ actor }) => actor.id)).size).toBeGreaterThan(30);
  const times = failed.map(({ timestamp }) => Date.parse(timestamp));
  expect(Math.max(...times) - Math.min(...times)).toBeLessThan(60 * 60_000);
  const success = attacker.find(({ action, status }) => action === 'user.login' && status === 'SUCCESS');
  expect(Date.parse(success?.timestamp ?? '')).toBeGreaterThan(Math.max(...times));
});

test('later the account that gave way exports all patients while it is night', () => {
  const exported = month.find(
    ({ action, details }) => action === 'data.export' && details?.['pseudonymised'] === false,
  );
  const hour = new Date(exported?.timestamp ?? '').getUTCHours();
  expect(hour).toBeLessThan(4);
  expect(exported?.classification).toBe('PHI');
});

test('people work on weekdays and by day more than at week-ends and at night', () => {
  const byPeople = month.filter(
    ({ actor, context }) => actor.type === 'user' && context.ipAddress !== '203.0.113.66',
  );
  const count = (keep: (time: Date) => boolean) =>
    byPeople.filter(({ timestamp }) => keep(new Date(timestamp))).length;
  // Nine days of this month lie at week-ends, twenty-two do not.
  const weekend = count((time) => [0, 6].includes(time.getUTCDay()));
  expect(weekend / 9).toBeLessThan(((byPeople.length - weekend) / 22) * 0.7);
  expect(count((time) => time.getUTCHours() < 4)).toBeLessThan(
    count((time) => time.getUTCHours() >= 9 && time.getUTCHours() < 13) / 2,
  );
});

test('reads of patients are marked as health information, and changes tell what was before', () => {
  expect(month.filter(({ action }) => action === 'patient.read').length).toBeGreaterThan(2_000);
  expect(
    month.every(({ action, classification }) => action !== 'patient.read' || classification === 'PHI'),
  ).toBe(true);
  const changes = month.filter(({ action }) => action === 'config.update');
  expect(changes.length).toBeGreaterThan(50);
  expect(changes.every((event) => event.changes?.before && event.changes.after)).toBe(true);
});

test('draws are the same on every machine', () => {
  const random = createRandom(42);
  expect([random.hex(16), random.whole(1, 6), random.pick(['a', 'b', 'c'])]).toMatchInlineSnapshot(`
    [
      "d4c2ccd0aba25026",
      3,
      "a",
    ]
  `);
});
