import type { Bitset } from '#server/index/bitset.ts';
import { readLeaves } from '#server/index/leaves.ts';
import { createPathTree, isCustom } from '#server/index/path.ts';
import {
  COLUMN_PATHS,
  COLUMN_TERMS_MIN,
  type Field,
  NO_TERM,
  type OccurredColumn,
  type Postings,
  type Segment,
  type Term,
  type TermColumn,
  type VisitedTerm,
  type VisitTerm,
  type VisitWord,
  type Word,
} from '#server/index/segment.ts';
import { compareTerms, type TermKind, termText } from '#server/index/term.ts';
import { termHash } from '#server/index/term-hash.ts';
import { wordsOf } from '#server/index/words.ts';
import type { Hash } from '#server/ledger/hash.ts';
import type { Instant } from '#server/ports/condition.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { sha256 } from '#server/sha256.ts';

export interface NaiveOptions {
  /** Fields with more terms have a column, where their path is to have one. */
  readonly columnTermsMin?: number;
  /** Words with more terms have their records. */
  readonly wordTermsMin?: number;
}

/** A term while it is gathered, with the records that have it, ascending. */
interface Gathered {
  readonly kind: TermKind;
  readonly text: string;
  readonly records: number[];
}

/** The same answers as those of a stored segment, from plain lists that were made in the plainest way. */
export function naiveSegment(records: readonly ContentRecord[], options: NaiveOptions = {}): Segment {
  const gathered = new Map<string, Map<string, Gathered>>();
  const occurred: Instant[] = [];
  for (const [number, record] of records.entries()) {
    // A tree of its own, so that nothing is remembered from one record to the next.
    const at = readLeaves(sha256, record, createPathTree(), (path, kind, text) => {
      const terms = gathered.get(path.key) ?? new Map<string, Gathered>();
      gathered.set(path.key, terms);
      const term = terms.get(kind + text) ?? { kind, text, records: [] };
      terms.set(kind + text, term);
      if (term.records.at(-1) !== number) term.records.push(number);
    });
    occurred.push(at);
  }
  return new NaiveSegment(records, occurred, gathered, options);
}

interface NaiveTerm extends Gathered {
  readonly field: NaiveField;
  readonly number: number;
  readonly term: string;
}

interface NaiveField extends Field {
  readonly terms: readonly NaiveTerm[];
}

class NaiveSegment implements Segment {
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly leafHashOfLast: Hash;
  readonly occurredMin: number;
  readonly occurredMax: number;
  readonly recordedMin: number;
  readonly recordedMax: number;
  readonly fields: readonly NaiveField[];
  private readonly records: readonly ContentRecord[];
  private readonly times: readonly Instant[];
  private readonly allTerms: readonly NaiveTerm[];
  private readonly wordTerms = new Map<string, number[]>();
  private readonly options: Required<NaiveOptions>;

  constructor(
    records: readonly ContentRecord[],
    times: readonly Instant[],
    gathered: ReadonlyMap<string, ReadonlyMap<string, Gathered>>,
    options: NaiveOptions,
  ) {
    this.records = records;
    this.times = times;
    this.options = { columnTermsMin: COLUMN_TERMS_MIN, wordTermsMin: 4, ...options };
    this.from = records[0]?.index ?? 0;
    this.size = records.length;
    this.to = this.from + this.size;
    // Of an empty one there is none, and nobody makes one.
    this.leafHashOfLast = records.at(-1)?.leafHash ?? sha256(new Uint8Array());
    this.occurredMin = Math.min(...times.map(({ ms }) => ms));
    this.occurredMax = Math.max(...times.map(({ ms }) => ms));
    this.recordedMin = Math.min(...records.map(({ recordedAt }) => recordedAt));
    this.recordedMax = Math.max(...records.map(({ recordedAt }) => recordedAt));
    this.fields = numberTerms(gathered);
    this.allTerms = this.fields.flatMap(({ terms }) => terms);
    for (const term of this.allTerms) this.addWords(term);
  }

  field(key: string): NaiveField | null {
    return this.fields.find((field) => field.key === key) ?? null;
  }

  async find(field: Field, term: string): Promise<Postings | null> {
    await Promise.resolve();
    const found = this.termsOf(field).find((other) => other.term === term);
    return found === undefined ? null : postings(found.records);
  }

  async visitTerms(field: Field, from: string, to: string | null, visit: VisitTerm): Promise<void> {
    for await (const [term] of this.terms(field, from, to)) {
      if (term !== undefined && !visit(visited(term))) return;
    }
  }

