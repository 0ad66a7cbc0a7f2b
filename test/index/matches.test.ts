import { describe, expect, it } from 'vitest';
import { addressRange } from '#server/index/address.ts';
import { createMatcher } from '#server/index/matches.ts';
import { wordsOf } from '#server/index/words.ts';
import { canonicalJson } from '#server/ledger/canonical.ts';
import type { JsonValue } from '#server/ledger/json.ts';
import { type Condition, EVERYTHING, type ValuePath, type ValueTest } from '#server/ports/condition.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { sha256 } from '#server/sha256.ts';
import { contentRecord, sectionsRecord, withoutSection } from './support/content-record.ts';

const NOTHING: Condition = { kind: 'any', of: [] };

function matches(condition: Condition, record: ContentRecord): boolean {
  return createMatcher(sha256, condition)(record);
}

function named(name: string): ValuePath {
  return { kind: 'named', name };
}

function exact(...members: string[]): ValuePath {
  return { kind: 'exact', members };
}

/** Whether a value at `details.v` satisfies the test. */
function holds(test: ValueTest, v: JsonValue): boolean {
  return matches({ kind: 'value', path: exact('details', 'v'), test }, sectionsRecord(0, { details: { v } }));
}

describe('conditions together', () => {
  const record = contentRecord(0);

  it.each<[Condition, boolean]>([
    [EVERYTHING, true],
    [NOTHING, false],
    [{ kind: 'all', of: [EVERYTHING, EVERYTHING] }, true],
    [{ kind: 'all', of: [EVERYTHING, NOTHING] }, false],
    [{ kind: 'any', of: [NOTHING, EVERYTHING] }, true],
    [{ kind: 'any', of: [NOTHING, NOTHING] }, false],
    [{ kind: 'not', of: NOTHING }, true],
    [{ kind: 'not', of: EVERYTHING }, false],
  ])('%j: %s', (condition, expected) => {
    expect(matches(condition, record)).toBe(expected);
  });
});

