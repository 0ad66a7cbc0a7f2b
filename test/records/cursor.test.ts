import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '#server/records/cursor.ts';

describe('a cursor', () => {
  it.each([0, 1, 499, 2 ** 53 - 1])('of %i is read as what it was made of', (index) => {
    expect(decodeCursor(encodeCursor(index), 'after')).toBe(index);
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
  ])('that was not made here is refused: %j', (text) => {
    expect(() => decodeCursor(text, 'after')).toThrow(
      expect.objectContaining({ code: 'CURSOR_INVALID', inputPath: ['after'] }),
    );
  });
});
