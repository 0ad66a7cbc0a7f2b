import { describe, expect, it } from 'vitest';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { markedBars, moveBrush } from '#ui/search/histogram-brush.ts';
import { cutTime, widen } from '#ui/search/histogram-steps.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const at = (text: string) => Date.parse(text);

describe('buckets of time', () => {
  it('begin where a clock in the zone shows a round time', () => {
    const span = { fromMs: at('2026-01-05T09:17:00Z'), toMs: at('2026-02-04T10:00:00Z') };
    const cut = cutTime(span, 1200, 60);
    expect(cut.stepMs).toBe(6 * HOUR);
    expect(new Date(cut.fromMs).toISOString()).toBe('2026-01-05T05:00:00.000Z');
    expect(new Date(cut.toMs).toISOString()).toBe('2026-02-04T11:00:00.000Z');
    expect(cutTime({ fromMs: at('2026-01-05T09:17:00Z'), toMs: at('2027-01-05T09:17:00Z') }, 1200, 330))
      // Days of a zone that is five and a half hours ahead.
      .toMatchObject({ stepMs: 2 * DAY, fromMs: expect.any(Number) });
  });

  it('hold the whole time, are equally long, and have room, whatever the time and the width', () => {
    const random = new SeededRandom(6);
    for (let round = 0; round < 3000; round += 1) {
      const fromMs = at('1990-01-01T00:00:00Z') + random.below(40 * 365) * DAY + random.below(DAY);
      const toMs = fromMs + 1 + Math.floor(10 ** (random.fraction() * 12));
      const [widthPx, offset] = [random.below(3000), random.pick([0, 60, -480, 330, 765])];
      const cut = cutTime({ fromMs, toMs }, widthPx, offset);
      expect(cut.fromMs).toBeLessThanOrEqual(fromMs);
      expect(cut.toMs).toBeGreaterThanOrEqual(toMs);
      expect(cut.toMs - cut.fromMs).toBe(cut.count * cut.stepMs);
      expect(cut.count).toBeLessThanOrEqual(Math.max(10, Math.min(240, widthPx / 6)));
      const monday = cut.stepMs % (7 * DAY) === 0 ? at('1970-01-05T00:00:00Z') : 0;
      expect((cut.fromMs + offset * 60_000 - monday) % cut.stepMs, `of ${cut.stepMs} ms`).toBe(0);
    }
  });

  it('reach over all times that an event can have', () => {
    const span = { fromMs: at('0001-01-01T00:00:00Z'), toMs: at('9999-12-31T23:59:59.999Z') };
    const cut = cutTime(span, 1200, 60);
    expect(cut.fromMs).toBe(span.fromMs);
    expect(cut.toMs).toBe(span.toMs);
    expect(cut.count).toBeGreaterThan(1);
    expect(cut.count).toBeLessThanOrEqual(200);
    expect(widen(cut, 2)).toEqual(span);
  });

  it('are there for a single moment, too', () => {
    const moment = at('2026-01-05T09:17:00.123Z');
    const cut = cutTime({ fromMs: moment, toMs: moment }, 1200, 0);
    expect(cut).toEqual({ fromMs: moment, toMs: moment + 1, stepMs: 1, count: 1 });
  });
});

describe('zooming', () => {
  it('keeps the middle, and the ends of buckets', () => {
    expect(widen({ fromMs: 1000, toMs: 3000, stepMs: 100 }, 2)).toEqual({ fromMs: 0, toMs: 4000 });
    expect(widen({ fromMs: 1000, toMs: 3000, stepMs: 200 }, 0.5)).toEqual({ fromMs: 1400, toMs: 2600 });
    expect(widen({ fromMs: 1000, toMs: 1800, stepMs: 800 }, 0.5)).toEqual({ fromMs: 1200, toMs: 1600 });
  });

  it('ends at a millisecond', () => {
    const moment = { fromMs: 1000, toMs: 1001 };
    expect(widen({ ...moment, stepMs: 1 }, 0.5)).toEqual(moment);
  });
});

describe('marking by keys', () => {
  const move = (by: number, isMarking = false) => ({ by, isMarking });

  it('begins at the end that the key comes from, and stops at the ends', () => {
    expect(moveBrush(null, move(-1), 5)).toEqual({ at: 4, anchor: null });
    expect(moveBrush(null, move(1), 5)).toEqual({ at: 0, anchor: null });
    expect(moveBrush({ at: 4, anchor: null }, move(1), 5)).toEqual({ at: 4, anchor: null });
    expect(moveBrush({ at: 1, anchor: null }, move(-5), 5)).toEqual({ at: 0, anchor: null });
    expect(moveBrush(null, move(1), 0)).toBeNull();
  });

  it('marks from where it began, in both directions, until it goes on without', () => {
    const once = moveBrush({ at: 2, anchor: null }, move(-1, true), 5);
    expect(once && markedBars(once)).toEqual([1, 2]);
    const other = moveBrush(moveBrush(once, move(1, true), 5), move(1, true), 5);
    expect(other && markedBars(other)).toEqual([2, 3]);
    expect(moveBrush(other, move(1), 5)).toEqual({ at: 4, anchor: null });
  });
});
