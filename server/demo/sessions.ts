import { drawAct } from './acts.ts';
import type { DemoEvent } from './demo-event.ts';
import { MACHINES, type Machine, type Person, type Shift, shiftOn } from './people.ts';
import type { Random } from './random.ts';

const [SECOND_MS, MINUTE_MS, HOUR_MS] = [1_000, 60_000, 3_600_000];

/** The hospital's clock, ahead of UTC. */
const OFFSET_HOURS = 1;

/** Usual middle of the work done in a shift, in hours of local time, and how far it spreads. */
const SHIFT_HOURS: Readonly<Record<Shift, { readonly middle: number; readonly spread: number }>> = {
  EARLY: { middle: 10.2, spread: 2.2 },
  DAY: { middle: 13, spread: 2.6 },
  LATE: { middle: 18, spread: 2.2 },
  NIGHT: { middle: 26, spread: 2 },
};

const ACTS_MAX = 24;

/** One sitting of one person: they sign in, do what people of their role do, and mostly sign out again. */
export function makeSession(random: Random, person: Person, midnight: number): readonly DemoEvent[] {
  const { middle, spread } = SHIFT_HOURS[shiftOn(person, midnight)];
  const hour = middle + random.bell() * spread - OFFSET_HOURS;
  let at = midnight + Math.round(hour * HOUR_MS);
  const sessionId = `ses-${random.hex(12)}`;
  const actor = { id: person.id, type: 'user', name: person.name };
  const event = (act: Omit<DemoEvent, 'at' | 'actor' | 'context'>, source: string): DemoEvent => ({
    ...act,
    at,
    actor,
    context: {
      ipAddress: person.ipAddress,
      userAgent: person.userAgent,
      sessionId,
      requestId: random.hex(16),
      source,
    },
  });
  const events: DemoEvent[] = [];
  const identity = { target: { id: 'identity', type: 'service' }, classification: 'INTERNAL' } as const;
  while (random.chance(0.07)) {
    events.push(
      event(
        { ...identity, action: 'user.login', status: 'FAILURE', details: { reason: 'wrong password' } },
        'identity',
      ),
    );
    at += random.whole(6, 25) * SECOND_MS;
  }
  events.push(
    event(
      { ...identity, action: 'user.login', status: 'SUCCESS', details: { method: 'password', mfa: true } },
      'identity',
    ),
  );
  const acts = random.whole(3, ACTS_MAX);
  for (let count = 0; count < acts; count++) {
    at += Math.round(-Math.log(1 - random.next()) * 2.5 * MINUTE_MS) + random.whole(200, 4_000);
    const { source, ...act } = drawAct(random, person);
    events.push(event({ status: 'SUCCESS', ...act }, source));
  }
  at += random.whole(20, 400) * SECOND_MS;
  if (random.chance(0.8))
    events.push(event({ ...identity, action: 'user.logout', status: 'SUCCESS' }, 'identity'));
  return events;
}

/** What machines do every day, and nobody looks at until it fails. */
export function makeMachineDay(random: Random, midnight: number): readonly DemoEvent[] {
  const events: DemoEvent[] = [];
  const add = (machine: Machine, at: number, event: Omit<DemoEvent, 'at' | 'actor' | 'context'>): void => {
    const actor = { id: machine.id, type: 'service', name: machine.name };
    const context = {
      ipAddress: machine.ipAddress,
      requestId: random.hex(16),
      source: machine.id.replace('svc-', ''),
    };
    events.push({ ...event, at, actor, context });
  };
  const failed = random.chance(0.08);
  add(MACHINES.backup, midnight + HOUR_MS + random.whole(0, 90) * SECOND_MS, {
    action: 'backup.run',
    status: failed ? 'FAILURE' : 'SUCCESS',
    target: { id: 'ehr-primary', type: 'database' },
    details: failed ? { reason: 'target volume is full' } : { bytes: random.whole(190, 220) * 1_073_741_824 },
    classification: 'INTERNAL',
  });
  for (let hour = 0; hour < 24; hour++) {
    add(MACHINES.labGateway, midnight + hour * HOUR_MS + random.whole(0, 3_500) * SECOND_MS, {
      action: 'laboratory.sync',
      status: random.chance(0.02) ? 'FAILURE' : 'SUCCESS',
      target: { id: 'lis-bridge', type: 'interface' },
      details: { messages: random.whole(hour > 5 && hour < 19 ? 80 : 5, hour > 5 && hour < 19 ? 420 : 60) },
      classification: 'PHI',
    });
  }
  add(MACHINES.billingSync, midnight + 21 * HOUR_MS + random.whole(0, 600) * SECOND_MS, {
    action: 'invoice.batch.send',
    status: 'SUCCESS',
    target: { id: 'insurer-clearing', type: 'interface' },
    details: { invoices: random.whole(60, 240) },
    classification: 'CONFIDENTIAL',
  });
  return events;
}
