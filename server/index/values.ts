import type { ValueCount } from '#server/ports/search.ts';
import type { Bitset } from './bitset.ts';
import { createColumnCounter, MatchCounter, type TermVisitor, visitStrings } from './count-terms.ts';
import type { CountSketch } from './count-sketch.ts';
import { fieldsNamed } from './find-fields.ts';
import { fold } from './fold.ts';
import { createHashCounts } from './hash-counts.ts';
import { mergeTerms, type TermSource } from './merge-terms.ts';
import type { Field, Postings, Segment, TermColumn } from './segment.ts';
import { termHash } from './term-hash.ts';
import { ALL_STRINGS, stringsBeginning, type TermRange } from './term-range.ts';
import type { TimeLimit } from './time-limit.ts';
import { createBestValues, createValueTally, type TallyLimits, type ValueTally } from './value-counts.ts';
import { CHECK_EVERY } from './work.ts';

/** A segment, and which of its records are wanted. Nobody changes the set. */
export interface MatchedSegment {
  readonly segment: Segment;
  readonly matched: Bitset;
}

/** Segments that can be gone through several times, and are the same ones each time. */
export type MatchedSegments = Iterable<MatchedSegment> | AsyncIterable<MatchedSegment>;

export interface ValuesWanted {
  /** A `named` path. */
  readonly path: string;
  /** Only strings that begin like this count, case ignored; the empty one begins them all. */
  readonly prefix: string;
  readonly first: number;
}

/** Every term of a string begins like this. */
const STRING = 's';

/** What is counted by name at once: some 60 MB at most. */
const TALLY_LIMITS: TallyLimits = { valuesMax: 200_000, unitsMax: 16 * 1024 * 1024 };

/** Segments that are counted at once. */
const PARTS_AT_ONCE = 16;
/** Strings after which others have their turn. */
const PAUSE_EVERY = 16 * 1024;

/**
 * The strings at a path that most of the wanted records have, exactly; a record with several counts for each.
 *
 * Where few strings are there they are counted by name. Where the segments have a column of the path, their
 * terms are first counted by hash, without being read; then only those are read that can be among the best.
 * And where too many strings remain, all dictionaries are gone through side by side.
 */
export async function topValues(
  parts: MatchedSegments,
  { path, prefix, first }: ValuesWanted,
  work: TimeLimit,
  limits: TallyLimits = TALLY_LIMITS,
): Promise<readonly ValueCount[]> {
  // Nothing that is recorded begins with half a character.
  if (first < 1 || !prefix.isWellFormed()) return [];
  const range = prefix === '' ? ALL_STRINGS : stringsBeginning(fold(prefix));
  const question: Question = { parts, path, range, first, work, limits };
  const tally = await countStringsByName(question);
  return tally?.best(first) ?? countSideBySide(question);
}

interface Question {
  readonly parts: MatchedSegments;
  readonly path: string;
  readonly range: TermRange;
  readonly first: number;
  readonly work: TimeLimit;
  readonly limits: TallyLimits;
}

/** At least the best strings by name; `null` where too many would have to be counted. */
async function countStringsByName(question: Question): Promise<ValueTally | null> {
  const { tally, byHash } = await countOnce(question);
  if (tally.isOver || byHash === null) return tally.isOver ? null : tally;
  for (const [value, count] of tally.counts) byHash.add(termHash(STRING + value), count);
  let countMin = byHash.countOfPlace(question.first);
  for (;;) {
    const likely = await countAbove(question, tally, byHash, countMin);
    // The true counts of these tell what the last one wanted has at least: whatever has less is not needed.
    const worst = likely?.best(question.first)[question.first - 1]?.count ?? 0;
    if (likely === null || worst >= countMin || countMin === 1) return likely;
    countMin = worst > 0 ? worst : Math.ceil(countMin / 2);
  }
}

interface CountedOnce {
  /** The strings of segments without a column. */
  readonly tally: ValueTally;
  /** Those of segments with one; `null` where none has one. */
  readonly byHash: CountSketch | null;
}

async function countOnce(question: Question): Promise<CountedOnce> {
  const tally = createValueTally(question.limits);
  const countColumn = createColumnCounter();
  let byHash: CountSketch | null = null;
  const whole: ReadColumn<TermColumn> = (segment, field) => segment.column(field);
  await forEachPart(question, whole, async ({ part, fields, found }) => {
    if (found === null) {
      await visitStrings(part, fields, question.range, adderTo(tally), question.work);
      return;
    }
    const { column, field, from, to } = found;
    byHash ??= createHashCounts();
    const counts = countColumn(column.terms, part.matched, field.termCount);
    for (let at = from; at < to; at++) {
      const count = counts[at] ?? 0;
      if (count > 0) byHash.add(column.hashes[at] ?? 0, count);
    }
  });
  return { tally, byHash };
}

/**
 * By name all strings that, as far as their hashes tell, may be there so often; `null` where they are too
 * many. `tally` has the strings of segments without a column already.
 */
