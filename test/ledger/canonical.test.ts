import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CanonicalError, canonicalJson, isCanonicalJson } from '#server/ledger/canonical.ts';
import { type JsonValue, parseJson, RefusedValue } from '#server/ledger/json.ts';
import { itWithCorpus } from '#test/support/corpora.ts';
import { looseText, mutate, naiveCanonical, randomValue } from './naive-json.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

const ALPHABET = [
  ...Array.from('{}[]",:\\/ -+.eE0123456789tfn\n\u0000é'),
  '\ud800',
  '\udc00',
  '\\u0000',
  '\\u001F',
  '\\u00e9',
  '\\/',
  '1e21',
];

/** Canonical is what parsing and writing again does not change. */
function isUnchanged(text: string): boolean {
  try {
    return canonicalJson(parseJson(text)) === text;
  } catch {
    return false;
  }
}

function errorOf(value: JsonValue, depthMax?: number): CanonicalError {
  try {
    canonicalJson(value, depthMax);
  } catch (error) {
    if (error instanceof CanonicalError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('canonicalJson', () => {
  itWithCorpus('jcs-rfc8785', 'gives the bytes of the RFC 8785 test data', (corpus) => {
    const names = readdirSync(join(corpus, 'testdata/input'));
    expect(names).toHaveLength(6);
    for (const name of names) {
      const text = canonicalJson(parseJson(readFileSync(join(corpus, 'testdata/input', name), 'utf8')));
      expect(text, name).toBe(readFileSync(join(corpus, 'testdata/output', name), 'utf8').trimEnd());
      const hex = readFileSync(join(corpus, 'testdata/outhex', name.replace('.json', '.txt')), 'utf8');
      expect(Buffer.from(text).toString('hex'), name).toBe(hex.replaceAll(/\s/g, ''));
      expect(isCanonicalJson(text), name).toBe(true);
    }
  });

  it('is that of a naive implementation for generated values, whatever the order of members', () => {
    const random = new SeededRandom(5);
    for (let round = 0; round < 5_000; round++) {
      const value = randomValue(random, 4);
      const text = canonicalJson(value);
      expect(text).toBe(naiveCanonical(value));
      expect(canonicalJson(parseJson(looseText(value, random)))).toBe(text);
      expect(isCanonicalJson(text)).toBe(true);
    }
  });

  it('sorts many members and numeric names by their code units', () => {
    const names = Array.from({ length: 300 }, (_, i) => `${i}`);
    const value = Object.fromEntries([...names, '\ufb33', '😀', ''].map((name) => [name, 1]));
    expect(canonicalJson(value)).toBe(naiveCanonical(value));
    expect(canonicalJson({ 9: 1, 10: 2 })).toBe('{"10":2,"9":1}');
  });

  it('writes minus zero as zero and bigints with all their digits', () => {
    expect(canonicalJson([-0, 0, 2n ** 64n, -(2n ** 63n), 1e21, 1e-7])).toBe(
      '[0,0,18446744073709551616,-9223372036854775808,1e+21,1e-7]',
    );
  });

  it('refuses what cannot be kept exactly, with the way to it', () => {
    const refused: [JsonValue, string[]][] = [
      [{ a: [1, '\ud800'] }, ['a', '1']],
      [{ a: { '\udc00': 1 } }, ['a', '\udc00']],
      [{ x: Number.NaN }, ['x']],
      [[[Number.POSITIVE_INFINITY]], ['0', '0']],
      [parseJson('{"a":{"b":1e400}}'), ['a', 'b']],
      [new RefusedValue('because'), []],
    ];
    for (const [value, path] of refused) {
      const { kind, path: found, reason } = errorOf(value);
      expect({ kind, found }).toEqual({ kind: 'VALUE', found: path });
      expect(reason).not.toBe('');
    }
  });

  it('takes nesting up to the limit and refuses one more', () => {
    const value = { a: [{ b: 1 }] };
    expect(canonicalJson(value, 3)).toBe('{"a":[{"b":1}]}');
    expect(errorOf(value, 2)).toMatchObject({ kind: 'DEPTH', path: ['a', '0'] });
    expect(errorOf([], 0)).toMatchObject({ kind: 'DEPTH', path: [] });
    expect(canonicalJson('x', 0)).toBe('"x"');
  });
});

describe('isCanonicalJson', () => {
  it.each([
    ['white space', '{"a": 1}'],
    ['members out of order', '{"b":1,"a":2}'],
    ['a member given twice', '{"a":1,"a":1}'],
    ['a needless escape', '"\\u0041"'],
    ['an escaped slash', '"\\/"'],
    ['a long escape', '"\\u000a"'],
    ['an upper-case escape', '"\\u001F"'],
    ['an escaped character beyond ASCII', '"\\u00e9"'],
    ['a lone surrogate', '"\ud800"'],
    ['an escaped lone surrogate', '"\\ud800"'],
    ['a number with a needless fraction', '1.0'],
    ['a number with a needless exponent', '1e2'],
    ['minus zero', '-0'],
    ['a number that overflows', '1e400'],
    ['a fraction that rounds', '0.10000000000000000001'],
    ['trailing text', '{} '],
    ['a byte order mark', '\ufeff{}'],
    ['an open object', '{"a":1'],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(isUnchanged(text)).toBe(false);
    expect(isCanonicalJson(text)).toBe(false);
  });

  it('agrees with parsing and writing again on mutated texts', () => {
    const random = new SeededRandom(6);
    let canonical = 0;
    for (let round = 0; round < 15_000; round++) {
      const text = mutate(canonicalJson(randomValue(random, 3)), random, ALPHABET);
      const expected = isUnchanged(text);
      expect(isCanonicalJson(text), text).toBe(expected);
      if (expected) canonical += 1;
    }
    expect(canonical).toBeGreaterThan(1_500);
  });
});