describe('a test of a value', () => {
  const equals = (text: string, ignoreCase = true): ValueTest => ({ test: 'equals', text, ignoreCase });

  it.each<[JsonValue, ValueTest, boolean]>([
    ['Alice', equals('ALICE'), true],
    ['Alice', equals('ALICE', false), false],
    ['Alice', equals('Alice', false), true],
    ['Alice', equals('Alic'), false],
    ['ΟΔΟΣ', equals('οδος'), true],
    ['é', equals('e\u0301'), false],
    ['a\u0000b', equals('A\u0000B'), true],
    ['', equals(''), true],
    ['😀', equals('\ud83d'), false],
    ['1', equals('1'), true],
    [1, equals('1'), false],
    [true, equals('true'), false],
    [null, equals('null'), false],
    [['a', 'b'], equals('b'), false],
  ])('%j %j: %s', (value, test, expected) => {
    expect(holds(test, value)).toBe(expected);
  });

  const glob = (parts: string[], ignoreCase = true): ValueTest => ({ test: 'glob', parts, ignoreCase });

  it.each<[string, ValueTest, boolean]>([
    ['user.update', glob(['user.', '']), true],
    ['User.Update', glob(['user.', '']), true],
    ['User.Update', glob(['user.', ''], false), false],
    ['superuser.update', glob(['user.', '']), false],
    ['superuser.update', glob(['', 'user.', '']), true],
    ['superuser.update', glob(['', '.update']), true],
    ['user', glob(['user']), true],
    ['user2', glob(['user']), false],
    ['', glob(['', '']), true],
    ['aba', glob(['ab', 'ba']), false],
    ['abba', glob(['ab', 'ba']), true],
    ['abcbc', glob(['a', 'bc', 'bc']), true],
    ['abc', glob(['a', 'bc', 'bc']), false],
    ['a*b', glob(['a*b']), true],
    ['😀', glob(['\ud83d', '']), false],
    ['😀', glob(['', '\ude00']), false],
    ['ΟΔΟΣ ΟΔΟΥ', glob(['οδος', '']), true],
  ])('%j %j: %s', (value, test, expected) => {
    expect(holds(test, value)).toBe(expected);
  });

  const bound = (text: string, inclusive = true) => ({ text, inclusive });

  it.each<[JsonValue, ValueTest, boolean]>([
    ['b', { test: 'between', from: bound('a'), to: bound('c') }, true],
    ['B', { test: 'between', from: bound('a'), to: bound('c') }, true],
    ['b', { test: 'between', from: bound('A'), to: bound('C') }, true],
    ['c', { test: 'between', from: null, to: bound('C', false) }, false],
    ['C', { test: 'between', from: null, to: bound('c') }, true],
    ['a', { test: 'between', from: bound('A', false), to: null }, false],
    ['ab', { test: 'between', from: bound('A', false), to: null }, true],
    ['😀', { test: 'between', from: null, to: bound('\ue000', false) }, true],
    [5, { test: 'between', from: null, to: null }, false],
    ['anything', { test: 'between', from: null, to: null }, true],
  ])('%j %j: %s', (value, test, expected) => {
    expect(holds(test, value)).toBe(expected);
  });

  const number = (from: string | null, to: string | null, inclusive = true): ValueTest => ({
    test: 'number',
    from: from === null ? null : bound(from, inclusive),
    to: to === null ? null : bound(to, inclusive),
  });

  it.each<[JsonValue, ValueTest, boolean]>([
    [1000, number('1e3', '1000.0'), true],
    [1000, number('1000', null, false), false],
    [1000.5, number('1000', null, false), true],
    [9007199254740993n, number('9007199254740992', null, false), true],
    [9007199254740993n, number(null, '9007199254740992'), false],
    [-5, number(null, '-4.9'), true],
    [-5, number('-5', '-5'), true],
    [0, number('-0', '-0'), true],
    [5e-324, number('0', null, false), true],
    [1, number(null, null), true],
    ['1', number(null, null), false],
    [1, number('one', null), false],
    [1, number(null, ''), false],
  ])('%j %j: %s'.replace('%j', '%s'), (value, test, expected) => {
    expect(holds(test, value)).toBe(expected);
  });

  it.each<[JsonValue, ValueTest, boolean]>([
    [true, { test: 'is', value: true }, true],
    [false, { test: 'is', value: true }, false],
    [false, { test: 'is', value: false }, true],
    [null, { test: 'is', value: null }, true],
    [false, { test: 'is', value: null }, false],
    ['true', { test: 'is', value: true }, false],
    ['x', { test: 'present' }, true],
    ['', { test: 'present' }, true],
    [0, { test: 'present' }, true],
    [false, { test: 'present' }, true],
    [{}, { test: 'present' }, true],
    [[], { test: 'present' }, true],
    [{ a: { b: 1 } }, { test: 'present' }, true],
    [[{ a: 1 }], { test: 'present' }, true],
    [null, { test: 'present' }, false],
    [{ a: null }, { test: 'present' }, false],
    [{}, { test: 'object' }, true],
    [{ a: null }, { test: 'object' }, true],
    [{ a: 1 }, { test: 'object' }, true],
    [[], { test: 'object' }, false],
    [[{ a: 1 }], { test: 'object' }, false],
    ['x', { test: 'object' }, false],
    [null, { test: 'object' }, false],
  ])('%j %j: %s', (value, test, expected) => {
    expect(holds(test, value)).toBe(expected);
  });

  it('is of a whole array, as canonical JSON has it', () => {
    const test = (array: JsonValue): ValueTest => ({
      test: 'array',
      digest: sha256(Buffer.from(canonicalJson(array))),
    });
    expect(holds(test(['a', { y: 1, x: 2 }]), ['a', { x: 2, y: 1 }])).toBe(true);
    expect(holds(test(['a']), ['a', 'b'])).toBe(false);
    expect(holds(test(['b', 'a']), ['a', 'b'])).toBe(false);
    expect(holds(test([]), [])).toBe(true);
    expect(holds(test(['a']), [['a']])).toBe(false);
    expect(holds(test(['a']), 'a')).toBe(false);
  });

  it('is of an address in any notation', () => {
    const from = (text: string, ipAddress: string) => {
      const range = addressRange(text);
      if (range === null) throw new Error(text);
      const test: ValueTest = { test: 'address', ...range };
      const path = named('context.ipAddress');
      return matches({ kind: 'value', path, test }, contentRecord(0, { context: { ipAddress } }));
    };
    expect(from('10.0.0.0/8', '10.255.0.1')).toBe(true);
    expect(from('10.0.0.0/8', '::ffff:10.255.0.1')).toBe(true);
    expect(from('10.0.0.0/8', '11.0.0.1')).toBe(false);
    expect(from('2001:db8::/32', '2001:DB8:0:0::1')).toBe(true);
    expect(from('2001:db8::1', '2001:db8:0::0:1')).toBe(true);
    expect(from('10.0.0.0/8', '10.0.0.1, 10.0.0.2')).toBe(false);
  });
});

describe('a path', () => {
  const record = sectionsRecord(0, {
    details: { a: { b: 'x' }, 'a.b': 'y', list: [{ b: 'z' }, ['w']], 'list.b': 'v' },
    changes: { before: { role: 'reader' } },
  });
  const has = (path: ValuePath, text: string) =>
    matches({ kind: 'value', path, test: { test: 'equals', text, ignoreCase: false } }, record);

  it.each<[ValuePath, string, boolean]>([
    [named('details.a.b'), 'x', true],
    [named('details.a.b'), 'y', true],
    [named('details.list.b'), 'z', true],
    [named('details.list.b'), 'v', true],
    [named('details.list'), 'w', true],
    [named('details.a'), 'x', false],
    [named('a.b'), 'x', false],
    [named('changes.before.role'), 'reader', true],
    [named('Details.a.b'), 'x', false],
    [named(''), 'x', false],
    [exact('details', 'a', 'b'), 'x', true],
    [exact('details', 'a', 'b'), 'y', false],
    [exact('details', 'a.b'), 'y', true],
    [exact('details', 'list', 'b'), 'z', false],
    [exact('details', 'list'), 'w', false],
    [exact(), 'x', false],
  ])('%j leads to %j: %s', (path, text, expected) => {
    expect(has(path, text)).toBe(expected);
  });

  it('has values below it, by names and exactly', () => {
    const present = (path: ValuePath) => matches({ kind: 'value', path, test: { test: 'present' } }, record);
    for (const path of [
      named('details'),
      named('details.a'),
      named('details.list'),
      exact('details', 'list'),
    ]) {
      expect(present(path)).toBe(true);
    }
    for (const path of [named('detail'), named('details.a.'), named('details.lis'), exact('details.a')]) {
      expect(present(path)).toBe(false);
    }
  });
});

