import type { Sha256 } from '#server/ledger/hash.ts';
import type { Bound, Condition, Instant, ValuePath, ValueTest } from '#server/ports/condition.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { fold } from './fold.ts';
import { readLeaves } from './leaves.ts';
import { numberKey } from './number-key.ts';
import { createPathTree, exactKey, type PathNode, type PathTree } from './path.ts';
import { createPhraseFinder } from './phrase.ts';
import { type TermKind, termText } from './term.ts';
import { wordsOf } from './words.ts';

/** Tells whether a record satisfies a condition. */
export type Matcher = (record: ContentRecord) => boolean;

/**
 * What a condition means, for one record. The index has to give the same answers in its own way.
 *
 * It may be kept for as many records as come.
 */
export function createMatcher(sha256: Sha256, condition: Condition): Matcher {
  const holds = compileCondition(condition);
  let paths = createPathTree();
  return (record) => {
    if (paths.count > PATHS_MAX) paths = createPathTree();
    return holds(readRecord(sha256, record, paths));
  };
}

/** Paths that a matcher remembers; then it starts anew. */
const PATHS_MAX = 10_000;

/** One leaf of a record. */
export class Leaf {
  readonly path: PathNode;
  readonly kind: TermKind;
  readonly text: string;
  private read: readonly string[] | null = null;

  constructor(path: PathNode, kind: TermKind, text: string) {
    this.path = path;
    this.kind = kind;
    this.text = text;
  }

  /** The words that count, read once. */
  get words(): readonly string[] {
    return (this.read ??= wordsOf(termText(this.kind, this.text) ?? ''));
  }
}

/** A record with what was read of it. */
export interface ReadRecord {
  readonly record: ContentRecord;
  readonly occurred: Instant;
  readonly leaves: readonly Leaf[];
}

/** Reads a record, once for as many conditions as are asked of it. */
export function readRecord(sha256: Sha256, record: ContentRecord, paths: PathTree): ReadRecord {
  const leaves: Leaf[] = [];
  const occurred = readLeaves(sha256, record, paths, (path, kind, text) => {
    leaves.push(new Leaf(path, kind, text));
  });
  return { record, occurred, leaves };
}

type Holds = (read: ReadRecord) => boolean;

/** As `createMatcher`, for records that were read before. */
export function compileCondition(condition: Condition): Holds {
  switch (condition.kind) {
    case 'all': {
      const parts = condition.of.map(compileCondition);
      return (read) => parts.every((holds) => holds(read));
    }
    case 'any': {
      const parts = condition.of.map(compileCondition);
      return (read) => parts.some((holds) => holds(read));
    }
    case 'not': {
      const holds = compileCondition(condition.of);
      return (read) => !holds(read);
    }
    case 'value':
      return someLeaf(compileValue(condition.path, condition.test));
    case 'words':
      return someLeaf(compileWords(condition.path, condition.words, condition.isPrefix));
    case 'occurred':
      return ({ occurred }) => isWithin(occurred, condition.from, condition.to, compareInstants);
    case 'recorded':
      return ({ record }) => isWithin(record.recordedAt, condition.from, condition.to, compareNumbers);
    case 'index':
      return ({ record }) => isWithin(record.index, condition.from, condition.to, compareNumbers);
  }
}

type LeafTest = (leaf: Leaf) => boolean;

function someLeaf(test: LeafTest): Holds {
  return ({ leaves }) => leaves.some(test);
}

function compileValue(path: ValuePath, test: ValueTest): LeafTest {
  const isAt = samePath(path);
  switch (test.test) {
    case 'present': {
      const isBelow = below(path);
      return ({ path: at, kind }) => kind !== 'z' && (isAt(at) || isBelow(at, ['.', '[']));
    }
    case 'object': {
      // An empty one is a leaf itself; of any other one there is a leaf in a member, null or not.
      const isBelow = below(path);
      return ({ path: at, kind }) => (kind === 'o' && isAt(at)) || isBelow(at, ['.']);
    }
    default: {
      const satisfies = compileTest(test);
      return (leaf) => isAt(leaf.path) && satisfies(leaf);
    }
  }
}

