import type { Condition, Instant, ValuePath, ValueTest } from '#server/ports/condition.ts';
import { Bitset } from './bitset.ts';
import { fieldsAt, fieldsAtOrBelow, fieldsOfMembers } from './find-fields.ts';
import { fold } from './fold.ts';
import { createNarrowGlob, matchGlob, type MatchNarrow } from './glob.ts';
import { numberKey } from './number-key.ts';
import { lastName } from './path.ts';
import { findWords } from './phrase.ts';
import type { Field, OccurredColumn, Segment, VisitedTerm } from './segment.ts';
import {
  stringsBeginning,
  stringsBetween,
  stringsFoldingTo,
  type TermRange,
  termsBetween,
  wellFormedStart,
} from './term-range.ts';
import { CHECK_EVERY, type Work } from './work.ts';

/**
 * The records of a segment that satisfy a condition, exactly. The set is the caller's to change.
 *
 * Errors: as those of Segment, and what `work` ends with.
 */
export function evaluate(segment: Segment, condition: Condition, work: Work): Promise<Bitset> {
  return evaluateWithin(segment, condition, null, work);
}

/**
 * The same, but of the records outside of `within` the set tells nothing: nobody asks for them. `null`: all
 * are asked for.
 */
async function evaluateWithin(
  segment: Segment,
  condition: Condition,
  within: Bitset | null,
  work: Work,
): Promise<Bitset> {
  work.checkTime();
  switch (condition.kind) {
    case 'all':
      return evaluateAll(segment, condition.of, within, work);
    case 'any':
      return evaluateAny(segment, condition.of, within, work);
    case 'not':
      return (await evaluateWithin(segment, condition.of, within, work)).invert();
    case 'value':
      return findValues(segment, condition.path, condition.test, within, work);
    case 'words':
      return findWords(segment, condition, within, work);
    case 'occurred':
      return findOccurred(segment, condition.from, condition.to);
    case 'recorded':
      return findRecorded(segment, condition.from, condition.to);
    case 'index': {
      const found = Bitset.none(segment.size);
      found.addRange(condition.from - segment.from, (condition.to ?? segment.to) - segment.from);
      return found;
    }
  }
}

/** What is found out quickly first, so that little is left for the rest, and often nothing. */
async function evaluateAll(
  segment: Segment,
  parts: readonly Condition[],
  within: Bitset | null,
  work: Work,
): Promise<Bitset> {
  const found = within?.copy() ?? Bitset.all(segment.size);
  const byCost = parts.length < 2 ? parts : [...parts].sort((a, b) => costOf(a) - costOf(b));
  for (const [order, part] of byCost.entries()) {
    if (found.isEmpty()) return found;
    found.and(await evaluateWithin(segment, part, order === 0 ? within : found, work));
  }
  return found;
}

async function evaluateAny(
  segment: Segment,
  parts: readonly Condition[],
  within: Bitset | null,
  work: Work,
): Promise<Bitset> {
  const [first, ...others] = parts;
  if (first === undefined) return Bitset.none(segment.size);
  const found = await evaluateWithin(segment, first, within, work);
  for (const part of others) found.or(await evaluateWithin(segment, part, within, work));
  return found;
}

/** How much is read for a condition, roughly: only the order of these numbers counts. */
function costOf(condition: Condition): number {
  switch (condition.kind) {
    case 'index':
    case 'occurred':
    case 'recorded':
      return 0;
    case 'value':
      return costOfTest(condition.test);
    case 'words':
      return condition.words.length > 1 ? 5 : condition.isPrefix ? 4 : 2;
    case 'not':
      return costOf(condition.of);
    case 'all':
    case 'any':
      return condition.of.reduce((most, part) => Math.max(most, costOf(part)), 0);
  }
}

function costOfTest(test: ValueTest): number {
  switch (test.test) {
    case 'equals':
    case 'is':
    case 'array':
      return 1;
    case 'present':
    case 'object':
      return 2;
    case 'number':
    case 'address':
    case 'between':
      return 3;
    case 'glob':
      return (test.parts[0] ?? '') === '' ? 6 : 3;
  }
}

async function findValues(
  segment: Segment,
  path: ValuePath,
  test: ValueTest,
  within: Bitset | null,
  work: Work,
): Promise<Bitset> {
  const found = Bitset.none(segment.size);
  const fields = fieldsTested(segment, path, test);
  for (const field of fields) {
    work.checkTime();
    await addValues(field, path, test, { segment, found, within, work });
  }
  return found;
}

/** Where values are looked for, and what has been found. */
interface Finding {
  readonly segment: Segment;
  readonly found: Bitset;
  /** The only records that are asked for. */
  readonly within: Bitset | null;
  readonly work: Work;
}

function fieldsTested(segment: Segment, path: ValuePath, test: ValueTest): readonly Field[] {
  if (test.test === 'present') return fieldsAtOrBelow(segment, path);
  if (test.test === 'object') return [...fieldsAt(segment, path), ...fieldsOfMembers(segment, path)];
  return fieldsAt(segment, path);
}

/** Adds the records that satisfy a test by a value of this field. */
async function addValues(field: Field, path: ValuePath, test: ValueTest, finding: Finding): Promise<void> {
  const { add, addRange } = adderFor(field, finding);
  switch (test.test) {
    case 'present':
      return add(presenceTerm(field));
    case 'equals':
      if (!test.text.isWellFormed()) return;
      return test.ignoreCase ? addRange(stringsFoldingTo(fold(test.text))) : add(`s${test.text}`);
    case 'glob':
      return addGlob(test.parts, test.ignoreCase, addRange);
    case 'between':
      return addBetween(test, addRange);
    case 'number':
      return addNumbers(test, addRange);
    case 'address':
      return addRange(
        termsBetween('i', { text: test.from, inclusive: true }, { text: test.to, inclusive: true }),
      );
    case 'is':
      return add(test.value === null ? 'z' : test.value ? 't' : 'f');
    case 'array':
      return add(`d${test.digest}`);
    case 'object':
      // At the path itself only an empty one is a leaf; of any other one there are members, null or not.
      if (fieldsAt(finding.segment, path).includes(field)) return add('o');
      await add(presenceTerm(field));
      return add('z');
  }
}

