/** How a time is cut into buckets of one length. Times are ms since the epoch, `toMs` is exclusive. */
export interface Cut {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly count: number;
}

export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** Lengths that people count in. */
const STEPS: readonly number[] = [
  steps(1, [1, 2, 5, 10, 20, 50, 100, 200, 500]),
  steps(SECOND, [1, 2, 5, 10, 15, 30]),
  steps(MINUTE, [1, 2, 5, 10, 15, 30]),
  steps(HOUR, [1, 2, 3, 6, 12]),
  steps(DAY, [1, 2, 7, 14, 28, 56, 91, 182, 365, 730, 1825, 3650]),
].flat();
/** The longest one is taken this many times where even it is too short. */
const LONGEST = 3650 * DAY;

/** What a time of the API can be. */
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00.000Z');
const LATEST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** No bar is narrower. */
const BAR_PX_MIN = 6;
/** Bars beyond this tell nobody more; well below what the API gives. */
const BARS_MAX = 240;
const BARS_MIN = 10;
/** Widths are taken in such steps: a window that is pulled wider is no new question each time. */
const WIDTH_STEP_PX = 120;

/**
 * Cuts a time that holds at least the given one into buckets that begin where a clock in the zone shows a
 * round time, as short ones as have room in so many px.
 *
 * @param offsetMinutes of the zone from UTC, east is positive, at the beginning of the time
 */
export function cutTime(span: TimeSpan, widthPx: number, offsetMinutes: number): Cut {
  const from = clamp(span.fromMs);
  const to = Math.max(clamp(span.toMs), from + 1);
  const roomy = Math.floor((Math.floor(widthPx / WIDTH_STEP_PX) * WIDTH_STEP_PX) / BAR_PX_MIN);
  const countMax = Math.min(BARS_MAX, Math.max(BARS_MIN, roomy));
  for (const stepMs of stepsFrom((to - from) / countMax)) {
    const cut = cutInto(from, to, stepMs, offsetMinutes * MINUTE);
    if (cut.count <= countMax) return cut;
  }
  return cutInto(from, to, to - from, 0);
}

function steps(unitMs: number, counts: readonly number[]): readonly number[] {
  return counts.map((count) => count * unitMs);
}

function* stepsFrom(lengthMs: number): Generator<number> {
  yield* STEPS.filter((step) => step >= lengthMs);
  const times = Math.max(1, Math.floor(lengthMs / LONGEST));
  for (let factor = times; factor <= times + 2; factor += 1) yield factor * LONGEST;
}

function cutInto(from: number, to: number, stepMs: number, offsetMs: number): Cut {
  // Weeks begin on Mondays; time began on a Thursday.
  const shiftMs = offsetMs - (stepMs % WEEK === 0 ? 4 * DAY : 0);
  const fromMs = clamp(Math.floor((from + shiftMs) / stepMs) * stepMs - shiftMs);
  const toMs = clamp(Math.ceil((to + shiftMs) / stepMs) * stepMs - shiftMs);
  return { fromMs, toMs, stepMs, count: Math.max(1, Math.round((toMs - fromMs) / stepMs)) };
}

function clamp(ms: number): number {
  return Math.min(LATEST_MS, Math.max(EARLIEST_MS, ms));
}

/** A time about so many times as long, around the same middle, from the begin of a bucket to an end. */
export function widen({ fromMs, toMs, stepMs }: Omit<Cut, 'count'>, factor: number): TimeSpan {
  const more = ((toMs - fromMs) * (factor - 1)) / 2;
  const unit = Math.abs(more) < stepMs ? 1 : stepMs;
  const by = Math.round(more / unit) * unit;
  const [from, to] = [clamp(fromMs - by), clamp(toMs + by)];
  return { fromMs: from, toMs: Math.max(to, from + 1) };
}