async function countAbove(
  question: Question,
  { counts }: ValueTally,
  byHash: CountSketch,
  countMin: number,
): Promise<ValueTally | null> {
  const tally = createValueTally(question.limits);
  const mayBeAbove = byHash.atLeast(countMin);
  for (const [value, count] of counts) if (mayBeAbove(termHash(STRING + value))) tally.add(value, count);
  const hashes: ReadColumn<Uint32Array> = (segment, field) => segment.columnHashes(field);
  await forEachPart(question, hashes, async ({ part, found }) => {
    if (found !== null) await visitColumn(part, found, mayBeAbove, adderTo(tally), question.work);
  });
  return tally.isOver ? null : tally;
}

function adderTo(tally: ValueTally): TermVisitor {
  return (term, count) => {
    tally.add(term.slice(STRING.length), count);
    return !tally.isOver;
  };
}

/** All strings in their order, each with its whole count at once, so that only the best ones are kept. */
async function countSideBySide(question: Question): Promise<readonly ValueCount[]> {
  const { range, first, work } = question;
  const sources: TermSource<MatchCounter>[] = [];
  for await (const part of question.parts) {
    const fields = fieldsNamed(part.segment, question.path);
    const owner = new MatchCounter(part.matched);
    for (const field of fields) {
      sources.push({ terms: part.segment.terms(field, range.from, range.to), owner });
    }
  }
  const best = createBestValues(first);
  let seen = 0;
  for await (const { term, found } of mergeTerms(sources)) {
    seen++;
    if (seen % PAUSE_EVERY === 0) await work.pause();
    else if (seen % CHECK_EVERY === 0) work.checkTime();
    const sets = new Map<MatchCounter, Postings[]>();
    for (const { owner, records } of found) {
      const others = sets.get(owner);
      if (others === undefined) sets.set(owner, [records]);
      else others.push(records);
    }
    let count = 0;
    for (const [counter, records] of sets) count += counter.count(records);
    if (count > 0) best.add(term.slice(STRING.length), count);
  }
  return best.values;
}

/** A part with the fields at the path, and what was found of their column where that tells all about them. */
interface PartWithPath<C> {
  readonly part: MatchedSegment;
  readonly fields: readonly Field[];
  readonly found: FoundColumn<C> | null;
}

/** Something of the column of a field, with the offsets of the wanted terms, from one to another. */
interface FoundColumn<C> {
  readonly column: C;
  readonly field: Field;
  readonly from: number;
  readonly to: number;
}

/** Reads something of the column of a field, where there is one. */
type ReadColumn<C> = (segment: Segment, field: Field) => Promise<C | null>;

/** Visits some parts at once, so that what is read for them is read together. */
async function forEachPart<C>(
  question: Question,
  read: ReadColumn<C>,
  visit: (part: PartWithPath<C>) => Promise<void>,
): Promise<void> {
  let group: Promise<void>[] = [];
  for await (const part of question.parts) {
    const fields = fieldsNamed(part.segment, question.path);
    if (fields.length === 0 || part.matched.isEmpty()) continue;
    const finding = findColumn(part.segment, fields, read, question);
    group.push(finding.then((found) => visit({ part, fields, found })));
    if (group.length < PARTS_AT_ONCE) continue;
    await Promise.all(group);
    group = [];
    await question.work.pause();
  }
  await Promise.all(group);
}

/** Of the column of a path, where it tells of all strings there: a column has one string of a record only. */
async function findColumn<C>(
  segment: Segment,
  fields: readonly Field[],
  read: ReadColumn<C>,
  { path, range }: Question,
): Promise<FoundColumn<C> | null> {
  const [field] = fields;
  if (field === undefined || fields.length > 1 || field.key !== path) return null;
  const column = await read(segment, field);
  if (column === null) return null;
  if (range === ALL_STRINGS) return { column, field, from: 0, to: field.termCount };
  const from = await offsetOf(segment, field, range.from);
  return { column, field, from, to: await offsetOf(segment, field, range.to) };
}

/** The offset of the first term of a field that is not before this one. */
async function offsetOf(segment: Segment, field: Field, term: string): Promise<number> {
  let offset = field.termCount;
  await segment.visitTerms(field, term, null, ({ number }) => {
    offset = number - field.firstTerm;
    return false;
  });
  return offset;
}

/** Visits the strings of a column that wanted records have and whose hash is wanted. */
async function visitColumn(
  { segment, matched }: MatchedSegment,
  { column, field, from, to }: FoundColumn<Uint32Array>,
  isWanted: (hash: number) => boolean,
  visit: TermVisitor,
  work: TimeLimit,
): Promise<void> {
  const numbers: number[] = [];
  for (let at = from; at < to; at++) if (isWanted(column[at] ?? 0)) numbers.push(field.firstTerm + at);
  if (numbers.length === 0) return;
  const counter = new MatchCounter(matched);
  let seen = 0;
  await segment.visitTermsAt(numbers, (found) => {
    if (++seen % CHECK_EVERY === 0) work.checkTime();
    const count = counter.countOne(found.records);
    return count === 0 || visit(found.term, count);
  });
}