describe('words', () => {
  const record = contentRecord(0, {
    description: 'Record opened from the ward list',
    details: {
      role: 'Admin User',
      count: 1500,
      note: 'opened list',
      nested: { purposeOfUse: true },
      gone: null,
    },
    changes: { before: { colour: 1 }, after: { size: 2 }, fields: ['colour', 'size'] },
  });
  const has = (text: string, path: ValuePath | null = null, isPrefix = false) =>
    matches({ kind: 'words', path, words: wordsOf(text), isPrefix }, record);

  it.each<[string, boolean]>([
    ['opened', true],
    ['OPENED', true],
    ['opened from', true],
    ['opened the', false],
    ['from opened', false],
    ['list opened', false],
    ['opene', false],
    ['1500', true],
    ['150', false],
    ['role', true],
    ['purposeofuse', true],
    ['colour', true],
    ['size', true],
    ['gone', false],
    ['description', false],
    ['before', false],
    ['true', false],
  ])('%j anywhere: %s', (text, expected) => {
    expect(has(text)).toBe(expected);
  });

  it('may only be begun, the last one', () => {
    expect(has('opened fr', null, true)).toBe(true);
    expect(has('opene from', null, true)).toBe(false);
    expect(has('open', null, true)).toBe(true);
    expect(has('purpose', null, true)).toBe(true);
  });

  it('at a path are those of its values, not of its name', () => {
    expect(has('user', named('details.role'))).toBe(true);
    expect(has('role', named('details.role'))).toBe(false);
    expect(has('1500', named('details.count'))).toBe(true);
    expect(has('user', named('details'))).toBe(false);
    expect(has('user', exact('details', 'role'))).toBe(true);
  });

  it('are at least one, or nothing has them', () => {
    expect(matches({ kind: 'words', path: null, words: [], isPrefix: false }, record)).toBe(false);
    expect(matches({ kind: 'words', path: null, words: [], isPrefix: true }, record)).toBe(false);
  });
});

describe('a time or an index', () => {
  const record = contentRecord(5, { timestamp: '2026-01-01T00:00:00.000000005Z' }, { recordedAt: 1_000 });
  const ms = Date.UTC(2026, 0, 1);

  it.each<[Condition, boolean]>([
    [{ kind: 'occurred', from: null, to: null }, true],
    [{ kind: 'occurred', from: { ms, nanos: 5 }, to: null }, true],
    [{ kind: 'occurred', from: { ms, nanos: 6 }, to: null }, false],
    [{ kind: 'occurred', from: null, to: { ms, nanos: 5 } }, false],
    [{ kind: 'occurred', from: null, to: { ms, nanos: 6 } }, true],
    [{ kind: 'occurred', from: { ms: ms + 1, nanos: 0 }, to: null }, false],
    [{ kind: 'recorded', from: 1_000, to: 1_001 }, true],
    [{ kind: 'recorded', from: 1_001, to: null }, false],
    [{ kind: 'recorded', from: null, to: 1_000 }, false],
    [{ kind: 'index', from: 5, to: 6 }, true],
    [{ kind: 'index', from: 0, to: 5 }, false],
    [{ kind: 'index', from: 6, to: null }, false],
    [{ kind: 'index', from: 0, to: null }, true],
  ])('is from inclusive to exclusive: %j: %s', (condition, expected) => {
    expect(matches(condition, record)).toBe(expected);
  });

  it('is when it was recorded, where the event was erased', () => {
    const erased = withoutSection(record, 'event');
    expect(
      matches({ kind: 'occurred', from: { ms: 1_000, nanos: 0 }, to: { ms: 1_001, nanos: 0 } }, erased),
    ).toBe(true);
  });
});

describe('a matcher', () => {
  it('gives the same for record after record, however many names they have', () => {
    const matcher = createMatcher(sha256, {
      kind: 'value',
      path: named('details.n'),
      test: { test: 'is', value: true },
    });
    for (let round = 0; round < 30; round++) {
      const names = Array.from({ length: 1_000 }, (_, at) => [`name-${round}-${at}`, at] as const);
      const details = { ...Object.fromEntries(names), n: round % 2 === 0 };
      expect(matcher(sectionsRecord(round, { details }))).toBe(round % 2 === 0);
    }
  });
});
