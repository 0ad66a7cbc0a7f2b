import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseQuery } from '#server/records/query/parse-query.ts';
import { quoteValue } from '#server/records/query/quote-value.ts';
import { itWithCorpus } from '#test/support/corpora.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

/** Fields of every kind that compares whole values. */
const FIELDS = [
  ['actor', 'actor.id'],
  ['ip', 'context.ipAddress'],
  ['details.a', 'details.a'],
] as const;

function expectFound(text: string): void {
  for (const [field, name] of FIELDS) {
    const equals = {
      kind: 'value',
      path: { kind: 'named', name },
      test: { test: 'equals', text, ignoreCase: true },
    };
    const quoted = quoteValue(text);
    expect(parseQuery(`${field}:${quoted}`)).toEqual({ condition: equals });
    // Another value beside it, for one that is said twice counts once.
    expect(parseQuery(`${field}:(${quoted} OR (other OR ${quoted}))`)).toEqual({
      condition: { kind: 'any', of: [equals, { ...equals, test: { ...equals.test, text: 'other' } }] },
    });
  }
}

describe('a value is written so that it is found as it is', () => {
  it.each([
    ['alice', 'alice'],
    ['user.login', 'user.login'],
    ['alice@example.com', 'alice@example.com'],
    ['0193b1f0-7e2d-7c3a-9b1e-2f6d8c4a5e70', '0193b1f0-7e2d-7c3a-9b1e-2f6d8c4a5e70'],
    ['Ünïcode東京', 'Ünïcode東京'],
    ['', '""'],
    ['a b', '"a b"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['a*', '"a*"'],
    ['5', '"5"'],
    ['1e5', '"1e5"'],
    ['True', '"True"'],
    ['null', '"null"'],
    ['NOT', '"NOT"'],
    ['a..b', '"a..b"'],
    ['-a', '"-a"'],
    ['10.0.0.1', '"10.0.0.1"'],
    ['dead::beef', '"dead::beef"'],
    ['actor:a', '"actor:a"'],
    ['[a TO b]', '"[a TO b]"'],
  ])('%j', (text, written) => {
    expect(quoteValue(text)).toBe(written);
    expectFound(text);
  });

  itWithCorpus('naughty-strings', 'every naughty string', (folder) => {
    const strings = JSON.parse(readFileSync(join(folder, 'blns.json'), 'utf8')) as string[];
    expect(strings.length).toBeGreaterThan(500);
    for (const text of strings) if (text.length < 1500 && text.isWellFormed()) expectFound(text);
  });

  it('random texts of the characters that mean something', () => {
    const random = new SeededRandom(4);
    const pieces = [
      Array.from('ab1-+.*:()[]{}<>=\\" \t\u0000\u00a0\u0301'),
      ['..', 'AND', 'TO', 'e5', '😀', 'ß', '::1', '/8'],
    ].flat();
    for (let run = 0; run < 3000; run++) {
      expectFound(Array.from({ length: random.below(8) }, () => random.pick(pieces)).join(''));
    }
  });
});
