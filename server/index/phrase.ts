import type { Condition } from '#server/ports/condition.ts';
import { Bitset } from './bitset.ts';
import { fieldsAt } from './find-fields.ts';
import { numberText } from './number-key.ts';
import { createPhraseInBytes } from './phrase-in-bytes.ts';
import type { Field, Segment, VisitedTerm } from './segment.ts';
import { CHECK_EVERY, type Work } from './work.ts';
import { wordsOf } from './words.ts';

export type WordsCondition = Extract<Condition, { kind: 'words' }>;

/** Term numbers from one, inclusive, to another, exclusive. */
interface TermNumbers {
  readonly from: number;
  readonly to: number;
}

/** Terms read with one call. */
const TERMS_AT_ONCE = 4_096;

/**
 * The records that have these words one directly after the other in some one value. Of those outside of
 * `within`, if there is one, the set tells nothing.
 */
export async function findWords(
  segment: Segment,
  condition: WordsCondition,
  within: Bitset | null,
  work: Work,
): Promise<Bitset> {
  const { path, words, isPrefix } = condition;
  const fields = path === null ? null : fieldsAt(segment, path).map(valuesOf);
  const finding: Finding = { segment, fields, found: Bitset.none(segment.size), within, work };
  const [word] = words;
  if (word === undefined || fields?.length === 0) return finding.found;
  if (words.length > 1) await addPhrase(finding, condition);
  else if (isPrefix) await addPrefix(finding, word);
  else await addWord(finding, word);
  return finding.found;
}

/** Where words are looked for, and what has been found. */
interface Finding {
  readonly segment: Segment;
  /** Terms of these fields only; `null`: of all. */
  readonly fields: readonly TermNumbers[] | null;
  readonly found: Bitset;
  /** The only records that are asked for. */
  readonly within: Bitset | null;
  readonly work: Work;
}

/** Tells of the words of a text whether a phrase is among them. */
export type HasPhrase = (words: readonly string[]) => boolean;

/**
 * Tells whether words stand one directly after the other in a text; with `isPrefix` the last one only begins
 * a word. The text is gone through once, however often the phrase begins in it (Knuth, Morris and Pratt).
 */
export function createPhraseFinder(phrase: readonly string[], isPrefix: boolean): HasPhrase {
  const whole = isPrefix ? phrase.slice(0, -1) : phrase;
  const beginning = isPrefix ? (phrase.at(-1) ?? '') : null;
  const borders = bordersOf(whole);
  return (words) => {
    let matched = 0;
    for (const word of words) {
      if (matched === whole.length) {
        if (beginning === null || word.startsWith(beginning)) return true;
        matched = borders[matched] ?? 0;
      }
      while (matched > 0 && word !== whole[matched]) matched = borders[matched] ?? 0;
      if (word === whole[matched]) matched++;
    }
    return beginning === null && matched === whole.length;
  };
}

/** For each number of words that matched: how many of the phrase still match when it begins later. */
function bordersOf(phrase: readonly string[]): readonly number[] {
  const borders = [0, 0];
  for (let length = 1; length < phrase.length; length++) {
    let border = borders[length] ?? 0;
    while (border > 0 && phrase[length] !== phrase[border]) border = borders[border] ?? 0;
    borders.push(phrase[length] === phrase[border] ? border + 1 : 0);
  }
  return borders;
}

/**
 * The values of a field: all its terms but the first, which says that there are any and has the name's words.
 */
function valuesOf({ firstTerm, termCount, recordCount }: Field): TermNumbers {
  return { from: firstTerm + (recordCount > 0 ? 1 : 0), to: firstTerm + termCount };
}

async function addWord(finding: Finding, text: string): Promise<void> {
  const { segment, fields, found } = finding;
  const word = await segment.word(text);
  if (word === null) return;
  if (fields === null && word.records !== null) word.records.addTo(found);
  else await addTerms(finding, limitTo(word.terms, fields), null);
}

