/** A time as the ledger keeps it. */
export interface EventTime {
  /** RFC 3339 in UTC with `Z` and 3 to 9 fractional digits: as many as were sent, padded to 3. */
  readonly occurredAt: string;
  /** The time as it was sent. */
  readonly sent: string;
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
/** The form almost every sender uses; it is already what the ledger keeps. */
const PLAIN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z$/;

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const DAY_MINUTES = 1440;

/** The expected form, for messages. */
export const TIME_FORM = 'an RFC 3339 time with an offset and at most 9 fractional digits';

/**
 * Reads an RFC 3339 time with any offset and brings it to UTC, without losing a digit.
 *
 * The work is done on the calendar's digits: a `Date` holds milliseconds only and knows no leap second. A
 * second 60 is taken where a leap second may stand, at 23:59:60 UTC on 30 June and 31 December.
 *
 * @returns `null` for anything that is not such a time, or lies outside the years 0000 to 9999 in UTC.
 */
export function readTime(sent: string): EventTime | null {
  const parts = RFC3339.exec(sent);
  if (parts === null) return null;
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHour, offsetMinute] = parts;
  const date = { year: Number(year), month: Number(month), day: Number(day) };
  if (!isDate(date.year, date.month, date.day)) return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  const offset = sign === undefined ? 0 : offsetMinutes(sign, Number(offsetHour), Number(offsetMinute));
  if (offset === null) return null;
  if (offset === 0 && second !== '60' && PLAIN.test(sent)) return { occurredAt: sent, sent };
  const utc = shift(date, Number(hour) * 60 + Number(minute) - offset);
  if (utc === null || (second === '60' && !mayLeap(utc))) return null;
  const clock = `${pad(Math.floor(utc.minuteOfDay / 60), 2)}:${pad(utc.minuteOfDay % 60, 2)}:${second}`;
  const calendar = `${pad(utc.year, 4)}-${pad(utc.month, 2)}-${pad(utc.day, 2)}`;
  return { occurredAt: `${calendar}T${clock}.${(fraction ?? '').padEnd(3, '0')}Z`, sent };
}

interface UtcMinute {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly minuteOfDay: number;
}

function isDate(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}

function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : MONTH_DAYS[month - 1]!;
}

function offsetMinutes(sign: string, hours: number, minutes: number): number | null {
  if (hours > 23 || minutes > 59) return null;
  const total = hours * 60 + minutes;
  return sign === '-' ? -total : total;
}

/** Carries minutes below 0 or past the day into the date: at most one day, as offsets are under 24 hours. */
function shift(date: { year: number; month: number; day: number }, minutes: number): UtcMinute | null {
  let { year, month, day } = date;
  if (minutes < 0) {
    day -= 1;
    if (day === 0) {
      month -= 1;
      if (month === 0) {
        month = 12;
        year -= 1;
      }
      day = daysIn(year, month);
    }
  } else if (minutes >= DAY_MINUTES) {
    day += 1;
    if (day > daysIn(year, month)) {
      day = 1;
      month += 1;
      if (month === 13) {
        month = 1;
        year += 1;
      }
    }
  }
  if (year < 0 || year > 9999) return null;
  return { year, month, day, minuteOfDay: (minutes + DAY_MINUTES) % DAY_MINUTES };
}

function mayLeap(utc: UtcMinute): boolean {
  const lastMinute = utc.minuteOfDay === DAY_MINUTES - 1;
  return lastMinute && ((utc.month === 6 && utc.day === 30) || (utc.month === 12 && utc.day === 31));
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
