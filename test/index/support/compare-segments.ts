import { expect } from 'vitest';
import { Bitset } from '#server/index/bitset.ts';
import type { Field, Postings, Segment, Term, VisitedTerm, Word } from '#server/index/segment.ts';
import { compareTerms } from '#server/index/term.ts';
import type { SeededRandom } from '#test/support/seeded-random.ts';

/** Fails unless a segment gives the same of everything as one of plain lists. */
export async function expectSame(segment: Segment, plain: Segment, random: SeededRandom): Promise<void> {
  const { from, to, size, leafHashOfLast, occurredMin, occurredMax, recordedMin, recordedMax } = plain;
  expect(segment).toMatchObject({ from, to, size, leafHashOfLast });
  expect(segment).toMatchObject({ occurredMin, occurredMax, recordedMin, recordedMax });
  expect(segment.fields.map(described)).toEqual(plain.fields.map(described));
  expect(await segment.occurred()).toEqual(await plain.occurred());
  expect(await segment.recorded()).toEqual(await plain.recorded());
  const terms: Term[] = [];
  for (const [place, field] of plain.fields.entries()) {
    const own = segment.fields[place] ?? field;
    expect(segment.field(field.key)).toBe(own);
    const some = await expectSameField(segment, own, await termsOf(plain, field, '', null), random);
    expect(await segment.column(own)).toEqual(await plain.column(field));
    expect(await segment.columnHashes(own)).toEqual(await plain.columnHashes(field));
    terms.push(...some);
  }
  await expectSameNumbers(segment, terms, random);
  await expectSameWords(segment, await wordsOf(plain, ''), random);
}

const described = ({ key, firstTerm, termCount, recordCount }: Field) => ({
  key,
  firstTerm,
  termCount,
  recordCount,
});

/** Gives the terms. */
async function expectSameField(
  segment: Segment,
  field: Field,
  terms: readonly Term[],
  random: SeededRandom,
): Promise<readonly Term[]> {
  const { size } = segment;
  const wanted = terms.map((term) => shownTerm(term, size));
  expect((await termsOf(segment, field, '', null)).map((term) => shownTerm(term, size))).toEqual(wanted);
  for (const { term, records } of someOf(terms, 40, random)) {
    expect(shownRecords(await segment.find(field, term), size)).toEqual(shownRecords(records, size));
    for (const other of [`${term}\0`, `${term}z`, term.slice(0, -1), `z${term}`, '']) {
      if (terms.some((each) => each.term === other)) continue;
      expect(await segment.find(field, other), JSON.stringify(other)).toBeNull();
    }
  }
  for (let round = 0; round < 8 && terms.length > 1; round++) {
    const [a, b] = [random.below(terms.length), random.below(terms.length)];
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    // Beginnings of terms are places between terms, or terms themselves.
    const found = await termsOf(segment, field, terms[low]?.term ?? '', terms[high]?.term ?? '');
    expect(found.map((term) => shownTerm(term, size))).toEqual(wanted.slice(low, high));
    const between = `${terms[low]?.term ?? ''}\0`;
    const rest = await termsOf(segment, field, between, null);
    expect(rest.length).toBe(terms.filter(({ term }) => compareTerms(term, between) >= 0).length);
  }
  return terms;
}

async function expectSameNumbers(
  segment: Segment,
  terms: readonly Term[],
  random: SeededRandom,
): Promise<void> {
  const { size } = segment;
  for (const density of [0, 0.001, 0.05, 1]) {
    const some = terms.filter(() => density === 1 || random.fraction() < density);
    const found: string[] = [];
    await segment.visitTermsAt(
      some.map(({ number }) => number),
      (term) => found.push(shownVisited(term, size)) > 0,
    );
    expect(found).toEqual(some.map((term) => shownTerm(term, size)));
  }
}

async function expectSameWords(
  segment: Segment,
  words: readonly Word[],
  random: SeededRandom,
): Promise<void> {
  const { size } = segment;
  const all = await wordsOf(segment, '');
  expect(all.map(({ word }) => word)).toEqual(words.map(({ word }) => word));
  for (const [place, { word, terms, records }] of words.entries()) {
    const own = all[place];
    expect(own?.terms, word).toEqual(terms);
    // Where it has none of its own, those of its terms are taken.
    if (own?.records && records) expect(shownRecords(own.records, size)).toEqual(shownRecords(records, size));
    if (!own?.records) expect(terms.length).toBeLessThanOrEqual(2);
  }
  for (const { word, terms } of someOf(words, 300, random)) {
    expect((await segment.word(word))?.terms).toEqual(terms);
    expect(await segment.word(`${word}\0`)).toBeNull();
    const prefix = word.slice(0, random.below(word.length + 1));
    const found = await wordsOf(segment, prefix);
    expect(found.length).toBe(words.filter((each) => each.word.startsWith(prefix)).length);
    expect(found.every((each) => each.word.startsWith(prefix))).toBe(true);
  }
}

function someOf<T>(list: readonly T[], most: number, random: SeededRandom): readonly T[] {
  return list.length <= most ? list : Array.from({ length: most }, () => random.pick(list));
}

function shownTerm({ number, term, records }: Term, size: number): string {
  return `${number} ${JSON.stringify(term)} ${shownRecords(records, size)}`;
}

/** Their count, and the records themselves. */
function shownRecords(records: Postings | null, size: number): string | null {
  if (records === null) return null;
  const set = Bitset.none(size);
  records.addTo(set);
  expect(records.countIn(set)).toBe(records.count);
  const half = Bitset.none(size);
  half.addRange(size >> 2, size >> 1);
  expect(records.countIn(half)).toBe(half.countAnd(set));
  return `${records.count}: ${[...set].join(' ')}`;
}

/** Now and then only the bytes of its text are looked at, and now and then its text is not read at all. */
function shownVisited(visited: VisitedTerm, size: number): string {
  const { narrow, number, records } = visited;
  if (narrow === null || number % 2 === 0) return shownTerm(visited, size);
  const term = Buffer.from(narrow.bytes.subarray(0, narrow.length)).toString('latin1');
  return shownTerm({ number, term, records }, size);
}

/** All terms of a range, which are the same however they are asked for. */
async function termsOf(segment: Segment, field: Field, from: string, to: string | null): Promise<Term[]> {
  const lists: Term[] = [];
  for await (const list of segment.terms(field, from, to)) lists.push(...list);
  const visited: string[] = [];
  await segment.visitTerms(field, from, to, (term) => {
    if (term.number % 3 > 0) visited.push(shownVisited(term, segment.size));
    return true;
  });
  const some = lists.filter(({ number }) => number % 3 > 0);
  expect(visited).toEqual(some.map((term) => shownTerm(term, segment.size)));
  return lists;
}

/** All words that begin with the prefix. */
async function wordsOf(segment: Segment, prefix: string): Promise<Word[]> {
  const words: Word[] = [];
  await segment.visitWords(prefix, ({ word, terms, records }) => {
    words.push({ word, terms, records: records && copyOf(records, segment.size) });
    return true;
  });
  return words;
}

/** The records of a visited word, which change with the next one. */
function copyOf(records: Postings, size: number): Postings {
  const { count } = records;
  const set = Bitset.none(size);
  records.addTo(set);
  return { count, addTo: (other) => void other.or(set), countIn: (other) => other.countAnd(set) };
}
