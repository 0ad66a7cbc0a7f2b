import { durationText } from '#ui/parts/number-text.ts';
import type { Zone } from '#ui/parts/time-text.ts';
import { messages } from './messages.ts';
import { timeEntryText } from './time-entry.ts';
import type { TimeRange } from './view.ts';

/** A range that is offered by name. */
export interface TimePreset {
  readonly title: string;
  readonly time: TimeRange;
}

const HOUR = 3600;
const DAY = 86_400;

/** Shortest first. */
export const TIME_PRESETS: readonly TimePreset[] = [
  last(900, messages.last15Minutes),
  last(HOUR, messages.lastHour),
  last(DAY, messages.last24Hours),
  last(7 * DAY, messages.last7Days),
  last(30 * DAY, messages.last30Days),
  last(90 * DAY, messages.last90Days),
  { title: messages.allTime, time: { kind: 'ALL' } },
];

/** Whether both are the same range. */
export function isSameTime(one: TimeRange, other: TimeRange): boolean {
  if (one.kind === 'LAST' && other.kind === 'LAST') return one.seconds === other.seconds;
  if (one.kind === 'BETWEEN' && other.kind === 'BETWEEN')
    return one.from === other.from && one.to === other.to;
  return one.kind === other.kind && one.kind === 'ALL';
}

/** A range in words, e.g. `Last 24 hours`, `2026-01-01 00:00 – 2026-02-01 00:00 UTC+01:00`. */
export function timeRangeText(time: TimeRange, zone: Zone): string {
  const preset = TIME_PRESETS.find((known) => isSameTime(known.time, time));
  if (preset !== undefined) return preset.title;
  switch (time.kind) {
    case 'ALL':
      return messages.allTime;
    case 'LAST':
      return messages.lastSpan(durationText(time.seconds * 1000));
    case 'BETWEEN': {
      const [from, to] = [timeEntryText(time.from, zone), timeEntryText(time.to, zone)];
      const [first, second] = [offsetText(time.from, zone), offsetText(time.to, zone)];
      return first === second ? `${from} – ${to} ${second}` : `${from} ${first} – ${to} ${second}`;
    }
  }
}

function last(seconds: number, title: string): TimePreset {
  return { title, time: { kind: 'LAST', seconds } };
}

/** The offset that holds at a time: summer and winter differ. */
function offsetText(rfc3339: string, zone: Zone): string {
  if (zone === 'UTC') return 'UTC';
  const minutes = -new Date(rfc3339).getTimezoneOffset();
  const two = (value: number) => String(value).padStart(2, '0');
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? '−' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
