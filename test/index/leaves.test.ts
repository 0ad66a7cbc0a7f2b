import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addressKey } from '#server/index/address.ts';
import { readInstant, readLeaves } from '#server/index/leaves.ts';
import { numberKey } from '#server/index/number-key.ts';
import { createPathTree, type PathTree } from '#server/index/path.ts';
import { canonicalJson } from '#server/ledger/canonical.ts';
import { type JsonValue, parseExactly } from '#server/ledger/json.ts';
import { readPreimage, SALT_BYTES, SECTION_NAMES } from '#server/ledger/section.ts';
import type { Instant } from '#server/ports/condition.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { sha256 } from '#server/sha256.ts';
import { hasCorpus, itWithCorpus } from '#test/support/corpora.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import {
  contentRecord,
  corpusRecords,
  RECORD_CORPORA,
  sectionsRecord,
  withoutSection,
} from './support/content-record.ts';

type Leaf = readonly [key: string, kind: string, text: string];

function leavesOf(record: ContentRecord, paths: PathTree = createPathTree()): Leaf[] {
  const leaves: Leaf[] = [];
  readLeaves(sha256, record, paths, (path, kind, text) => leaves.push([path.key, kind, text]));
  return leaves;
}

function occurredOf(record: ContentRecord): Instant {
  return readLeaves(sha256, record, createPathTree(), () => undefined);
}

function digestOf(array: JsonValue): string {
  return sha256(Buffer.from(canonicalJson(array)));
}

describe('the leaves of a record', () => {
  it('are all strings, numbers, booleans, nulls and empty things, each at its path', () => {
    const record = sectionsRecord(0, {
      details: {
        name: 'Ada',
        size: 12.5,
        yes: true,
        no: false,
        nothing: null,
        none: {},
        empty: [],
        'a.b': { c: 'deep' },
      },
    });
    expect(leavesOf(record)).toEqual([
      ['details.a\\.b.c', '!', 'c'],
      ['details.a\\.b.c', 's', 'deep'],
      ['details.empty', '!', 'empty'],
      ['details.empty', 'a', ''],
      ['details.empty', 'd', digestOf([])],
      ['details.name', '!', 'name'],
      ['details.name', 's', 'Ada'],
      ['details.no', '!', 'no'],
      ['details.no', 'f', ''],
      ['details.none', '!', 'none'],
      ['details.none', 'o', ''],
      ['details.nothing', 'z', ''],
      ['details.size', '!', 'size'],
      ['details.size', 'n', numberKey('12.5')],
      ['details.yes', '!', 'yes'],
      ['details.yes', 't', ''],
    ]);
  });

  it('are those of an array at the path of its elements, and its digest at its own', () => {
    const tags = ['a', 1, null, ['b', []], { x: 'c' }, { x: 'd' }];
    expect(leavesOf(sectionsRecord(0, { details: { tags } }))).toEqual([
      ['details.tags[]', '!', 'tags'],
      ['details.tags[]', 's', 'a'],
      ['details.tags[]', 'n', numberKey('1')],
      ['details.tags[]', 'z', ''],
      ['details.tags[][]', '!', 'tags'],
      ['details.tags[][]', 's', 'b'],
      ['details.tags[][]', 'a', ''],
      ['details.tags[][]', 'd', digestOf([])],
      ['details.tags[]', 'd', digestOf(['b', []])],
      ['details.tags[].x', '!', 'x'],
      ['details.tags[].x', 's', 'c'],
      ['details.tags[].x', 's', 'd'],
      ['details.tags', '!', 'tags'],
      ['details.tags', 'd', digestOf(tags)],
    ]);
  });

  it('keep every digit of a number', () => {
    const big = 123456789012345678901234567890n;
    const leaves = leavesOf(sectionsRecord(0, { details: { big, near: 9007199254740993n, small: 5e-324 } }));
    expect(leaves.filter(([, kind]) => kind === 'n').map(([, , text]) => text)).toEqual([
      numberKey(`${big}`),
      numberKey('9007199254740993'),
      numberKey('5e-324'),
    ]);
  });

  it('are without the times, which are not text to be searched', () => {
    const leaves = leavesOf(contentRecord(0, { timestamp: '2026-01-01T01:00:00+01:00' }));
    expect(leaves.filter(([key]) => key.startsWith('event.occurred'))).toEqual([]);
  });

  it('have an address where the address of the context is one', () => {
    const at = (ipAddress: string) =>
      leavesOf(contentRecord(0, { context: { ipAddress }, details: { ipAddress } })).filter(
        ([, kind]) => kind === 'i',
      );
    expect(at('::ffff:10.0.0.1')).toEqual([['context.ipAddress', 'i', addressKey('10.0.0.1')]]);
    expect(at('10.0.0.1, 10.0.0.2')).toEqual([]);
  });

  it('are those of the sections that are there: an erased one has none', () => {
    const record = contentRecord(0, { target: { id: 'doc-1' }, details: { a: 1 } });
    const leaves = leavesOf(withoutSection(record, 'target'));
    expect(leaves).toEqual(leavesOf(record).filter(([key]) => !key.startsWith('target')));
    expect(leaves.length).toBeGreaterThan(5);
  });

  it('hold odd names as data', () => {
    const details = parseExactly(
      '{"__proto__":{"toString":1},"constructor":"c","":"empty","a\\u0000\\"\\\\":"odd"}',
    );
    expect(leavesOf(sectionsRecord(0, { details })).filter(([, kind]) => kind !== '!')).toEqual([
      ['details.', 's', 'empty'],
      ['details.__proto__.toString', 'n', numberKey('1')],
      ['details.a\u0000"\\\\', 's', 'odd'],
      ['details.constructor', 's', 'c'],
    ]);
  });

  it('of an event with fifty thousand names are found, and of a deep one', () => {
    const names = Array.from({ length: 50_000 }, (_, n) => [`name-${n}`, n] as const);
    expect(leavesOf(sectionsRecord(0, { details: Object.fromEntries(names) }))).toHaveLength(100_000);
    let deep: JsonValue = 'bottom';
    for (let depth = 0; depth < 900; depth++) deep = depth % 2 === 0 ? [deep] : { a: deep };
    expect(leavesOf(sectionsRecord(0, { details: { deep } })).some(([, , text]) => text === 'bottom')).toBe(
      true,
    );
  });
});

