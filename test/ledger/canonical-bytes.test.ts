import { describe, expect, it } from 'vitest';
import { canonicalJson, isCanonicalJson } from '#server/ledger/canonical.ts';
import { CanonicalBytes } from '#server/ledger/canonical-bytes.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { mutate, randomValue } from './naive-json.ts';

const scan = new CanonicalBytes();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What the text says of the same bytes. */
function byText(bytes: Uint8Array): boolean {
  try {
    return isCanonicalJson(decoder.decode(bytes));
  } catch {
    return false;
  }
}

/** Puts bytes before and behind, which must not be looked at. */
function byBytes(bytes: Uint8Array): boolean {
  const framed = new Uint8Array(bytes.length + 4).fill(49);
  framed.set(bytes, 2);
  return scan.isCanonical(framed, 2, 2 + bytes.length);
}

const PIECES = [
  '0',
  '-0',
  '1.50',
  '1.5',
  '0.1',
  '1e21',
  '1E5',
  '00',
  '0.000001',
  '1e-7',
  '12345678901234567',
  '"',
];
const MORE = [
  '\\u0000',
  '\\u001f',
  '\\u000a',
  '\\n',
  '\\/',
  'true',
  'nul',
  '[',
  ']',
  '{',
  '}',
  ':',
  ',',
  'é',
  '\u007f',
];

describe('CanonicalBytes', () => {
  it('tells of bytes what isCanonicalJson tells of their text, generated or spoiled', () => {
    const random = new SeededRandom(11);
    let canonical = 0;
    for (let round = 0; round < 4_000; round++) {
      const text = canonicalJson(randomValue(random, 4));
      const bytes = Buffer.from(text);
      expect(byBytes(bytes), text).toBe(true);
      const texts = [mutate(text, random, [...PIECES, ...MORE]), text.replace(/\d/, random.pick(PIECES))];
      const spoiled = Buffer.from(bytes);
      if (spoiled.length > 0) spoiled[random.below(spoiled.length)] = random.below(256);
      for (const one of [spoiled, ...texts.map((each) => Buffer.from(each))]) {
        expect(byBytes(one), one.toString()).toBe(byText(one));
        if (byText(one)) canonical += 1;
      }
    }
    expect(canonical).toBeGreaterThan(500);
  });

  it('agrees on numbers of every form', () => {
    const random = new SeededRandom(12);
    for (let round = 0; round < 20_000; round++) {
      const parts = [
        '-',
        '0',
        '00',
        '1',
        '9',
        '12',
        '.',
        '000',
        'e',
        'E',
        '+',
        '5',
        '7000',
        '999999999999999',
      ];
      const text = Array.from({ length: 1 + random.below(6) }, () => random.pick(parts)).join('');
      expect(byBytes(Buffer.from(text)), text).toBe(byText(Buffer.from(text)));
    }
  });

  it('orders names as their UTF-16 code units, whatever they are made of', () => {
    const random = new SeededRandom(13);
    const letters = ['a', 'ab', '\u007f', 'é', '\ue000', '😀', '\ufb33', '\\n', '\\u0001', '\\"', ''];
    for (let round = 0; round < 5_000; round++) {
      const names = Array.from({ length: 2 }, () => random.pick(letters) + random.pick(letters));
      const bytes = Buffer.from(`{${names.map((name) => `"${name}":1`).join(',')}}`);
      expect(byBytes(bytes), bytes.toString()).toBe(byText(bytes));
    }
  });

  it('names the places of the members of an object', () => {
    const bytes = Buffer.from('{"a":[1,{"x":2}],"b":"}","é":null}');
    const members = { places: [] as number[] };
    expect(scan.isCanonical(bytes, 0, bytes.length, members)).toBe(true);
    const cut = (from: number, to: number): string => bytes.subarray(from, to).toString();
    const [p] = [members.places];
    expect(p.length).toBe(9);
    expect([0, 3, 6].map((i) => cut(p[i] ?? 0, p[i + 1] ?? 0))).toEqual([
      '"a":[1,{"x":2}]',
      '"b":"}"',
      '"é":null',
    ]);
    expect([0, 3, 6].map((i) => cut(p[i + 2] ?? 0, p[i + 1] ?? 0))).toEqual(['[1,{"x":2}]', '"}"', 'null']);
  });

  it('refuses what is nested deeper than the limit as the text does, and what is cut anywhere', () => {
    for (const depth of [999, 1_000, 1_001]) {
      const bytes = Buffer.from('['.repeat(depth) + ']'.repeat(depth));
      expect(byBytes(bytes)).toBe(byText(bytes));
    }
    const whole = Buffer.from('{"a":[true,false,null,-1.25,"\\u0000\\n😀"],"b":{}}');
    for (let end = 0; end < whole.length; end++) expect(byBytes(whole.subarray(0, end))).toBe(false);
    expect(byBytes(whole)).toBe(true);
  });
});
