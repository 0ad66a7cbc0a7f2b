import type { Zone } from '#ui/parts/time-text.ts';

const FORM =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(?:\s?(Z|[+\-−]\d\d:\d\d))?$/i;

/**
 * Which end of a range is written: a day alone begins one with its first moment, and ends one behind its
 * last.
 */
export type RangeEnd = 'FROM' | 'TO';

/**
 * Reads a time as a person writes it: `2026-01-31`, `2026-01-31 14:00`, also with seconds, a fraction and an
 * offset (RFC 3339); without an offset it is meant in the zone. Gives RFC 3339 in UTC, or `null` for what is
 * no time, or not one in that zone (an hour that was left out in spring).
 */
export function readTimeEntry(text: string, zone: Zone, end: RangeEnd): string | null {
  const parts = FORM.exec(text.trim());
  if (parts === null) return null;
  const [, year = '', month = '', day = '', hour, minute = '00', second = '00', fraction = '', offset] =
    parts;
  const clock = `${hour ?? '00'}:${minute}:${second}`;
  if (!isThere(`${year}-${month}-${day}`, clock)) return null;
  const days = hour === undefined && end === 'TO' ? 1 : 0;
  const [hours, minutes, seconds] = clock.split(':').map(Number);
  const [y, m, d] = [Number(year), Number(month) - 1, Number(day) + days];
  const wall = new Date(0);
  wall.setUTCFullYear(y, m, d);
  wall.setUTCHours(hours ?? 0, minutes, seconds);
  const ms = offset === undefined ? msInZone(wall, zone) : wall.getTime() - offsetMs(offset);
  if (ms === null || Number.isNaN(ms)) return null;
  const at = new Date(ms).toISOString();
  // Beyond the years of four digits.
  if (!/^\d{4}-/.test(at)) return null;
  return `${at.slice(0, 19)}.${fraction.padEnd(3, '0')}Z`;
}

/** A time as it stands in a field to be changed: as short as it is exact. */
export function timeEntryText(rfc3339: string, zone: Zone): string {
  const fraction = /\.(\d+)/.exec(rfc3339)?.[1]?.replace(/0+$/, '') ?? '';
  const at = new Date(rfc3339);
  const shifted = new Date(at.getTime() - (zone === 'UTC' ? 0 : at.getTimezoneOffset() * MINUTE_MS));
  const wall = shifted.toISOString();
  const seconds = wall.slice(17, 19);
  const tail = fraction === '' ? (seconds === '00' ? '' : `:${seconds}`) : `:${seconds}.${fraction}`;
  return `${wall.slice(0, 10)} ${wall.slice(11, 16)}${tail}`;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

function isThere(day: string, clock: string): boolean {
  const date = new Date(`${day}T${clock}Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${day}T${clock}`);
}

/** When a clock in the zone shows what this one shows in UTC; `null` where it never does. */
function msInZone(wall: Date, zone: Zone): number | null {
  if (zone === 'UTC') return wall.getTime();
  const local = new Date(0);
  local.setFullYear(wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate());
  local.setHours(wall.getUTCHours(), wall.getUTCMinutes(), wall.getUTCSeconds(), 0);
  const isShown = local.getHours() === wall.getUTCHours() && local.getMinutes() === wall.getUTCMinutes();
  return isShown ? local.getTime() : null;
}

function offsetMs(offset: string): number {
  if (/z/i.test(offset)) return 0;
  const [hours = Number.NaN, minutes = Number.NaN] = offset.slice(1).split(':').map(Number);
  if (hours > 23 || minutes > 59) return Number.NaN;
  return (offset.startsWith('+') ? 1 : -1) * (hours * HOUR_MS + minutes * MINUTE_MS);
}
