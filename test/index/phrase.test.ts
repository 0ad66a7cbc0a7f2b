import { describe, expect, it } from 'vitest';
import { createPhraseInBytes } from '#server/index/phrase-in-bytes.ts';
import { createPhraseFinder } from '#server/index/phrase.ts';
import { wordsOf } from '#server/index/words.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

/** What a phrase in a text means: from some place on every word of it is there. */
function hasPhrase(words: readonly string[], phrase: readonly string[], isPrefix: boolean): boolean {
  const last = phrase.length - 1;
  return words.some((_, start) =>
    phrase.every((wanted, place) => {
      const word = words[start + place];
      return isPrefix && place === last ? (word?.startsWith(wanted) ?? false) : word === wanted;
    }),
  );
}

describe('a phrase', () => {
  it('is found where trying every place of the text finds it', () => {
    const random = new SeededRandom(7);
    const words = (countMax: number): string[] =>
      Array.from({ length: 1 + random.below(countMax) }, () => random.pick(['a', 'b', 'ab']));
    let found = 0;
    for (let round = 0; round < 20_000; round++) {
      const [text, phrase, isPrefix] = [words(12), words(5), random.below(2) === 0];
      const expected = hasPhrase(text, phrase, isPrefix);
      if (expected) found++;
      expect(createPhraseFinder(phrase, isPrefix)(text), `${text.join(' ')} | ${phrase.join(' ')}`).toBe(
        expected,
      );
    }
    expect(found).toBeGreaterThan(5_000);
  });

  it('is looked for in one pass, however often it begins in the text', () => {
    let looked = 0;
    const text = Array.from({ length: 20_000 }, () => 'a');
    const counted = new Proxy(text, {
      get(of, name, receiver) {
        if (typeof name === 'string' && /^\d+$/.test(name)) looked++;
        return Reflect.get(of, name, receiver);
      },
    });
    const phrase = [...text.slice(0, 2_000), 'b'];
    expect(createPhraseFinder(phrase, false)(counted)).toBe(false);
    expect(looked).toBe(text.length);
  });

  it('is told of a text as bytes as of its words, where anything is told', () => {
    const random = new SeededRandom(8);
    const pick = (parts: readonly string[], countMax: number): string[] =>
      Array.from({ length: 1 + random.below(countMax) }, () => random.pick(parts));
    const told = new Map<boolean | null, number>();
    for (let round = 0; round < 20_000; round++) {
      const text = pick(['a', 'B', 'ab', ' ', ' ', '.', '-', 'é', '_'], 14).join('');
      const [phrase, isPrefix] = [pick(['a', 'b', 'ab'], 4), random.below(2) === 0];
      const bytes = Buffer.from(`s${text}`, 'latin1');
      const outcome = createPhraseInBytes(phrase, isPrefix)?.({ bytes, length: bytes.length }) ?? null;
      told.set(outcome, (told.get(outcome) ?? 0) + 1);
      if (outcome === null) continue;
      expect(outcome, `${text} | ${phrase.join(' ')} ${isPrefix}`).toBe(
        hasPhrase(wordsOf(text), phrase, isPrefix),
      );
    }
    for (const outcome of [true, false, null]) expect(told.get(outcome)).toBeGreaterThan(500);
  });

  it.each([
    ['that it begins in again and again', 'a '],
    ['of separators', `a${' '.repeat(1_000)}`],
  ])('is left to the words in a text %s', (_, part) => {
    const bytes = Buffer.from(`s${part.repeat(Math.ceil(200_000 / part.length))}`);
    let looked = 0;
    const counted = new Proxy(bytes, {
      get(of, name) {
        if (typeof name === 'string' && /^\d+$/.test(name)) looked++;
        const value: unknown = Reflect.get(of, name, of);
        return value;
      },
    });
    const phrase = [...Array.from({ length: 2_000 }, () => 'a'), 'b'];
    expect(createPhraseInBytes(phrase, false)?.({ bytes: counted, length: bytes.length })).toBe(null);
    expect(looked).toBeLessThan(40 * bytes.length);
  });
});
