import { describe, expect, it } from 'vitest';
import type { Position } from '#server/ports/search.ts';
import { decodeCursor, encodeCursor } from '#server/records/cursor.ts';

const recorded = (index: number): Position => ({ index, occurred: null });
const occurred = (ms: number, nanos: number, index: number): Position => ({ index, occurred: { ms, nanos } });

describe('a cursor', () => {
  it.each([0, 1, 499, 2 ** 53 - 1])('of index %i is read as what it was made of', (index) => {
    expect(decodeCursor(encodeCursor(recorded(index)), 'after', 'RECORDED')).toEqual(recorded(index));
  });

  it.each([
    occurred(0, 0, 0),
    occurred(1_767_323_045_678, 999_999, 7),
    occurred(-62_167_219_200_000, 1, 2 ** 53 - 1),
    occurred(253_402_300_799_999, 100, 12),
  ])('of the time in %j is read as what it was made of', (position) => {
    expect(decodeCursor(encodeCursor(position), 'before', 'OCCURRED')).toEqual(position);
  });

  it.each([
    '',
    'x',
    'aTow=',
    'aTo=',
    'aTotMQ',
    'aTowMQ',
    'aToxLjU',
    'aTo5OTk5OTk5OTk5OTk5OTk5',
    ' aTow',
    '💥',
    encodeCursor(occurred(0, 0, 0)),
  ])('that was not made here for this order is refused: %j', (text) => {
    expect(() => decodeCursor(text, 'after', 'RECORDED')).toThrow(
      expect.objectContaining({ code: 'CURSOR_INVALID', inputPath: ['after'] }),
    );
  });

  it.each([encodeCursor(recorded(3)), 'bzowLjA6MA', Buffer.from('o:-0.000000:1').toString('base64url')])(
    'of another order or form is refused: %j',
    (text) => {
      expect(() => decodeCursor(text, 'after', 'OCCURRED')).toThrow(
        expect.objectContaining({ code: 'CURSOR_INVALID' }),
      );
    },
  );
});
