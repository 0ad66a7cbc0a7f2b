import { describe, expect, it } from 'vitest';
import { axisTicks, spanText } from '#ui/search/histogram-labels.ts';

const at = (text: string) => Date.parse(text);
const labels = (from: string, to: string, widthPx: number) =>
  axisTicks({ fromMs: at(from), toMs: at(to) }, widthPx, 'UTC').map(({ label }) => label);

describe('the axis of time', () => {
  it('says the time within a day, the day at midnight, then days, months and years', () => {
    expect(labels('2026-01-31T12:00:00Z', '2026-02-01T12:00:00Z', 600)).toEqual(
      expect.arrayContaining(['15:00', '21:00', expect.stringMatching(/1.*Feb|Feb.*1/), '09:00']),
    );
    expect(labels('2026-01-31T12:00:00Z', '2026-01-31T12:00:10Z', 600)).toEqual(['12:00:05']);
    expect(labels('2026-01-05T00:00:00Z', '2026-12-20T00:00:00Z', 900)).toContain('2026-06');
    expect(labels('1995-01-05T00:00:00Z', '2026-12-20T00:00:00Z', 600)).toContain('2010');
  });

  it('leaves room for every label, at the ends of months and of the axis, too', () => {
    for (const widthPx of [200, 390, 744, 1256, 1896]) {
      const span = { fromMs: at('2026-10-22T00:00:00Z'), toMs: at('2026-11-21T18:00:00Z') };
      const places = axisTicks(span, widthPx, 'UTC').map(
        ({ ms }) => ((ms - span.fromMs) / (span.toMs - span.fromMs)) * widthPx,
      );
      expect(places.length).toBeGreaterThan(0);
      expect(places[0]).toBeGreaterThanOrEqual(36);
      expect(places.at(-1)).toBeLessThanOrEqual(widthPx - 36);
      const gaps = places.slice(1).map((place, index) => place - (places[index] ?? 0));
      expect(Math.min(Infinity, ...gaps)).toBeGreaterThanOrEqual(72);
    }
  });
});

describe('the text of a span of time', () => {
  it.each([
    ['2026-01-31T14:00:00Z', '2026-01-31T15:00:00Z', '2026-01-31 14:00 – 15:00 Z'],
    ['2026-01-31T14:00:00Z', '2026-01-31T14:00:05Z', '2026-01-31 14:00:00 – 14:00:05 Z'],
    ['2026-01-31T14:00:00.020Z', '2026-01-31T14:00:00.040Z', '2026-01-31 14:00:00.020 – 14:00:00.040 Z'],
    ['2026-01-31T00:00:00Z', '2026-02-01T00:00:00Z', '2026-01-31 00:00 – 2026-02-01 00:00 Z'],
  ])('from %s to %s is %s', (from, to, text) => {
    expect(spanText(from, to, 'UTC')).toBe(text);
  });
});
