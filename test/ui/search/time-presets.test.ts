import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isSameTime, TIME_PRESETS, timeRangeText } from '#ui/search/time-presets.ts';

const before = process.env['TZ'];
beforeEach(() => {
  process.env['TZ'] = 'Europe/Zurich';
});
afterEach(() => {
  if (before === undefined) delete process.env['TZ'];
  else process.env['TZ'] = before;
});

describe('a time range', () => {
  it('has the name of its preset', () => {
    expect(TIME_PRESETS.map(({ time }) => timeRangeText(time, 'UTC'))).toEqual(
      TIME_PRESETS.map(({ title }) => title),
    );
    expect(timeRangeText({ kind: 'LAST', seconds: 86_400 }, 'LOCAL')).toBe('Last 24 hours');
    expect(timeRangeText({ kind: 'LAST', seconds: 2700 }, 'LOCAL')).toBe('Last 45 min');
  });

  it('is shown in the zone, with the offset that held then', () => {
    const winter = { kind: 'BETWEEN', from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' } as const;
    expect(timeRangeText(winter, 'UTC')).toBe('2026-01-01 00:00 – 2026-02-01 00:00 UTC');
    expect(timeRangeText(winter, 'LOCAL')).toBe('2026-01-01 01:00 – 2026-02-01 01:00 UTC+01:00');
    const spring = { ...winter, to: '2026-05-01T00:00:00Z' };
    expect(timeRangeText(spring, 'LOCAL')).toBe('2026-01-01 01:00 UTC+01:00 – 2026-05-01 02:00 UTC+02:00');
  });

  it('is told from others', () => {
    const one = { kind: 'BETWEEN', from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' } as const;
    expect(isSameTime(one, { ...one })).toBe(true);
    expect(isSameTime(one, { ...one, to: '2026-02-02T00:00:00Z' })).toBe(false);
    expect(isSameTime({ kind: 'ALL' }, { kind: 'ALL' })).toBe(true);
    expect(isSameTime({ kind: 'ALL' }, { kind: 'LAST', seconds: 900 })).toBe(false);
    expect(isSameTime({ kind: 'LAST', seconds: 901 }, { kind: 'LAST', seconds: 900 })).toBe(false);
  });
});
