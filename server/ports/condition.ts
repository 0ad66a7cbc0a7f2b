/**
 * One tree of conditions stands for every question about records: the query language and `RecordFilter`
 * compile to it, and it is answered from the index or, for a single record, by `matches`. Plain data: it can
 * be sent to a thread, and its JSON text names it.
 *
 * Content is seen as leaves: each string, number, boolean, null, empty object and empty array of the
 * sections, at its path. A condition on values holds where at least one leaf satisfies it.
 */
export type Condition =
  /** All hold; with none, everything matches. */
  | { readonly kind: 'all'; readonly of: readonly Condition[] }
  /** At least one holds; with none, nothing matches. */
  | { readonly kind: 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  /** Some leaf at the path satisfies the test. */
  | { readonly kind: 'value'; readonly path: ValuePath; readonly test: ValueTest }
  /**
   * Some one value at the path, or anywhere, has these words one directly after the other. They are words as
   * `wordsOf` gives them, at least one. With `isPrefix` the last one only begins a word.
   */
  | {
      readonly kind: 'words';
      readonly path: ValuePath | null;
      readonly words: readonly string[];
      readonly isPrefix: boolean;
    }
  /** It happened in this time. */
  | { readonly kind: 'occurred'; readonly from: Instant | null; readonly to: Instant | null }
  /** It was recorded in this time, ms since the epoch. */
  | { readonly kind: 'recorded'; readonly from: number | null; readonly to: number | null }
  /** Its index is in this range. */
  | { readonly kind: 'index'; readonly from: number; readonly to: number | null };
// Every range has `from` inclusive and `to` exclusive; `null` is open.

/** A point in time to the nanosecond. A leap second counts as the last nanosecond before it. */
export interface Instant {
  /** ms since the epoch, a whole number. */
  readonly ms: number;
  /** Nanoseconds within the millisecond, 0 to 999,999. */
  readonly nanos: number;
}

/**
 * Where leaves are. Paths begin with the section: `actor.id`, `changes.before.role`, `details.items.price`.
 */
export type ValuePath =
  /**
   * The member names joined by dots are this text; arrays on the way are passed through. A name that has dots
   * itself is met like so many names.
   */
  | { readonly kind: 'named'; readonly name: string }
  /** Exactly these members one in the other, no array on the way. */
  | { readonly kind: 'exact'; readonly members: readonly string[] };

/** What a leaf must be. Texts are compared as `fold` gives them where case is ignored, else exactly. */
export type ValueTest =
  /** Any leaf at the path or below it, but null. */
  | { readonly test: 'present' }
  /** A string, this one. */
  | { readonly test: 'equals'; readonly text: string; readonly ignoreCase: boolean }
  /** A string made of these parts in order with anything between; the first begins it, the last ends it. */
  | { readonly test: 'glob'; readonly parts: readonly string[]; readonly ignoreCase: boolean }
  /** A string between two, by UTF-16 code units of what `fold` gives. */
  | { readonly test: 'between'; readonly from: Bound | null; readonly to: Bound | null }
  /** A number between two; they are decimal numbers of any length, as JSON writes them. */
  | { readonly test: 'number'; readonly from: Bound | null; readonly to: Bound | null }
  | { readonly test: 'is'; readonly value: true | false | null }
  /** An address of IPv4 or IPv6 in any notation, from one to another, both inclusive: see `addressKey`. */
  | { readonly test: 'address'; readonly from: string; readonly to: string }
  /** An object, also an empty one. For exact paths. */
  | { readonly test: 'object' }
  /** An array whose canonical JSON has this SHA-256 (base64). For exact paths. */
  | { readonly test: 'array'; readonly digest: string };

export interface Bound {
  readonly text: string;
  readonly inclusive: boolean;
}

/** What every record satisfies. */
export const EVERYTHING: Condition = { kind: 'all', of: [] };
