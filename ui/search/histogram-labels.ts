import { scaleTime, scaleUtc } from 'd3-scale';
import { timeText, type Zone } from '#ui/parts/time-text.ts';
import type { TimeSpan } from './histogram-steps.ts';

/** A place on the time axis with its label. */
export interface Tick {
  readonly ms: number;
  readonly label: string;
}

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const MONTH = 28 * DAY;
const YEAR = 365 * DAY;
/** Room that one label needs. */
const LABEL_PX = 72;
/** The person's language; English where there is none. */
const LOCALE = typeof navigator === 'undefined' ? 'en' : navigator.language;

/** Round times in the zone for an axis of so many px. */
export function axisTicks(span: TimeSpan, widthPx: number, zone: Zone): readonly Tick[] {
  const pxOfMs = widthPx / (span.toMs - span.fromMs);
  const times = roundTimes(span, pxOfMs, widthPx, zone);
  const gap = commonGap(times);
  const ticks: Tick[] = [];
  let free = LABEL_PX / 2;
  for (const ms of times) {
    // Round times lie closer at the ends of months: what has no room is left out, at the axis' ends, too.
    const px = (ms - span.fromMs) * pxOfMs;
    if (px < free || px > widthPx - LABEL_PX / 2) continue;
    ticks.push({ ms, label: tickLabel(ms, gap, zone) });
    free = px + LABEL_PX;
  }
  return ticks;
}

/** As many as there is room for. */
function roundTimes(span: TimeSpan, pxOfMs: number, widthPx: number, zone: Zone): readonly number[] {
  const scale = (zone === 'UTC' ? scaleUtc() : scaleTime()).domain([span.fromMs, span.toMs]);
  for (let count = Math.floor(widthPx / LABEL_PX); count > 2; count -= 1) {
    const times = scale.ticks(count).map((date) => date.getTime());
    if (commonGap(times) * pxOfMs >= LABEL_PX) return times;
  }
  return scale.ticks(2).map((date) => date.getTime());
}

/** The gap in the middle of all: most times lie so far apart. */
function commonGap(times: readonly number[]): number {
  const gaps = times.slice(1).map((ms, place) => ms - (times[place] ?? ms));
  return gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? DAY;
}

function tickLabel(ms: number, gap: number, zone: Zone): string {
  const [date = '', time = ''] = timeText(new Date(ms).toISOString(), zone).split(' ');
  if (gap >= YEAR) return date.slice(0, 4);
  if (gap >= MONTH) return date.slice(0, 7);
  if (gap >= DAY || time.startsWith('00:00:00.000')) return dayText(ms, zone);
  if (gap >= MINUTE) return time.slice(0, 5);
  return time.slice(0, gap >= 1000 ? 8 : 12);
}

function dayText(ms: number, zone: Zone): string {
  const zoned = zone === 'UTC' ? { timeZone: 'UTC' } : {};
  return new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', ...zoned }).format(ms);
}

/** From one time to another in a zone, e.g. `2026-01-31 14:00 – 15:00 +01:00`, without what is 0. */
export function spanText(from: string, to: string, zone: Zone): string {
  const [fromDate = '', fromTime = '', fromOffset = ''] = timeText(from, zone).split(' ');
  const [toDate = '', toTime = '', toOffset = ''] = timeText(to, zone).split(' ');
  const length = Math.max(timeLength(fromTime), timeLength(toTime));
  const begin = `${fromDate} ${fromTime.slice(0, length)}${fromOffset === toOffset ? '' : ` ${fromOffset}`}`;
  const end = `${toDate === fromDate ? '' : `${toDate} `}${toTime.slice(0, length)} ${toOffset}`;
  return `${begin} – ${end}`;
}

/** Characters of `14:05:06.789` that say something. */
function timeLength(time: string): number {
  if (!time.endsWith('.000')) return 12;
  return time.endsWith(':00.000') ? 5 : 8;
}