describe('reading leaves', () => {
  for (const corpus of RECORD_CORPORA) {
    // `corpusRecords` needs them all.
    if (!hasCorpus(corpus)) itWithCorpus(corpus, 'gives what is in the sections', () => undefined);
  }
  if (RECORD_CORPORA.every(hasCorpus)) {
    it('gives what is in the sections of every event of the corpora', () => {
      const paths = createPathTree();
      expect(corpusRecords().length).toBeGreaterThan(1_600);
      for (const record of corpusRecords()) expect(leavesOf(record, paths)).toEqual(naiveLeaves(record));
    });

    it('ends, whatever the bytes are', () => {
      const random = new SeededRandom(6);
      for (let round = 0; round < 3_000; round++) {
        const record = random.pick(corpusRecords());
        const [name, bytes] = random.pick([...record.sections]);
        const damaged = bytes.slice(0, SALT_BYTES + random.below(Math.min(bytes.length, 400)));
        if (random.below(2) === 0)
          damaged[random.below(damaged.length)] = random.pick([0, 34, 44, 58, 91, 92, 93, 123, 125, 255]);
        expect(() => leavesOf({ ...record, sections: new Map([[name, damaged]]) })).not.toThrow();
      }
    });
  }

  it('takes what can be read of bytes that are no section, and goes on with the next one', () => {
    const record = sectionsRecord(0, { actor: { id: 'a', name: 'b' }, details: { c: 'd' } });
    const actor = record.sections.get('actor') ?? new Uint8Array(0);
    const cut = (bytes: Uint8Array) => ({
      ...record,
      sections: new Map([...record.sections, ['actor' as const, bytes]]),
    });
    expect(leavesOf(cut(actor.subarray(0, actor.length - 6))).map(([key]) => key)).toEqual([
      'actor.id',
      'actor.id',
      'details.c',
      'details.c',
    ]);
    for (const length of [0, 3, SALT_BYTES, SALT_BYTES + 5]) {
      expect(leavesOf(cut(actor.subarray(0, length))).map(([key]) => key)).toEqual([
        'details.c',
        'details.c',
      ]);
    }
  });

  itWithCorpus('naughty-strings', 'keeps every naughty string, as a value and as a name', (folder) => {
    const strings = JSON.parse(readFileSync(join(folder, 'blns.json'), 'utf8')) as string[];
    const paths = createPathTree();
    for (const text of strings) {
      const record = sectionsRecord(0, { details: { value: text, list: [text], [text]: text } });
      expect(leavesOf(record, paths), JSON.stringify(text)).toEqual(naiveLeaves(record));
    }
  });

  it('gives the same whatever was read with the tree before', () => {
    const random = new SeededRandom(7);
    const paths = createPathTree();
    for (let round = 0; round < 2_000; round++) {
      const record = sectionsRecord(round, {
        details: randomObject(random, 3),
        actor: randomObject(random, 1),
      });
      expect(leavesOf(record, paths)).toEqual(naiveLeaves(record));
    }
  });
});

