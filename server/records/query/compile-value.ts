import { addressRange } from '#server/index/address.ts';
import { numberKey } from '#server/index/number-key.ts';
import { type Condition, EVERYTHING, type ValueTest } from '#server/ports/condition.ts';
import { anyOf } from './combine.ts';
import { compileIndex, compileRange, compileTime, lacksPath } from './compile-range.ts';
import { compileWords } from './compile-words.ts';
import type { NamedField } from './field-name.ts';
import { quoted, type Report } from './query-problem.ts';
import { isAnything, splitRange, type ValueText } from './value-text.ts';

/** What `field:value` asks for; `null` where it was reported that this cannot be. */
export function compileValue(named: NamedField, value: ValueText, report: Report): Condition | null {
  if (isAnything(value)) return named.path === '' ? EVERYTHING : valueTest(named, { test: 'present' });
  if (lacksPath(named, value, report)) return null;
  const range = HAS_RANGES.has(named.field.type) ? splitRange(value, report) : null;
  return range === null ? compileSingle(named, value, report) : compileRange(named, range, report);
}

/** In other fields two dots are a part of the text. */
const HAS_RANGES: ReadonlySet<string> = new Set(['json', 'number', 'index', 'occurred', 'recorded']);

function compileSingle(named: NamedField, value: ValueText, report: Report): Condition | null {
  switch (named.field.type) {
    case 'keyword':
      return valueTest(named, textTest(value));
    case 'words':
      return compileWords({ kind: 'named', name: named.path }, value, report);
    case 'choice':
      return compileChoice(named, value, report);
    case 'address':
      return compileAddress(named, value, report);
    case 'json':
      return compileJson(named, value);
    case 'number':
      return compileNumber(named, value, report);
    case 'index':
      return compileIndex(value, report);
    case 'occurred':
    case 'recorded':
      return compileTime(named, value, report);
  }
}

function valueTest(named: NamedField, test: ValueTest): Condition {
  return { kind: 'value', path: { kind: 'named', name: named.path }, test };
}

/** A whole text, or one with stars in it. */
function textTest({ parts, text }: ValueText): ValueTest {
  if (parts.length > 1) return { test: 'glob', parts, ignoreCase: true };
  return { test: 'equals', text, ignoreCase: true };
}

function compileChoice(named: NamedField, value: ValueText, report: Report): Condition | null {
  const { choices, name } = named.field;
  const chosen = choices.find((choice) => choice.toLowerCase() === value.text.toLowerCase());
  if (chosen !== undefined) return valueTest(named, { test: 'equals', text: chosen, ignoreCase: true });
  report(value, `${quoted(value.text)} is no ${name}: expected one of ${choices.join(', ')}.`);
  return null;
}

/** What can only be meant as an address: digits of one, and what divides them. */
const LIKE_ADDRESS = /^(?:[\d./]+|[0-9a-f:./%]*:[0-9a-f:./%]*)$/i;

function compileAddress(named: NamedField, value: ValueText, report: Report): Condition | null {
  if (value.isQuoted || value.parts.length > 1) return valueTest(named, textTest(value));
  const range = addressRange(value.text);
  if (range !== null) return valueTest(named, { test: 'address', ...range });
  if (!LIKE_ADDRESS.test(value.text)) return valueTest(named, textTest(value));
  const forms =
    'expected one such as 10.1.2.3 or 2001:db8::1, a network such as 10.0.0.0/8, or a pattern such as';
  report(value, `${quoted(value.text)} is neither an address nor a network: ${forms} 10.1.*.`);
  return null;
}

const LITERALS: ReadonlyMap<string, true | false | null> = new Map<string, true | false | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** Without quotes a number means the number or its text, and so do true, false and null. */
function compileJson(named: NamedField, value: ValueText): Condition {
  const asText = valueTest(named, textTest(value));
  if (value.isQuoted || value.parts.length > 1) return asText;
  if (numberKey(value.text) !== null) return anyOf([equalNumber(named, value.text), asText]);
  const literal = LITERALS.get(value.text.toLowerCase());
  if (literal === undefined) return asText;
  return anyOf([valueTest(named, { test: 'is', value: literal }), asText]);
}

function equalNumber(named: NamedField, text: string): Condition {
  const bound = { text, inclusive: true };
  return valueTest(named, { test: 'number', from: bound, to: bound });
}

function compileNumber(named: NamedField, value: ValueText, report: Report): Condition | null {
  if (numberKey(value.text) !== null) return equalNumber(named, value.text);
  report(value, `${quoted(value.text)} is not a number: expected one such as 42, >42 or 1..42.`);
  return null;
}