async function addPrefix(finding: Finding, prefix: string): Promise<void> {
  const { segment, fields, found, work } = finding;
  const last = segment.fields.at(-1);
  // The terms of many words overlap, and there may be very many of them.
  const terms = Bitset.none(last === undefined ? 0 : last.firstTerm + last.termCount);
  let count = 0;
  await segment.visitWords(prefix, (word) => {
    if (++count % CHECK_EVERY === 0) work.checkTime();
    if (fields === null && word.records !== null) word.records.addTo(found);
    else for (const term of limitTo(word.terms, fields)) terms.add(term);
    return true;
  });
  await addTerms(finding, terms, null);
}

async function addPhrase(finding: Finding, { words, isPrefix }: WordsCondition): Promise<void> {
  const { segment, fields } = finding;
  const lists: (readonly number[])[] = [];
  /** Records that may have the phrase: they have each of its words. */
  let within = finding.within;
  // The word that is only begun is left to the texts: as many words may begin like it as there are.
  for (const text of new Set(isPrefix ? words.slice(0, -1) : words)) {
    const word = await segment.word(text);
    if (word === null) return;
    if (word.records !== null) {
      const records = Bitset.none(segment.size);
      word.records.addTo(records);
      within = within === null ? records : records.and(within);
      if (within.isEmpty()) return;
    }
    lists.push(limitTo(word.terms, fields));
  }
  lists.sort((a, b) => a.length - b.length);
  const candidates = lists.reduce(inBoth);
  await addTerms({ ...finding, within }, candidates, phraseTest(words, isPrefix));
}

/** Tells whether the text of a term has the phrase. */
function phraseTest(words: readonly string[], isPrefix: boolean): (term: VisitedTerm) => boolean {
  const inBytes = createPhraseInBytes(words, isPrefix);
  const hasPhrase = createPhraseFinder(words, isPrefix);
  return (visited) => {
    const { narrow } = visited;
    // The bytes of a number are those of its key.
    const told = inBytes === null || narrow === null || narrow.bytes[0] === NUMBER ? null : inBytes(narrow);
    return told ?? hasPhrase(wordsOf(textOf(visited.term)));
  };
}

const NUMBER = 'n'.charCodeAt(0);

/** Adds the records of these terms, or of those among them whose text is as wanted. */
async function addTerms(
  { segment, found, within, work }: Finding,
  terms: Iterable<number>,
  isWanted: ((term: VisitedTerm) => boolean) | null,
): Promise<void> {
  for (const numbers of inParts(terms, TERMS_AT_ONCE)) {
    work.checkTime();
    let count = 0;
    await segment.visitTermsAt(numbers, (term) => {
      if (++count % CHECK_EVERY === 0) work.checkTime();
      const { records } = term;
      // To see whether anybody asks for its records is less work than to read a text.
      const isAsked = isWanted === null || within === null || records.countIn(within) > 0;
      if (isAsked && (isWanted === null || isWanted(term))) records.addTo(found);
      return true;
    });
  }
}

/** What the words of a term are taken from. Only strings, numbers and names have words. */
function textOf(term: string): string {
  const text = term.slice(1);
  return term.startsWith('n') ? numberText(text) : text;
}

function* inParts(numbers: Iterable<number>, size: number): IterableIterator<readonly number[]> {
  let part: number[] = [];
  for (const number of numbers) {
    part.push(number);
    if (part.length === size) {
      yield part;
      part = [];
    }
  }
  if (part.length > 0) yield part;
}

/** Those of ascending numbers that are within one of the ranges. */
function limitTo(numbers: readonly number[], within: readonly TermNumbers[] | null): readonly number[] {
  if (within === null) return numbers;
  const limited = within.map(({ from, to }) =>
    numbers.slice(firstFrom(numbers, from), firstFrom(numbers, to)),
  );
  return limited.flat().sort((a, b) => a - b);
}

/** The first place in ascending numbers whose number is not below this one. */
function firstFrom(numbers: readonly number[], number: number): number {
  let [from, end] = [0, numbers.length];
  while (from < end) {
    const middle = (from + end) >>> 1;
    if ((numbers[middle] ?? 0) < number) from = middle + 1;
    else end = middle;
  }
  return from;
}

/** The numbers that are in both, of which each is ascending. */
function inBoth(some: readonly number[], others: readonly number[]): readonly number[] {
  const both: number[] = [];
  let at = 0;
  for (const number of some) {
    while (at < others.length && (others[at] ?? 0) < number) at++;
    if (others[at] === number) both.push(number);
  }
  return both;
}