describe('when it happened', () => {
  it.each<[sent: string, ms: string, nanos: number]>([
    ['2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.678Z', 0],
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z', 0],
    ['2026-01-02T03:04:05.1234Z', '2026-01-02T03:04:05.123Z', 400_000],
    ['2026-01-02T03:04:05.123456789Z', '2026-01-02T03:04:05.123Z', 456_789],
    ['2026-01-02T03:04:05.000000001+05:30', '2026-01-01T21:34:05.000Z', 1],
    ['1969-12-31T23:59:59.9999Z', '1969-12-31T23:59:59.999Z', 900_000],
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z', 0],
    ['9999-12-31T23:59:59.999999999Z', '9999-12-31T23:59:59.999Z', 999_999],
    ['2016-12-31T23:59:60.5Z', '2016-12-31T23:59:59.999Z', 999_999],
    ['2024-02-29T12:00:00Z', '2024-02-29T12:00:00.000Z', 0],
  ])('is read of %s to the nanosecond', (timestamp, time, nanos) => {
    expect(occurredOf(contentRecord(0, { timestamp }))).toEqual({ ms: Date.parse(time), nanos });
  });

  it('is when it was recorded, where the content does not tell', () => {
    const record = contentRecord(3, { timestamp: '2020-01-01T00:00:00Z' });
    const recorded = { ms: record.recordedAt, nanos: 0 };
    expect(occurredOf(withoutSection(record, 'event'))).toEqual(recorded);
    expect(occurredOf(sectionsRecord(3, { event: { occurredAt: 'yesterday' } }))).toEqual(recorded);
    expect(occurredOf(sectionsRecord(3, { event: { occurredAt: 7 } }))).toEqual(recorded);
  });

  it('is what the calendar says, on random days of ten thousand years', () => {
    const random = new SeededRandom(8);
    for (let round = 0; round < 20_000; round++) {
      const ms = -62_167_219_200_000 + Math.floor(random.fraction() * 315_569_519_999_999);
      expect(readInstant(new Date(ms).toISOString())).toEqual({ ms, nanos: 0 });
    }
  });
});

function randomObject(random: SeededRandom, depth: number): { [name: string]: JsonValue } {
  const names = ['a', 'b', 'c', 'd"', 'e.f', 'g\\', 'é', '[', ''];
  return Object.fromEntries(
    Array.from({ length: random.below(5) }, () => [random.pick(names), randomValue(random, depth)]),
  );
}

function randomValue(random: SeededRandom, depth: number): JsonValue {
  const kind = random.below(depth > 0 ? 9 : 7);
  if (kind === 7) return Array.from({ length: random.below(4) }, () => randomValue(random, depth - 1));
  if (kind === 8) return randomObject(random, depth - 1);
  return random.pick<JsonValue>(['x', 'quote " and \\', '\u0000é', 17, -0.5, true, false, null, 10n ** 30n]);
}

/** The same in the plainest way: what each section says, read exactly and walked through. */
function naiveLeaves(record: ContentRecord): Leaf[] {
  const leaves: Leaf[] = [];
  const present = new Set<string>();
  const add = (key: string, name: string, kind: string, text: string): void => {
    if (kind !== 'z' && !present.has(key)) {
      present.add(key);
      leaves.push([key, '!', name]);
    }
    leaves.push([key, kind, text]);
  };
  const walk = (key: string, name: string, value: JsonValue): void => {
    if (key === 'event.occurredAt' || key === 'event.occurredAtSent') return;
    if (value === null) add(key, name, 'z', '');
    else if (typeof value === 'boolean') add(key, name, value ? 't' : 'f', '');
    else if (typeof value === 'number' || typeof value === 'bigint')
      add(key, name, 'n', numberKey(canonicalJson(value)) ?? '');
    else if (typeof value === 'string') {
      add(key, name, 's', value);
      const address = key === 'context.ipAddress' ? addressKey(value) : null;
      if (address !== null) add(key, name, 'i', address);
    } else if (Array.isArray(value)) {
      if (value.length === 0) add(key, name, 'a', '');
      for (const element of value) walk(`${key}[]`, name, element);
      add(key, name, 'd', digestOf(value));
    } else {
      const members = Object.entries(value);
      if (members.length === 0) add(key, name, 'o', '');
      members.sort(([a], [b]) => (a < b ? -1 : 1));
      for (const [member, inner] of members)
        walk(`${key}.${member.replace(/[\\.[]/g, '\\$&')}`, member, inner as JsonValue);
    }
  };
  for (const name of SECTION_NAMES) {
    const bytes = record.sections.get(name);
    if (bytes === undefined) continue;
    const section = parseExactly(readPreimage(bytes).json) as { [name: string]: JsonValue };
    walk(name, name, section[name] ?? null);
  }
  return leaves;
}