/** Whether a leaf's path is the one asked for. */
function samePath(path: ValuePath): (at: PathNode) => boolean {
  if (path.kind === 'named') return ({ named }) => named === path.name;
  const exact = exactKey(path.members);
  return ({ key }) => key === exact;
}

/**
 * Whether a leaf's path goes on behind the one asked for, with one of these. The named form has no arrays.
 */
function below(path: ValuePath): (at: PathNode, next: readonly string[]) => boolean {
  if (path.kind === 'named') return ({ named }) => named.startsWith(`${path.name}.`);
  const exact = exactKey(path.members);
  return ({ key }, next) => next.some((character) => key.startsWith(exact + character));
}

function compileTest(test: Exclude<ValueTest, { test: 'present' | 'object' }>): LeafTest {
  switch (test.test) {
    case 'equals': {
      const compared = test.ignoreCase ? fold : asItIs;
      const wanted = compared(test.text);
      return ({ kind, text }) => kind === 's' && compared(text) === wanted;
    }
    case 'glob': {
      const compared = test.ignoreCase ? fold : asItIs;
      const parts = test.parts.map(compared);
      // No text of a record holds half a surrogate pair, but the code units of a whole one would begin with
      // it.
      if (!parts.every((part) => part.isWellFormed())) return () => false;
      return ({ kind, text }) => kind === 's' && isMadeOf(compared(text), parts);
    }
    case 'between':
      return compileRange('s', test.from, test.to, fold);
    case 'number':
      return compileRange('n', test.from, test.to, numberKey);
    case 'is': {
      const wanted = test.value === null ? 'z' : test.value ? 't' : 'f';
      return ({ kind }) => kind === wanted;
    }
    case 'address':
      return ({ kind, text }) => kind === 'i' && test.from <= text && text <= test.to;
    case 'array':
      return ({ kind, text }) => kind === 'd' && text === test.digest;
  }
}

function asItIs(text: string): string {
  return text;
}

/**
 * Whether a text has the parts in their order, none over another, the first at its start, the last at its
 * end.
 */
function isMadeOf(text: string, parts: readonly string[]): boolean {
  const [first = '', ...middle] = parts;
  const last = middle.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const part of middle) {
    const found = text.indexOf(part, from);
    if (found === -1) return false;
    from = found + part.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}

/** Texts of a kind between two. `keyOf` brings bounds and strings to the form that is compared. */
function compileRange(
  kind: 's' | 'n',
  from: Bound | null,
  to: Bound | null,
  keyOf: (text: string) => string | null,
): LeafTest {
  const low = from && { key: keyOf(from.text), inclusive: from.inclusive };
  const high = to && { key: keyOf(to.text), inclusive: to.inclusive };
  // Nothing compares with what is no number.
  if (low?.key === null || high?.key === null) return () => false;
  return (leaf) => {
    if (leaf.kind !== kind) return false;
    // Numbers are keys already.
    const key = kind === 's' ? fold(leaf.text) : leaf.text;
    if (low !== null && (low.inclusive ? key < (low.key ?? '') : key <= (low.key ?? ''))) return false;
    return high === null || (high.inclusive ? key <= (high.key ?? '') : key < (high.key ?? ''));
  };
}

/**
 * At a path only values count; anywhere, also the names that senders gave to members.
 */
function compileWords(path: ValuePath | null, phrase: readonly string[], isPrefix: boolean): LeafTest {
  if (phrase.length === 0) return () => false;
  const isAt = path === null ? null : samePath(path);
  const hasPhrase = createPhraseFinder(phrase, isPrefix);
  return (leaf) => {
    const isName = leaf.kind === '!';
    const counts = isAt === null ? !isName || leaf.path.isCustom : !isName && isAt(leaf.path);
    return counts && hasPhrase(leaf.words);
  };
}

function isWithin<T>(value: T, from: T | null, to: T | null, compare: (a: T, b: T) => number): boolean {
  return (from === null || compare(value, from) >= 0) && (to === null || compare(value, to) < 0);
}

function compareNumbers(a: number, b: number): number {
  return a - b;
}

function compareInstants(a: Instant, b: Instant): number {
  return a.ms - b.ms || a.nanos - b.nanos;
}
