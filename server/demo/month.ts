import type { DemoEvent } from './demo-event.ts';
import { makeIncidents } from './incidents.ts';
import { makePeople, type Person, shiftOn } from './people.ts';
import { createRandom, type Random } from './random.ts';
import { makeMachineDay, makeSession } from './sessions.ts';

export const DAY_MS = 86_400_000;
/** Days of the demo's month; the last is today. */
export const MONTH_DAYS = 31;
/** Fewer cannot hold what every month has. */
export const EVENTS_MIN = 2_000;
export const EVENTS_MAX = 1_000_000;

export interface MonthOptions {
  readonly seed: number;
  /** Midnight (UTC) that begins the last day, ms since the epoch. */
  readonly lastDay: number;
  /** Events of the whole month, the rest of its last day included. */
  readonly events: number;
}

/** An event as it is sent. */
export interface SentDemoEvent extends Omit<DemoEvent, 'at'> {
  readonly id: string;
  readonly timestamp: string;
}

/**
 * A month in a hospital and its software platform, in order of time: exactly as many events as asked for, the
 * same ones for the same seed and last day, ids included.
 */
export function makeMonth({ seed, lastDay, events: count }: MonthOptions): readonly SentDemoEvent[] {
  const random = createRandom(seed);
  const people = makePeople(random);
  const first = lastDay - (MONTH_DAYS - 1) * DAY_MS;
  const month: DemoEvent[] = [...makeIncidents(random, people, first)];
  for (let day = 0; day < MONTH_DAYS; day++) month.push(...makeMachineDay(random, first + day * DAY_MS));
  while (month.length < count) {
    const [person, midnight] = drawSitting(random, people, first);
    // The last sitting is cut short, so that the count comes out exactly.
    month.push(...makeSession(random, person, midnight).slice(0, count - month.length));
  }
  month.sort((left, right) => left.at - right.at);
  const day = new Date(lastDay).toISOString().slice(0, 10).replaceAll('-', '');
  return month.map(({ at, ...event }, position) => ({
    ...event,
    id: `demo-${seed}-${count}-${day}-${position}`,
    timestamp: new Date(at).toISOString(),
  }));
}

/**
 * How much is done on each day of the week, Sunday first, by those who work shifts and by those in offices.
 */
const WARD_DAYS = [0.55, 1, 1.05, 1, 1, 0.95, 0.6];
const OFFICE_DAYS = [0.02, 1, 1.1, 1.05, 1, 0.85, 0.03];
/** The house sleeps: a night shift does this much of what a day shift does. */
const NIGHT_SHARE = 0.45;
const WARD_ROLES = new Set(['physician', 'nurse', 'laboratory']);

function drawSitting(random: Random, people: readonly Person[], first: number): readonly [Person, number] {
  for (;;) {
    const person = random.weighted(people);
    const midnight = first + random.whole(0, MONTH_DAYS - 1) * DAY_MS;
    const days = WARD_ROLES.has(person.role) ? WARD_DAYS : OFFICE_DAYS;
    const busy =
      days[new Date(midnight).getUTCDay()]! * (shiftOn(person, midnight) === 'NIGHT' ? NIGHT_SHARE : 1);
    if (random.next() * 1.2 < busy) return [person, midnight];
  }
}
