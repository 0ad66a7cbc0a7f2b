import { expect, test } from 'vitest';
import { timeText } from '#ui/parts/time-text.ts';

test('a time always has its offset beside it, in UTC and in the zone of the machine', () => {
  expect(timeText('2026-01-31T23:59:59.999Z', 'UTC')).toBe('2026-01-31 23:59:59.999 Z');
  const offset = -new Date('2026-01-31T23:59:59.999Z').getTimezoneOffset();
  const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, '0');
  expect(timeText('2026-01-31T23:59:59.999Z', 'LOCAL')).toContain(`${offset < 0 ? '−' : '+'}${hours}:`);
});

test('what is no time is shown as it is', () => {
  expect(timeText('yesterday', 'LOCAL')).toBe('yesterday');
});
