import { fold } from '#server/index/fold.ts';
import { numberKey } from '#server/index/number-key.ts';
import type { Bound, Condition, Instant, ValueTest } from '#server/ports/condition.ts';
import { NOTHING } from './combine.ts';
import type { NamedField } from './field-name.ts';
import { type Place, quoted, type Report } from './query-problem.ts';
import { compareInstants, firstMillisecond, readTimeSpan, TIME_FORMS, type TimeSpan } from './time-span.ts';
import type { RangeEnd, ValueRange, ValueText } from './value-text.ts';

/** What a range or a comparison asks for; `null` where it was reported that this cannot be. */
export function compileRange(named: NamedField, range: ValueRange, report: Report): Condition | null {
  if (lacksPath(named, range, report)) return null;
  if (range.low === null && range.high === null) {
    report(range, 'Both ends of the range are open: expected at least one, such as 1.. or ..9.');
    return null;
  }
  for (const end of [range.low, range.high]) {
    if (end === null || end.text.isQuoted || end.text.parts.length === 1) continue;
    report(end.text, 'An end of a range is written out: expected a value, or * alone for an open end.');
    return null;
  }
  switch (named.field.type) {
    case 'keyword':
      return textRange(named, range, report);
    case 'json':
      return jsonRange(named, range, report);
    case 'number':
      return numberRange(named, range, report);
    case 'index':
      return indexRange(range, report);
    case 'occurred':
    case 'recorded':
      return timeRange(named, range, report);
    case 'words':
    case 'choice':
    case 'address':
      report(range, `Values of ${named.name} are not compared: expected ${named.name}:value.`);
      return null;
  }
}

/** Reports a name that has to go on with a path and does not. */
export function lacksPath({ field, path }: NamedField, place: Place, report: Report): boolean {
  if (!field.isParent || path !== field.path) return false;
  const { name } = field;
  const advice = `Expected ${name}.… with a path, such as ${name}.role:admin, or ${name}:* for any`;
  report(place, `${advice}; text without a field is looked for in all content.`);
  return true;
}

function valueTest(named: NamedField, test: ValueTest): Condition {
  return { kind: 'value', path: { kind: 'named', name: named.path }, test };
}

function bound(end: RangeEnd | null): Bound | null {
  return end && { text: end.text.text, inclusive: end.inclusive };
}

/** Reports a range that begins behind its end, in which nothing can be. */
function isTurned(low: string | null, high: string | null, place: Place, report: Report): boolean {
  if (low === null || high === null || low <= high) return false;
  report(place, 'The range ends before it begins: expected the lower end first.');
  return true;
}

function textRange(named: NamedField, range: ValueRange, report: Report): Condition | null {
  const { low, high } = range;
  if (isTurned(low && fold(low.text.text), high && fold(high.text.text), range, report)) return null;
  return valueTest(named, { test: 'between', from: bound(low), to: bound(high) });
}

/** Numbers where the ends are numbers, else texts. */
function jsonRange(named: NamedField, range: ValueRange, report: Report): Condition | null {
  const ends = [range.low, range.high].filter((end) => end !== null);
  const numbers = ends.filter(({ text }) => !text.isQuoted && numberKey(text.text) !== null);
  if (numbers.length === 0) return textRange(named, range, report);
  if (numbers.length === ends.length) return numberRange(named, range, report);
  report(range, 'One end of the range is a number and the other one a text: expected two of a kind.');
  return null;
}

function numberRange(named: NamedField, range: ValueRange, report: Report): Condition | null {
  for (const end of [range.low, range.high]) {
    if (end === null || numberKey(end.text.text) !== null) continue;
    report(end.text, `${quoted(end.text.text)} is not a number: expected one such as 42.`);
    return null;
  }
  const key = (end: RangeEnd | null) => end && numberKey(end.text.text);
  if (isTurned(key(range.low), key(range.high), range, report)) return null;
  return valueTest(named, { test: 'number', from: bound(range.low), to: bound(range.high) });
}

/** The record of one index. */
export function compileIndex(value: ValueText, report: Report): Condition | null {
  const index = readIndex(value, report);
  return index === null ? null : { kind: 'index', from: index, to: index + 1 };
}

function indexRange({ low, high, from, to }: ValueRange, report: Report): Condition | null {
  const first = low === null ? 0 : readIndex(low.text, report);
  const last = high === null ? Number.POSITIVE_INFINITY : readIndex(high.text, report);
  if (first === null || last === null) return null;
  if (first > last) {
    report({ from, to }, 'The range ends before it begins: expected the lower end first.');
    return null;
  }
  const start = first + (low === null || low.inclusive ? 0 : 1);
  const end = last + (high?.inclusive ? 1 : 0);
  if (start >= end) return NOTHING;
  return { kind: 'index', from: start, to: high === null ? null : end };
}

function readIndex(value: ValueText, report: Report): number | null {
  const index = Number(value.text);
  // One more has to be a safe integer, too.
  if (/^\d+$/.test(value.text) && Number.isSafeInteger(index + 1)) return index;
  report(
    value,
    `${quoted(value.text)} is not an index: expected a whole number from 0 on, such as 42 or 10..20.`,
  );
  return null;
}

/** Within the span that a time stands for. */
export function compileTime(named: NamedField, value: ValueText, report: Report): Condition | null {
  const span = readTime(value, report);
  return span && timeCondition(named, span.from, span.to);
}

function timeRange(named: NamedField, range: ValueRange, report: Report): Condition | null {
  const { low, high } = range;
  const first = low && readTime(low.text, report);
  const last = high && readTime(high.text, report);
  if ((low !== null && first === null) || (high !== null && last === null)) return null;
  if (first !== null && last !== null && compareInstants(first.from, last.to) >= 0) {
    report(range, 'The range ends before it begins: expected the earlier time first.');
    return null;
  }
  const from = first && (low?.inclusive ? first.from : first.to);
  const to = last && (high?.inclusive ? last.to : last.from);
  return timeCondition(named, from, to);
}

function readTime(value: ValueText, report: Report): TimeSpan | null {
  const span = value.parts.length > 1 ? null : readTimeSpan(value.text);
  if (span === null) report(value, `${quoted(value.text)} is not a time: expected ${TIME_FORMS}.`);
  return span;
}

function timeCondition(named: NamedField, from: Instant | null, to: Instant | null): Condition {
  if (from !== null && to !== null && compareInstants(from, to) >= 0) return NOTHING;
  if (named.field.type === 'occurred') return { kind: 'occurred', from, to };
  const [first, last] = [from && firstMillisecond(from), to && firstMillisecond(to)];
  return first !== null && last !== null && first >= last
    ? NOTHING
    : { kind: 'recorded', from: first, to: last };
}