/** Tells which terms of a range are wanted. */
interface Accept {
  readonly text: (text: string) => boolean;
  /** The same of a term as bytes; `null` where that cannot be told. */
  readonly narrow: MatchNarrow | null;
}

type AddRange = (range: TermRange, accept?: Accept) => Promise<void>;

function adderFor(field: Field, { segment, found, within, work }: Finding) {
  const add = async (term: string): Promise<void> => {
    (await segment.find(field, term))?.addTo(found);
  };
  const addRange: AddRange = async (range, accept) => {
    let count = 0;
    await segment.visitTerms(field, range.from, range.to, (term) => {
      if (++count % CHECK_EVERY === 0) work.checkTime();
      const { records } = term;
      // To see whether anybody asks for its records is less work than to read a text.
      const isWanted =
        accept === undefined ||
        ((within === null || records.countIn(within) > 0) && isAccepted(term, accept));
      if (isWanted) records.addTo(found);
      return true;
    });
  };
  return { add, addRange };
}

function isAccepted(visited: VisitedTerm, { text, narrow }: Accept): boolean {
  const bytes = narrow === null ? null : visited.narrow;
  return narrow === null || bytes === null ? text(visited.term.slice(1)) : narrow(bytes);
}

function presenceTerm(field: Field): string {
  return `!${lastName(field.key)}`;
}

async function addGlob(parts: readonly string[], ignoreCase: boolean, addRange: AddRange): Promise<void> {
  // No text of a record holds half a surrogate pair.
  if (!parts.every((part) => part.isWellFormed())) return;
  const wanted = ignoreCase ? parts.map(fold) : parts;
  const start = wanted[0] ?? '';
  const range = stringsBeginning(wellFormedStart(fold(start)));
  // The range has exactly what begins like this: nothing is left to be compared.
  const isPrefixOnly = ignoreCase && wanted.length === 2 && wanted[1] === '' && start.isWellFormed();
  if (isPrefixOnly) return addRange(range);
  return addRange(range, {
    text: (text) => matchGlob(wanted, ignoreCase ? fold(text) : text),
    narrow: createNarrowGlob(wanted, ignoreCase),
  });
}

async function addBetween(
  { from, to }: Extract<ValueTest, { test: 'between' }>,
  addRange: AddRange,
): Promise<void> {
  const low = from === null ? null : { ...from, text: fold(from.text) };
  const high = to === null ? null : { ...to, text: fold(to.text) };
  const isExact = (low?.text.isWellFormed() ?? true) && (high?.text.isWellFormed() ?? true);
  if (isExact) return addRange(stringsBetween(low, high));
  // A dictionary need not be able to place what no record can hold; the comparison can.
  const isBetween = (text: string): boolean => {
    const folded = fold(text);
    const isAbove = low === null || folded > low.text || (low.inclusive && folded === low.text);
    const isBelow = high === null || folded < high.text || (high.inclusive && folded === high.text);
    return isAbove && isBelow;
  };
  return addRange(stringsBetween(null, null), { text: isBetween, narrow: null });
}

async function addNumbers(
  { from, to }: Extract<ValueTest, { test: 'number' }>,
  addRange: AddRange,
): Promise<void> {
  const low = from === null ? null : numberKey(from.text);
  const high = to === null ? null : numberKey(to.text);
  // Nothing compares with what is no number.
  if ((from !== null && low === null) || (to !== null && high === null)) return;
  return addRange(
    termsBetween(
      'n',
      from === null || low === null ? null : { text: low, inclusive: from.inclusive },
      to === null || high === null ? null : { text: high, inclusive: to.inclusive },
    ),
  );
}

async function findOccurred(segment: Segment, from: Instant | null, to: Instant | null): Promise<Bitset> {
  const { size, occurredMin, occurredMax } = segment;
  if ((from !== null && from.ms > occurredMax) || (to !== null && to.ms < occurredMin)) {
    return Bitset.none(size);
  }
  const isFromBefore =
    from === null || from.ms < occurredMin || (from.ms === occurredMin && from.nanos === 0);
  if (isFromBefore && (to === null || to.ms > occurredMax)) return Bitset.all(size);
  const column = await segment.occurred();
  const found = Bitset.none(size);
  for (let record = 0; record < size; record++) {
    if (from !== null && compareOccurred(column, record, from) < 0) continue;
    if (to === null || compareOccurred(column, record, to) < 0) found.add(record);
  }
  return found;
}

function compareOccurred({ ms, nanos }: OccurredColumn, record: number, instant: Instant): number {
  return (ms[record] ?? 0) - instant.ms || (nanos?.[record] ?? 0) - instant.nanos;
}

async function findRecorded(segment: Segment, from: number | null, to: number | null): Promise<Bitset> {
  const { size, recordedMin, recordedMax } = segment;
  const low = from ?? Number.NEGATIVE_INFINITY;
  const high = to ?? Number.POSITIVE_INFINITY;
  if (low > recordedMax || high <= recordedMin) return Bitset.none(size);
  if (low <= recordedMin && high > recordedMax) return Bitset.all(size);
  const column = await segment.recorded();
  const found = Bitset.none(size);
  for (let record = 0; record < size; record++) {
    const recorded = column[record] ?? 0;
    if (recorded >= low && recorded < high) found.add(record);
  }
  return found;
}
