import { describe, expect, it } from 'vitest';
import { fold } from '#server/index/fold.ts';
import { createNarrowGlob, matchGlob } from '#server/index/glob.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

const LETTERS = ['a', 'A', 'b', 'B', '*', 'é', 'É', 'ÿ', '×', 'µ', 'ß', '\0'];

function word(random: SeededRandom, lengthMax: number): string {
  return Array.from({ length: random.below(lengthMax + 1) }, () => random.pick(LETTERS)).join('');
}

/** A term as its bytes, with other ones behind them. */
function narrow(term: string) {
  return { bytes: Buffer.from(`${term}aAbB`, 'latin1'), length: term.length };
}

describe('a text with parts', () => {
  it('has them as bytes where it has them as a string', () => {
    const random = new SeededRandom(1);
    let some = 0;
    for (let round = 0; round < 20_000; round++) {
      const parts = Array.from({ length: 2 + random.below(3) }, () => word(random, 2));
      const text = word(random, 8);
      const ignoreCase = random.below(2) === 0;
      const wanted = ignoreCase ? parts.map(fold) : parts;
      const expected = matchGlob(wanted, ignoreCase ? fold(text) : text);
      if (expected) some++;
      const told = createNarrowGlob(wanted, ignoreCase)?.(narrow(`s${text}`));
      expect(told, JSON.stringify([wanted, text, ignoreCase])).toBe(expected);
    }
    expect(some).toBeGreaterThan(1000);
  });

  it('does not have as bytes what does not fit into them', () => {
    expect(createNarrowGlob(['', 'š', ''], true)?.(narrow('sa'))).toBe(false);
    expect(createNarrowGlob(['', '\u0161', ''], false)?.(narrow('sa'))).toBe(false);
  });
});
