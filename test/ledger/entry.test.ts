import { describe, expect, it } from 'vitest';
import { type Entry, entryJson, entryLeafHash, genesisPrev, readEntry } from '#server/ledger/entry.ts';
import { parseJson } from '#server/ledger/json.ts';
import { sha256 } from '#server/sha256.ts';
import { naiveCanonical } from './naive-json.ts';

const prev = genesisPrev(sha256, 'audit.example.com/acme');
const recordedAt = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const entry: Entry = { ledger: 'acme', index: 7, recordedAt, prev, sections: new Map([['event', prev]]) };
const text = entryJson(entry);

describe('an entry', () => {
  it('is canonical JSON whatever its sections are called', () => {
    const names = ['target', 'event', '10', '9', 'a"b', 'é', '😀', '\ufb33', 'actor', '__proto__', ''];
    const odd: Entry = { ...entry, sections: new Map(names.map((name) => [name, prev])) };
    const json = entryJson(odd);
    expect(json).toBe(naiveCanonical(parseJson(json)));
    expect(readEntry(json)).toEqual({
      ...odd,
      sections: new Map([...odd.sections].sort(([a], [b]) => (a < b ? -1 : 1))),
    });
  });

  it('hashes with a zero byte in front, however long it is', () => {
    for (const size of [1, 100, 5_000]) {
      const long = text + ' é'.repeat(size);
      expect(entryLeafHash(sha256, long)).toBe(sha256(Buffer.from(`\0${long}`)));
    }
  });

  it('tells the time to the millisecond', () => {
    for (const ms of [0, recordedAt, recordedAt + 1, Date.UTC(9999, 11, 31, 23, 59, 59, 999)]) {
      expect(readEntry(entryJson({ ...entry, recordedAt: ms }))).toHaveProperty('recordedAt', ms);
    }
    for (const ms of [Number.NaN, 1e18, Date.UTC(10_000, 0), Date.UTC(-1, 0)]) {
      expect(() => entryJson({ ...entry, recordedAt: ms })).toThrow(RangeError);
    }
  });

  it.each([
    ['white space', text.replace(',', ', ')],
    ['a line feed at the end', `${text}\n`],
    ['another order', text.replace('"index":7,"ledger":"acme"', '"ledger":"acme","index":7')],
    ['a further member', text.replace('{"index"', '{"extra":1,"index"')],
    ['a member given twice', text.replace('{"index":7', '{"index":7,"index":7')],
    ['a member missing', text.replace('"index":7,', '')],
    ['another version', text.replace('"v":1', '"v":2')],
    ['a version as a string', text.replace('"v":1', '"v":"1"')],
    ['a negative index', text.replace('"index":7', '"index":-7')],
    ['an index with a fraction', text.replace('"index":7', '"index":7.0')],
    ['an index past 2^53−1', text.replace('"index":7', '"index":9007199254740993')],
    ['an index with a leading zero', text.replace('"index":7', '"index":07')],
    ['a ledger that is no ledger id', text.replace('acme', '-acme')],
    ['an escaped ledger', text.replace('acme', '\\u0061cme')],
    ['a time without milliseconds', text.replace('.678Z', 'Z')],
    ['a time with an offset', text.replace('.678Z', '.678+00:00')],
    ['a day that does not exist', text.replace('2026-01-02', '2026-02-30')],
    ['hour 24', text.replace('T03:04:05.678', 'T24:00:00.000')],
    ['a prev that is no hash', text.replace('"prev":"', '"prev":"A')],
    ['a prev of null', text.replace(/"prev":"[^"]*"/, '"prev":null')],
    ['no sections', text.replace(/"sections":\{[^}]*\}/, '"sections":{}')],
    ['sections in an array', text.replace(/"sections":\{[^}]*\}/, '"sections":[]')],
    ['no event section', text.replace('"event"', '"actor"')],
    ['a commitment that is no hash', text.replace('"event":"', '"event":"=')],
    ['a lone surrogate in a section name', text.replace('"event"', '"\\ud800":"","event"')],
    ['an array', '[]'],
    ['a number', '1'],
    ['null', 'null'],
    ['nothing', ''],
  ])('with %s is refused', (_, changed) => {
    expect(changed).not.toBe(text);
    expect(readEntry(changed)).toHaveProperty('problem');
  });
});
