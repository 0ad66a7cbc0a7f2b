import { Bitset } from './bitset.ts';
import { mergeTerms } from './merge-terms.ts';
import { type Field, NO_TERM, type Postings } from './segment.ts';
import type { TermRange } from './term-range.ts';
import type { MatchedSegment } from './values.ts';
import { CHECK_EVERY, type Work } from './work.ts';

/** Counts the wanted records of a segment that have a term. */
export class MatchCounter {
  private readonly matched: Bitset;
  private readonly isAll: boolean;
  private scratch: Bitset | null = null;

  constructor(matched: Bitset) {
    this.matched = matched;
    this.isAll = matched.count() === matched.size;
  }

  /** The wanted records in the set. */
  countOne(set: Postings): number {
    return this.isAll ? set.count : set.countIn(this.matched);
  }

  /** The wanted records in any of the sets. */
  count(sets: readonly Postings[]): number {
    const [only] = sets;
    if (only !== undefined && sets.length === 1) return this.countOne(only);
    this.scratch = this.scratch?.clear() ?? Bitset.none(this.matched.size);
    for (const set of sets) set.addTo(this.scratch);
    return this.scratch.countAnd(this.matched);
  }
}

/** Takes a string that wanted records have, and how many of them. Tells whether to go on. */
export type TermVisitor = (term: string, count: number) => boolean;

/**
 * Visits the strings of a range that wanted records have at these fields of a segment, each once, in order.
 */
export async function visitStrings(
  { segment, matched }: MatchedSegment,
  fields: readonly Field[],
  range: TermRange,
  visit: TermVisitor,
  work: Work,
): Promise<void> {
  const counter = new MatchCounter(matched);
  const [field] = fields;
  let seen = 0;
  if (field !== undefined && fields.length === 1) {
    await segment.visitTerms(field, range.from, range.to, (found) => {
      if (++seen % CHECK_EVERY === 0) work.checkTime();
      const count = counter.countOne(found.records);
      return count === 0 || visit(found.term, count);
    });
    return;
  }
  const sources = fields.map((owner) => ({ terms: segment.terms(owner, range.from, range.to), owner }));
  for await (const { term, found } of mergeTerms(sources)) {
    if (++seen % CHECK_EVERY === 0) work.checkTime();
    const count = counter.count(found.map(({ records }) => records));
    if (count > 0 && !visit(term, count)) return;
  }
}

/**
 * How many of the wanted records have each term of a column, by the term's offset in its field. The counts
 * are those of the last column only: the next ones come in the same place.
 */
export type CountColumn = (terms: Uint16Array, matched: Bitset, termCount: number) => Uint32Array;

/** Counts columns one after the other. */
export function createColumnCounter(): CountColumn {
  // One place takes those without a term.
  const counts = new Uint32Array(NO_TERM + 1);
  return (terms, { words }, termCount) => {
    counts.fill(0, 0, termCount);
    for (let at = 0; at < words.length; at++) {
      let word = words[at] ?? 0;
      const first = at << 5;
      if (word === ALL_BITS) {
        for (let record = first; record < first + 32; record++) {
          const term = terms[record] ?? NO_TERM;
          counts[term] = (counts[term] ?? 0) + 1;
        }
        continue;
      }
      while (word !== 0) {
        const term = terms[first + 31 - Math.clz32(word & -word)] ?? NO_TERM;
        counts[term] = (counts[term] ?? 0) + 1;
        word &= word - 1;
      }
    }
    return counts.subarray(0, termCount);
  };
}

/** A word of a set that has all its records. */
const ALL_BITS = 0xffff_ffff;
