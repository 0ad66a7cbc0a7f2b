import type { DemoEvent } from './demo-event.ts';
import type { Person } from './people.ts';
import type { Random } from './random.ts';

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];

/** An address of the documentation range (RFC 5737): it can belong to nobody. */
const ATTACKER = '203.0.113.66';
const ATTACKER_AGENT = 'python-requests/2.32.3';
const SPRAY_ROUNDS = 4;

/**
 * What an investigator should find in the month: one address tries a few passwords on everybody's account one
 * night, one account gives way, and four nights later that account exports patients at an hour at which it
 * never worked.
 *
 * @param start the month's first midnight, UTC
 */
export function makeIncidents(
  random: Random,
  people: readonly Person[],
  start: number,
): readonly DemoEvent[] {
  const victim = people.find(({ role }) => role === 'researcher') ?? random.pick(people);
  const night = start + 19 * DAY_MS + 2 * HOUR_MS + random.whole(0, 40) * MINUTE_MS;
  const spray = passwordSpray(random, people, night);
  const after = (spray.at(-1)?.at ?? night) + random.whole(20, 50) * 1000;
  return [
    ...spray,
    login(victim, after, 'SUCCESS', random.hex(16)),
    ...nightlyExport(random, victim, start + 23 * DAY_MS + HOUR_MS + random.whole(5, 50) * MINUTE_MS),
  ];
}

/**
 * A few rounds over all accounts, slowly enough to stay under a lock of each: failures everywhere, from one
 * place.
 */
function passwordSpray(random: Random, people: readonly Person[], begin: number): DemoEvent[] {
  const events: DemoEvent[] = [];
  let at = begin;
  for (let round = 0; round < SPRAY_ROUNDS; round++) {
    for (const person of people) {
      at += random.whole(900, 2_600);
      events.push(login(person, at, 'FAILURE', random.hex(16)));
    }
    at += 3 * MINUTE_MS;
  }
  return events;
}

function login(person: Person, at: number, status: 'SUCCESS' | 'FAILURE', requestId: string): DemoEvent {
  return {
    at,
    action: 'user.login',
    status,
    actor: { id: person.id, type: 'user', name: person.name },
    target: { id: 'identity', type: 'service' },
    context: { ipAddress: ATTACKER, userAgent: ATTACKER_AGENT, requestId, source: 'identity' },
    details:
      status === 'FAILURE' ? { reason: 'wrong password', mfa: false } : { method: 'password', mfa: false },
    classification: 'INTERNAL',
  };
}

function nightlyExport(random: Random, person: Person, begin: number): DemoEvent[] {
  const sessionId = `ses-${random.hex(12)}`;
  const correlationId = `exp-${random.hex(12)}`;
  const actor = { id: person.id, type: 'user', name: person.name };
  const context = { ipAddress: ATTACKER, userAgent: ATTACKER_AGENT, sessionId, correlationId };
  const common = { actor, status: 'SUCCESS' } as const;
  const row = (
    at: number,
    event: Omit<DemoEvent, 'at' | 'actor' | 'status' | 'context'>,
    source: string,
  ): DemoEvent => ({
    ...common,
    ...event,
    at,
    context: { ...context, requestId: random.hex(16), source },
  });
  return [
    row(
      begin,
      { action: 'user.login', target: { id: 'identity', type: 'service' }, classification: 'INTERNAL' },
      'identity',
    ),
    row(
      begin + 2 * MINUTE_MS,
      {
        action: 'patient.search',
        target: { type: 'patient-index' },
        details: { terms: 0, results: 14_210 },
        classification: 'PHI',
      },
      'ehr',
    ),
    row(
      begin + 7 * MINUTE_MS,
      {
        action: 'data.export',
        target: { id: 'patient-index', type: 'dataset', name: 'All patients' },
        details: { rows: 14_210, bytes: 73_400_320, format: 'csv', pseudonymised: false },
        description: 'Export of all patients outside working hours.',
        classification: 'PHI',
      },
      'research-warehouse',
    ),
    row(begin + 9 * MINUTE_MS, { action: 'user.logout', classification: 'INTERNAL' }, 'identity'),
  ];
}
