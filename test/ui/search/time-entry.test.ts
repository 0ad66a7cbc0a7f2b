import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTimeEntry, timeEntryText } from '#ui/search/time-entry.ts';

const before = process.env['TZ'];
beforeEach(() => {
  process.env['TZ'] = 'Europe/Zurich';
});
afterEach(() => {
  if (before === undefined) delete process.env['TZ'];
  else process.env['TZ'] = before;
});

describe('a time that somebody writes', () => {
  it.each([
    ['2026-01-31 14:00', 'UTC', '2026-01-31T14:00:00.000Z'],
    ['2026-01-31 14:00', 'LOCAL', '2026-01-31T13:00:00.000Z'],
    ['2026-07-31 14:00', 'LOCAL', '2026-07-31T12:00:00.000Z'],
    [' 2026-01-31T14:00:05 ', 'UTC', '2026-01-31T14:00:05.000Z'],
    ['2026-01-31 14:00:05.25', 'UTC', '2026-01-31T14:00:05.250Z'],
    ['2026-01-31T14:00:05.123456789Z', 'LOCAL', '2026-01-31T14:00:05.123456789Z'],
    ['2026-01-31T14:00:00+02:00', 'LOCAL', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31 14:00 −02:30', 'UTC', '2026-01-31T16:30:00.000Z'],
    ['2024-02-29', 'UTC', '2024-02-29T00:00:00.000Z'],
    ['0099-05-01 00:00', 'UTC', '0099-05-01T00:00:00.000Z'],
  ] as const)('%j in %s is %s', (text, zone, utc) => {
    expect(readTimeEntry(text, zone, 'FROM')).toBe(utc);
  });

  it('means all of a day where it is a day alone', () => {
    expect(readTimeEntry('2026-01-31', 'LOCAL', 'FROM')).toBe('2026-01-30T23:00:00.000Z');
    expect(readTimeEntry('2026-01-31', 'LOCAL', 'TO')).toBe('2026-01-31T23:00:00.000Z');
    expect(readTimeEntry('2026-12-31', 'UTC', 'TO')).toBe('2027-01-01T00:00:00.000Z');
    // A day of 23 hours.
    expect(readTimeEntry('2026-03-29', 'LOCAL', 'FROM')).toBe('2026-03-28T23:00:00.000Z');
    expect(readTimeEntry('2026-03-29', 'LOCAL', 'TO')).toBe('2026-03-29T22:00:00.000Z');
  });

  it.each([
    '',
    'yesterday',
    '2026',
    '2026-02-30',
    '2026-13-01',
    '2026-01-31 24:00',
    '2026-01-31 14:60',
    '2026-01-31 14:00:60',
    '2026-01-31T14:00+25:00',
    '31.01.2026',
    '2026-01-31 14',
    '10000-01-01',
  ])('%j is none', (text) => {
    expect(readTimeEntry(text, 'UTC', 'FROM')).toBeNull();
    expect(readTimeEntry(text, 'LOCAL', 'TO')).toBeNull();
  });

  it('is none where the clocks went over it', () => {
    expect(readTimeEntry('2026-03-29 02:30', 'LOCAL', 'FROM')).toBeNull();
    expect(readTimeEntry('2026-03-29 02:30', 'UTC', 'FROM')).toBe('2026-03-29T02:30:00.000Z');
  });
});

describe('a time in a field', () => {
  it.each([
    ['2026-01-31T14:00:00Z', 'UTC', '2026-01-31 14:00'],
    ['2026-01-31T14:00:00.000Z', 'LOCAL', '2026-01-31 15:00'],
    ['2026-07-31T14:00:07Z', 'LOCAL', '2026-07-31 16:00:07'],
    ['2026-01-31T14:00:07.120Z', 'UTC', '2026-01-31 14:00:07.12'],
    ['2026-01-31T14:00:00.123456789Z', 'UTC', '2026-01-31 14:00:00.123456789'],
  ] as const)('%s in %s is %j, and read again it is the same time', (rfc3339, zone, text) => {
    expect(timeEntryText(rfc3339, zone)).toBe(text);
    const again = readTimeEntry(text, zone, 'FROM') ?? '';
    expect(timeEntryText(again, 'UTC')).toBe(timeEntryText(rfc3339, 'UTC'));
  });
});