  async visitTermsAt(numbers: readonly number[], visit: VisitTerm): Promise<void> {
    for (const [order, number] of numbers.entries()) {
      await Promise.resolve();
      const found = this.allTerms[number];
      if (found === undefined || number <= (numbers[order - 1] ?? -1)) throw new RangeError(`Term ${number}`);
      if (!visit(visited({ number, term: found.term, records: postings(found.records) }))) return;
    }
  }

  async *terms(field: Field, from: string, to: string | null): AsyncGenerator<readonly Term[]> {
    for (const term of this.termsOf(field)) {
      await Promise.resolve();
      if (compareTerms(term.term, from) < 0) continue;
      if (to !== null && compareTerms(term.term, to) >= 0) return;
      yield [{ number: term.number, term: term.term, records: postings(term.records) }];
    }
  }

  async word(word: string): Promise<Word | null> {
    await Promise.resolve();
    const terms = this.wordTerms.get(word);
    return terms === undefined ? null : this.wordOf(word, terms);
  }

  async visitWords(prefix: string, visit: VisitWord): Promise<void> {
    for (const word of [...this.wordTerms.keys()].sort()) {
      await Promise.resolve();
      if (!word.startsWith(prefix)) continue;
      if (!visit(this.wordOf(word, this.wordTerms.get(word) ?? []))) return;
    }
  }

  async occurred(): Promise<OccurredColumn> {
    await Promise.resolve();
    const nanos = Uint32Array.from(this.times, (time) => time.nanos);
    return {
      ms: Float64Array.from(this.times, (time) => time.ms),
      nanos: nanos.every((nano) => nano === 0) ? null : nanos,
    };
  }

  async recorded(): Promise<Float64Array> {
    await Promise.resolve();
    return Float64Array.from(this.records, ({ recordedAt }) => recordedAt);
  }

  async column(field: Field): Promise<TermColumn | null> {
    await Promise.resolve();
    const all = this.termsOf(field);
    if (!COLUMN_PATHS.includes(field.key) || all.length <= this.options.columnTermsMin) return null;
    const terms = new Uint16Array(this.size).fill(NO_TERM);
    for (const { kind, number, records } of all.toReversed()) {
      if (kind === 's') for (const record of records) terms[record] = number - field.firstTerm;
    }
    return { terms, hashes: Uint32Array.from(all, ({ term }) => termHash(term)) };
  }

  async columnHashes(field: Field): Promise<Uint32Array | null> {
    return (await this.column(field))?.hashes ?? null;
  }

  private termsOf({ key }: Field): readonly NaiveTerm[] {
    return this.field(key)?.terms ?? [];
  }

  private addWords({ field, kind, text, number }: NaiveTerm): void {
    const counted = kind === '!' && !isCustom(field.key) ? null : termText(kind, text);
    for (const word of new Set(wordsOf(counted ?? ''))) {
      const terms = this.wordTerms.get(word);
      if (terms === undefined) this.wordTerms.set(word, [number]);
      else terms.push(number);
    }
  }

  private wordOf(word: string, terms: readonly number[]): Word {
    if (terms.length <= this.options.wordTermsMin) return { word, terms, records: null };
    const records = new Set(terms.flatMap((number) => this.allTerms[number]?.records ?? []));
    return { word, terms, records: postings([...records]) };
  }
}

function numberTerms(gathered: ReadonlyMap<string, ReadonlyMap<string, Gathered>>): NaiveField[] {
  let firstTerm = 0;
  return [...gathered.keys()].sort().map((key) => {
    const sorted = Array.from(gathered.get(key) ?? [], ([term, found]) => ({ term, ...found }));
    sorted.sort((a, b) => compareTerms(a.term, b.term));
    const recordCount = sorted.find(({ kind }) => kind === '!')?.records.length ?? 0;
    const terms: NaiveTerm[] = [];
    const field = { key, firstTerm, termCount: sorted.length, recordCount, terms };
    for (const [place, term] of sorted.entries()) terms.push({ ...term, field, number: firstTerm + place });
    firstTerm += sorted.length;
    return field;
  });
}

/** As bytes it is given where it fits into them, now and then: a segment need not. */
function visited(term: Term): VisitedTerm {
  const isNarrow = /^[\0-\xff]*$/.test(term.term) && term.number % 3 > 0;
  const bytes = Buffer.from(`${term.term}?`, 'latin1');
  return { ...term, narrow: isNarrow ? { bytes, length: term.term.length } : null };
}

function postings(records: readonly number[]): Postings {
  return {
    count: records.length,
    addTo(set: Bitset) {
      for (const record of records) set.add(record);
    },
    countIn: (set) => records.filter((record) => set.has(record)).length,
  };
}
