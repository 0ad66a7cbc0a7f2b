import { describe, expect, it } from 'vitest';
import { createPhraseFinder } from '#server/index/phrase.ts';
import { createPhraseInBytes } from '#server/index/phrase-in-bytes.ts';
import { wordsOf } from '#server/index/words.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

const PIECES = [
  'night',
  'Night',
  'shift',
  'nightshift',
  'n',
  'x_1',
  '7',
  ' ',
  '  ',
  ' ',
  ', ',
  '.',
  '-',
  'é',
  '©',
  '01980000-aaaa-7000-8000-000000000001',
  '000000000001',
  '8000',
];

function narrow(text: string) {
  return { bytes: Buffer.from(`s${text} shift`, 'latin1'), length: text.length + 1 };
}

describe('a phrase in the bytes of a text', () => {
  it('is there where it is among the words, or cannot be told', () => {
    const random = new SeededRandom(1);
    const outcomes = { yes: 0, no: 0, unsure: 0 };
    for (let round = 0; round < 40_000; round++) {
      const text = Array.from({ length: random.below(8) }, () => random.pick(PIECES)).join('');
      const some = wordsOf(random.below(2) === 0 ? text : random.pick(PIECES));
      const start = random.below(some.length + 1);
      const phrase = some.slice(start, start + 1 + random.below(3));
      const isPrefix = random.below(3) === 0;
      const told = createPhraseInBytes(phrase, isPrefix)?.(narrow(text)) ?? null;
      outcomes[told === null ? 'unsure' : told ? 'yes' : 'no']++;
      if (told === null) continue;
      const expected = createPhraseFinder(phrase, isPrefix)(wordsOf(text));
      expect(told, JSON.stringify([phrase, isPrefix, text])).toBe(expected);
    }
    expect(Math.min(outcomes.yes, outcomes.no)).toBeGreaterThan(2_000);
  });

  it('is told of plain texts', () => {
    const has = createPhraseInBytes(['during', 'the', 'night'], false);
    expect(has?.(narrow('Nurse: during, THE night'))).toBe(true);
    expect(has?.(narrow('Nurse during night the during the nights'))).toBe(false);
    expect(has?.(narrow('during the-night'))).toBeNull();
    expect(createPhraseInBytes(['during', 'the', 'ni'], true)?.(narrow('during the night'))).toBe(true);
    expect(createPhraseInBytes(['jürgen', 'x'], false)).toBeNull();
    expect(createPhraseInBytes(['x'.repeat(128), 'x'], false)).toBeNull();
  });
});
