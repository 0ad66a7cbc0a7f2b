import { describe, expect, it } from 'vitest';
import { fold } from '#server/index/fold.ts';
import { sortTexts } from '#server/index/sort-texts.ts';
import { compareTerms } from '#server/index/term.ts';
import { comparerWithTerm } from '#server/index/term-comparer.ts';
import { TextTable } from '#server/index/text-table.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

const PARTS = [
  '',
  '\0',
  'a',
  'A',
  'b',
  'ab',
  'Z',
  'é',
  'É',
  '\u00fe',
  'ÿ',
  'Ÿ',
  '\u0100',
  'σ',
  'ς',
  '😀',
  '\uffff',
];

function texts(count: number, random: SeededRandom, begin: string): string[] {
  const all = new Set<string>();
  for (let i = 0; i < count; i++) {
    const parts = Array.from({ length: random.below(8) }, () => random.pick(PARTS));
    all.add(begin + parts.join(''));
  }
  return [...all];
}

const byOrder = (a: string, b: string): number => {
  if (fold(a) !== fold(b)) return fold(a) < fold(b) ? -1 : 1;
  return a < b ? -1 : 1;
};

describe('texts of a dictionary', () => {
  it.each([0, 1, 5, 23, 24, 25, 100, 3000])('are sorted as they are compared, %i of them', (count) => {
    const random = new SeededRandom(count);
    for (let round = 0; round < 20; round++) {
      const all = texts(count, random, random.pick(['', 'same', 'a', 'ÿ', '😀']));
      const sorted = Array.from(sortTexts(all), (place) => all[place] ?? 'none');
      expect(sorted).toEqual(all.toSorted(byOrder));
    }
  });

  it('are sorted also where they are more than 16 bits can number', () => {
    const all = Array.from({ length: 70_000 }, (_, i) => `${i % 2 ? 'id' : 'ID'}-${(i * 7919) % 104_729}`);
    const sorted = Array.from(sortTexts(all), (place) => all[place] ?? 'none');
    expect(sorted).toEqual(all.toSorted(byOrder));
  });

  it('compare with one that is kept as with one that is not', () => {
    const random = new SeededRandom(31);
    const terms = texts(300, random, '').map((text) => random.pick(['s', '!', 'n', 'z']) + text);
    for (const term of terms) {
      const compare = comparerWithTerm(term);
      for (const other of terms) expect(Math.sign(compare(other))).toBe(Math.sign(compareTerms(other, term)));
      expect(compare('')).toBeLessThan(0);
      expect(comparerWithTerm('')(term)).toBeGreaterThan(0);
    }
  });
});

describe('a table of texts', () => {
  it('numbers them by when they first came, apart for each group', () => {
    const random = new SeededRandom(32);
    const table = new TextTable();
    const plain = new Map<string, number>();
    for (let i = 0; i < 50_000; i++) {
      const [group, text] = [random.below(3), `text ${random.below(8000)}`];
      const key = `${group} ${text}`;
      const number = plain.get(key) ?? plain.size;
      plain.set(key, number);
      expect(table.add(group, text)).toBe(number);
    }
    expect(table.texts.length).toBe(plain.size);
  });

  it('keeps apart texts that all have the same place', () => {
    const table = new TextTable(() => 7);
    const all = Array.from({ length: 3000 }, (_, i) => `text ${i}`);
    for (let round = 0; round < 2; round++) {
      expect(all.map((text) => table.add(0, text))).toEqual(all.map((_, i) => i));
      expect(all.map((text) => table.add(1, text))).toEqual(all.map((_, i) => 3000 + i));
    }
  });
});
