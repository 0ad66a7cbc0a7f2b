import { describe, expect, it } from 'vitest';
import { fold } from '#server/index/fold.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

const CHARACTERS = allCharacters();

describe('fold', () => {
  it.each([
    ['Alice', 'alice'],
    ['ÄÖÜ', 'äöü'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['οδος', 'οδοσ'],
    ['Σ', 'σ'],
    ['ς', 'σ'],
    ['İ', 'i\u0307'],
    ['I', 'i'],
    ['ß', 'ß'],
    ['ẞ', 'ß'],
    ['𐐀', '𐐨'],
    ['K', 'k'],
    ['Ａ', 'ａ'],
    ['e\u0301', 'e\u0301'],
    ['é', 'é'],
    ['\ud83d', '\ud83d'],
    ['', ''],
  ])('makes %j %j', (text, folded) => {
    expect(fold(text)).toBe(folded);
  });

  it('folds a second time to the same, every character there is', () => {
    expect(CHARACTERS.filter((character) => fold(fold(character)) !== fold(character))).toEqual([]);
  });

  it('folds a text as it folds its parts, so that a beginning folds to a beginning', () => {
    const random = new SeededRandom(1);
    const cased = CHARACTERS.filter((character) => fold(character) !== character || /\p{M}/u.test(character));
    for (let round = 0; round < 20_000; round++) {
      const pool = random.below(3) === 0 ? CHARACTERS : cased;
      const characters = Array.from({ length: 1 + random.below(6) }, () =>
        random.below(4) === 0 ? random.pick(['Σ', 'ς', 'a', ' ', "'", '.', '\u0307']) : random.pick(pool),
      );
      const folded = fold(characters.join(''));
      expect(folded, JSON.stringify(characters)).toBe(characters.map(fold).join(''));
    }
  });
});

function allCharacters(): string[] {
  const characters: string[] = [];
  for (let code = 0; code <= 0x10_ffff; code++) {
    if (code < 0xd800 || code > 0xdfff) characters.push(String.fromCodePoint(code));
  }
  return characters;
}
