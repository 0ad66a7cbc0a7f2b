import { type JsonObject, type JsonValue, RefusedValue } from '#server/ledger/json.ts';
import type { SeededRandom } from '#test/support/seeded-random.ts';

/** RFC 8785 as it reads, with nothing done for speed; bigints keep their digits. */
export function naiveCanonical(value: JsonValue): string {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof RefusedValue) throw new Error('refused');
  if (Array.isArray(value)) return `[${value.map(naiveCanonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const names = Object.keys(value).sort(compareCodeUnits);
  const members = names.map((name) => `${JSON.stringify(name)}:${naiveCanonical(value[name] ?? null)}`);
  return `{${members.join(',')}}`;
}

/** Section 3.2.3: as arrays of UTF-16 code units, regarded as unsigned numbers. */
function compareCodeUnits(a: string, b: string): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return a.charCodeAt(i) - b.charCodeAt(i);
  }
  return a.length - b.length;
}

const PIECES = [
  'a',
  'B',
  '0',
  ' ',
  '"',
  '\\',
  '/',
  '\n',
  '\t',
  '\u0000',
  '\u001f',
  '\u007f',
  'é',
  '€',
  '\u2028',
];
const MORE_PIECES = [
  '😀',
  '\ufb33',
  '\ud7ff',
  '\ue000',
  '__proto__',
  'constructor',
  '10',
  '9',
  ':',
  '":',
  '{',
  ',',
];
const NUMBERS = [0, -0, 1, -1, 0.1, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 2 ** 53 - 1, -(2 ** 53) + 1];
const BIGINTS = [2n ** 53n, -(2n ** 53n), -9214364837600034816n, 123456789012345678901234567890n];

export function randomText(random: SeededRandom): string {
  const pieces = Array.from({ length: random.below(8) }, () => random.pick([...PIECES, ...MORE_PIECES]));
  return pieces.join('');
}

/** A value with all kinds of values in it, at most `depth` deep. */
export function randomValue(random: SeededRandom, depth: number): JsonValue {
  const kind = random.below(depth > 0 ? 10 : 6);
  if (kind === 0) return random.pick([null, true, false]);
  if (kind === 1) return random.pick(NUMBERS);
  if (kind === 2) return asParsed((random.fraction() - 0.5) * 10 ** random.below(30));
  if (kind === 3) return random.pick(BIGINTS);
  if (kind < 6) return randomText(random);
  const length = random.below(5);
  if (kind < 8) return Array.from({ length }, () => randomValue(random, depth - 1));
  return randomObject(random, length, depth - 1);
}

/** A double from 2^53 to 10^21 is written as plain digits, and those are read as a bigint. */
function asParsed(value: number): JsonValue {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21
    ? BigInt(`${value}`)
    : value;
}

function randomObject(random: SeededRandom, length: number, depth: number): JsonObject {
  const members = Array.from({ length }, () => [randomText(random), randomValue(random, depth)] as const);
  return Object.fromEntries(members);
}

/** JSON text of the value with members in their own order and white space strewn in. */
export function looseText(value: JsonValue, random: SeededRandom): string {
  const space = (): string => (random.below(4) === 0 ? random.pick([' ', '\n', '\t', '\r', '  ']) : '');
  const around = (text: string): string => space() + text + space();
  if (typeof value === 'bigint') return around(String(value));
  if (Array.isArray(value))
    return around(`[${value.map((one) => looseText(one, random)).join(',') || space()}]`);
  if (typeof value !== 'object' || value === null || value instanceof RefusedValue) {
    return around(Object.is(value, -0) ? '-0' : JSON.stringify(value));
  }
  const members = Object.keys(value).map(
    (name) => `${around(JSON.stringify(name))}:${looseText(value[name] ?? null, random)}`,
  );
  return around(`{${members.join(',') || space()}}`);
}

/** A text with a few characters changed, taken out, doubled or put in. */
export function mutate(text: string, random: SeededRandom, alphabet: readonly string[]): string {
  let mutated = text;
  for (let edits = 1 + random.below(3); edits > 0; edits--) {
    const at = random.below(mutated.length + 1);
    const to = Math.min(mutated.length, at + random.below(3));
    mutated =
      mutated.slice(0, at) + random.pick(['', ...alphabet, mutated.slice(at, to + 5)]) + mutated.slice(to);
  }
  return mutated;
}
