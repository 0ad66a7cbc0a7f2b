import { readInstant } from '#server/index/leaves.ts';
import { readTime } from '#server/ledger/time.ts';
import type { Instant } from '#server/ports/condition.ts';

/** A time as it was written stands for all of it: a day from its first to its last nanosecond. */
export interface TimeSpan {
  readonly from: Instant;
  /** Exclusive. */
  readonly to: Instant;
}

/** The forms that are understood, for messages. */
export const TIME_FORMS =
  'a year (2026), a month (2026-01), a day (2026-01-31) or a time (2026-01-31T10:15, also with seconds, ' +
  'a fraction and an offset such as Z or +02:00)';

const FORM =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?([Zz]|[+-]\d\d:\d\d)?)?)?)?$/;

/** Reads a time, written as far as it is known; without an offset it is UTC. `null` for what is none. */
export function readTimeSpan(text: string): TimeSpan | null {
  const parts = FORM.exec(text);
  if (parts === null) return null;
  const [, year, month, day, hour, minute, second, fraction, offset] = parts;
  const clock = `${hour ?? '00'}:${minute ?? '00'}:${second ?? '00'}.${fraction ?? '0'}`;
  const time = readTime(`${year}-${month ?? '01'}-${day ?? '01'}T${clock}${offset ?? 'Z'}`);
  const from = time === null ? null : readInstant(time.occurredAt);
  if (from === null) return null;
  // A leap second is one point only.
  if (second === '60') return { from, to: later(from, 1) };
  if (fraction !== undefined) return { from, to: later(from, 10 ** (9 - fraction.length)) };
  if (second !== undefined) return { from, to: { ms: from.ms + 1000, nanos: 0 } };
  if (minute !== undefined) return { from, to: { ms: from.ms + 60_000, nanos: 0 } };
  return { from, to: { ms: calendarEnd(from.ms, month, day), nanos: 0 } };
}

function calendarEnd(ms: number, month: string | undefined, day: string | undefined): number {
  const date = new Date(ms);
  if (day !== undefined) return date.setUTCDate(date.getUTCDate() + 1);
  if (month !== undefined) return date.setUTCMonth(date.getUTCMonth() + 1);
  return date.setUTCFullYear(date.getUTCFullYear() + 1);
}

const MS_NANOS = 1_000_000;

function later({ ms, nanos }: Instant, by: number): Instant {
  const sum = nanos + by;
  return { ms: ms + Math.floor(sum / MS_NANOS), nanos: sum % MS_NANOS };
}

/** The first millisecond that is not before it. */
export function firstMillisecond(instant: Instant): number {
  return instant.ms + (instant.nanos > 0 ? 1 : 0);
}

/** Which of two is earlier: below 0 the first. */
export function compareInstants(a: Instant, b: Instant): number {
  return a.ms - b.ms || a.nanos - b.nanos;
}
