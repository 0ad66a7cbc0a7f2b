import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  JSON_DEPTH_MAX,
  type JsonObject,
  JsonSyntaxError,
  type JsonValue,
  parseExactly,
  parseJson,
  RefusedValue,
  stringifyJson,
} from '#server/ledger/json.ts';
import { looseText, mutate, randomValue } from './naive-json.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

const JSON_ALPHABET = [
  ...Array.from('{}[]",:\\/ -+.eEu0123456789truefalsn\n\t\r\u0000\u001f\u00a0\ufeff'),
  '\\u',
  '":',
  '"a":1,',
];

/** Node's comparison: that of the test runner stumbles over members named `constructor`. */
function expectSame(value: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(value, expected)) expect(value).toStrictEqual(expected);
  expect(isDeepStrictEqual(value, expected)).toBe(true);
}

/** What both ways of parsing give; they must agree on value or error. */
function parseBoth(text: string): JsonValue | JsonSyntaxError {
  const outcomes = [parseJson, parseExactly].map((parse) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof JsonSyntaxError) return error;
      throw error;
    }
  });
  expectSame(outcomes[0], outcomes[1]);
  return outcomes[0] ?? null;
}

/** Turns every bigint into the double that JSON.parse makes of it. */
function rounded(value: JsonValue): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== 'object' || value === null || value instanceof RefusedValue) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, rounded(member)]));
}

function holdsRefused(value: JsonValue): boolean {
  if (value instanceof RefusedValue) return true;
  if (Array.isArray(value)) return value.some(holdsRefused);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsRefused);
}

/** Any refused value, for comparing. */
const REFUSED = expect.any(RefusedValue) as RefusedValue;

function parseObject(text: string): JsonObject {
  const value = parseBoth(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Error) {
    throw new Error(`not an object: ${text}`);
  }
  if (value instanceof RefusedValue) throw new Error(value.reason);
  return value;
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('parseJson', () => {
  it('keeps every digit of integers of any size', () => {
    const small = '9007199254740991,9007199254740992,-9007199254740993';
    const text = `[${small},-9214364837600034816,123456789012345678901234567890]`;
    expect(parseBoth(text)).toEqual([
      9007199254740991,
      9007199254740992n,
      -9007199254740993n,
      -9214364837600034816n,
      123456789012345678901234567890n,
    ]);
    expect(stringifyJson(parseJson(text))).toBe(text);
    expect(parseBoth('[1e3,1.0,9007199254740993.0,-0,1E+2]')).toEqual([1000, 1, 9007199254740992, -0, 100]);
  });

  it('refuses in its place what cannot be kept exactly, and nothing beside it', () => {
    for (const text of ['1e400', '-1e309', `1${'0'.repeat(309)}`]) {
      expect(parseBoth(`[1,${text},"x"]`)).toEqual([1, REFUSED, 'x']);
    }
    expect(parseBoth('[{"a":1,"b":2,"a":1},{"a":3}]')).toEqual([{ a: REFUSED, b: 2 }, { a: 3 }]);
    expect(parseBoth('{"a" \n:1,"\\u0061"\t: 2}')).toEqual({ a: REFUSED });
    expect(parseBoth('{"a":{"x":1,"x":2},"b":":"}')).toEqual({ a: { x: REFUSED }, b: ':' });
  });

  it('takes __proto__ for a member like any other', () => {
    const value = parseObject('{"__proto__":{"polluted":1},"constructor":2,"big":9007199254740993}');
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor', 'big']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(stringifyJson(value)).toBe('{"__proto__":{"polluted":1},"constructor":2,"big":9007199254740993}');
    expect(parseBoth('{"__proto__":1,"__proto__":2}')).toHaveProperty(['__proto__'], REFUSED);
  });

  it('keeps strings as sent, lone surrogates and strings that look like members included', () => {
    expect(parseBoth('"\\ud800\\u0000\\/\\u2028"')).toBe('\ud800\u0000/\u2028');
    expect(parseBoth('{"a":":","b":"\\":","c":[":x",": "]}')).toEqual({ a: ':', b: '":', c: [':x', ': '] });
  });

  it('reads nesting up to the limit and not one deeper', () => {
    expect(() => parseBoth(nested(JSON_DEPTH_MAX))).not.toThrow();
    expect(parseBoth(nested(JSON_DEPTH_MAX + 1))).toBeInstanceOf(JsonSyntaxError);
    expect(parseBoth('{"a":'.repeat(JSON_DEPTH_MAX + 1))).toBeInstanceOf(JsonSyntaxError);
    expect(() => parseJson('['.repeat(5_000_000))).toThrow(`at offset ${JSON_DEPTH_MAX}`);
  });

  it('says where a text stops being JSON', () => {
    expect(() => parseJson('{"a":1,}')).toThrow(new JsonSyntaxError('Unexpected "}"', 7));
    expect(() => parseJson('')).toThrow('ends too early at offset 0');
    expect(() => parseJson('[1 2]')).toThrow('at offset 3');
    expect(() => parseJson('"a\nb"')).toThrow('control character at offset 2');
    expect(() => parseJson('"abc')).toThrow('not closed at offset 0');
    expect(() => parseJson('01')).toThrow('at offset 1');
  });

  it('gives the same value as JSON.parse for generated texts, big integers apart', () => {
    const random = new SeededRandom(3);
    for (let round = 0; round < 4_000; round++) {
      const value = randomValue(random, 4);
      const text = looseText(value, random);
      const parsed = parseBoth(text) as JsonValue;
      expectSame(parsed, value);
      expectSame(rounded(parsed), JSON.parse(text));
    }
  });

  it('accepts a mutated text exactly where JSON.parse does', () => {
    const random = new SeededRandom(4);
    const counts = { same: 0, refused: 0, invalid: 0 };
    for (let round = 0; round < 20_000; round++) {
      const text = mutate(looseText(randomValue(random, 3), random), random, JSON_ALPHABET);
      const outcome = parseBoth(text);
      let native: unknown;
      try {
        native = JSON.parse(text);
      } catch {
        expect(outcome, text).toBeInstanceOf(JsonSyntaxError);
        counts.invalid += 1;
        continue;
      }
      expect(outcome, text).not.toBeInstanceOf(JsonSyntaxError);
      const value = outcome as JsonValue;
      if (holdsRefused(value)) counts.refused += 1;
      else expectSame(rounded(value), native);
      if (!holdsRefused(value)) counts.same += 1;
    }
    // Each kind of outcome must have been met often enough to mean something.
    expect(Math.min(counts.same, counts.refused * 20, counts.invalid)).toBeGreaterThan(1_000);
  });

  it('is done with hostile texts of a megabyte in time that grows with their length', () => {
    const hostile = [
      '"' + '\\"'.repeat(500_000),
      ' '.repeat(1_000_000) + ':',
      '[' + '"a" :'.repeat(200_000),
      '{' + '"a":1,'.repeat(150_000) + '"b":2}',
      '-' + '9'.repeat(1_000_000),
      '['.repeat(999) + '1e999,'.repeat(150_000),
    ];
    for (const text of hostile) expect(() => parseBoth(text)).not.toThrow();
  });
});
