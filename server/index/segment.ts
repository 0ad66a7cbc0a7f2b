import type { Hash } from '#server/ledger/hash.ts';
import type { Bitset } from './bitset.ts';

/** Most records in one segment. */
export const SEGMENT_RECORDS_MAX = 16_384;

/**
 * A segment opened for reading: the inverted index of up to SEGMENT_RECORDS_MAX neighbouring records. Within
 * it a record is known by its number: its index less `from`.
 *
 * A term is one typed leaf: its first character tells the kind (`TERM_KINDS`), the rest is the value. Every
 * path that occurs is a field with a sorted dictionary of its terms; all terms of a segment are numbered
 * through, field by field, in the order of their dictionaries (by `compareTerms`). Words have a dictionary of
 * their own.
 *
 * Reading rejects with SegmentGone where the segment was replaced meanwhile, and with AppError INDEX_DAMAGED
 * where its bytes are not as they were written.
 */
export interface Segment {
  readonly from: number;
  readonly to: number;
  /** Records in it. */
  readonly size: number;
  /** Leaf hash of the last of them: it tells whether the segment is of this ledger. */
  readonly leafHashOfLast: Hash;
  /** Lowest and highest time that records happened at, ms since the epoch. */
  readonly occurredMin: number;
  readonly occurredMax: number;
  readonly recordedMin: number;
  readonly recordedMax: number;
  /** Every path that occurs, sorted by `key`. */
  readonly fields: readonly Field[];

  /** The field of a path key, or `null`. */
  field(key: string): Field | null;

  /** The records that have the term; `null` where there is no such term. */
  find(field: Field, term: string): Promise<Postings | null>;

  /**
   * Visits the terms of the field from one (inclusive) to another (exclusive, `null`: to the last), in order,
   * until the visitor gives `false`.
   */
  visitTerms(field: Field, from: string, to: string | null, visit: VisitTerm): Promise<void>;

  /** Visits the terms of these numbers (ascending), in order, until the visitor gives `false`. */
  visitTermsAt(numbers: readonly number[], visit: VisitTerm): Promise<void>;

  /** The same terms as `visitTerms`, at the caller's own pace: in lists that follow each other. */
  terms(field: Field, from: string, to: string | null): AsyncIterable<readonly Term[]>;

  /** The word, or `null`. */
  word(word: string): Promise<Word | null>;

  /** Visits the words that begin with the prefix, in order, until the visitor gives `false`. */
  visitWords(prefix: string, visit: VisitWord): Promise<void>;

  /** When each record happened. */
  occurred(): Promise<OccurredColumn>;

  /** When each record was recorded, ms since the epoch. */
  recorded(): Promise<Float64Array>;

  /**
   * For each record the number of its (first) string term at the path, as an offset from `field.firstTerm`;
   * `NO_TERM` where it has none. Only for the paths of COLUMN_PATHS where the field has more than
   * COLUMN_TERMS_MIN terms; `null` otherwise: then the dictionary is short.
   */
  column(field: Field): Promise<TermColumn | null>;

  /** Only the hashes of that column. */
  columnHashes(field: Field): Promise<Uint32Array | null>;
}

export interface Field {
  /** Unambiguous text of the path, see `pathKey`. */
  readonly key: string;
  readonly firstTerm: number;
  readonly termCount: number;
  /** Records that have any leaf but null at this very path. */
  readonly recordCount: number;
}

export interface Term {
  readonly number: number;
  readonly term: string;
  readonly records: Postings;
}

/** A term while terms are gone through, with its records: it changes with the next one. */
export interface VisitedTerm extends Term {
  /** The term as bytes, where it fits into them. */
  readonly narrow: NarrowText | null;
}

/**
 * A text of whose UTF-16 units each fits into a byte. It can be compared without becoming a string, which
 * would take longer than all that is done with most texts.
 */
export interface NarrowText {
  /** The units are the first `length` of them. */
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** Keeps nothing of the term but what are plain values. Gives `false` where that was enough. */
export type VisitTerm = (term: VisitedTerm) => boolean;

/** As a visitor of terms. */
export type VisitWord = (word: Word) => boolean;

/** A set of records of the segment, by number. */
export interface Postings {
  readonly count: number;
  /** Adds them to the set. */
  addTo(set: Bitset): void;
  /** How many of them are in the set. */
  countIn(set: Bitset): number;
}

export interface Word {
  readonly word: string;
  /** Numbers of all string, number and presence terms whose text has the word, ascending. */
  readonly terms: readonly number[];
  /** The records that have the word; `null` where `terms` are few: then theirs are to be joined. */
  readonly records: Postings | null;
}

export interface OccurredColumn {
  /** ms since the epoch. */
  readonly ms: Float64Array;
  /** Nanoseconds within the millisecond; `null` where all are 0. */
  readonly nanos: Uint32Array | null;
}

export interface TermColumn {
  readonly terms: Uint16Array;
  /** For each term of the field a hash of it: equal terms in different segments have the same one. */
  readonly hashes: Uint32Array;
}

export const NO_TERM = 0xffff;

/** A column is kept for these paths: what facets count. */
export const COLUMN_PATHS: readonly string[] = [
  'event.action',
  'actor.id',
  'actor.type',
  'target.id',
  'target.type',
  'context.ipAddress',
  'context.source',
];
/** A dictionary with no more terms than this is counted term by term. */
export const COLUMN_TERMS_MIN = 256;

/**
 * Kinds of terms by their first character, in their order in a dictionary.
 *
 * `!` the path has a leaf that is not null; the rest is the path's last name (words of names are found by it)
 * · `a` an empty array · `d` an array, with the SHA-256 (base64) of its canonical JSON · `f` false · `i` an
 * address, as `addressKey` gives it · `n` a number, as `numberKey` gives it · `o` an empty object · `s` a
 * string, whole · `t` true · `z` null
 */
export const TERM_KINDS = '!adfinostz';

/** The segment was replaced while it was read: the question has to be asked again. */
export class SegmentGone extends Error {
  constructor() {
    super('The segment was replaced');
    this.name = 'SegmentGone';
  }
}
