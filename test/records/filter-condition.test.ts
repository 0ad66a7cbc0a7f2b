import { describe, expect, it } from 'vitest';
import { AppError } from '#server/errors.ts';
import { createMatcher } from '#server/index/matches.ts';
import { PATH_KEY_MAX } from '#server/index/path.ts';
import { type JsonObject, type JsonValue, parseJson } from '#server/ledger/json.ts';
import { EVERYTHING } from '#server/ports/condition.ts';
import {
  FILTER_DEPTH_MAX,
  FILTER_DETAILS_MAX,
  FILTER_VALUES_MAX,
  filterCondition,
  type RecordFilterInput,
} from '#server/records/filter-condition.ts';
import { sha256 } from '#server/sha256.ts';
import { contentRecord, sectionsRecord } from '#test/index/support/content-record.ts';

const RECORD = contentRecord(
  7,
  {
    id: 'event-7\u0000',
    timestamp: '2026-01-01T00:00:00.000000005Z',
    action: 'user.role.update',
    status: 'FAILURE',
    classification: 'PHI',
    actor: { id: 'alice', type: 'USER' },
    target: { id: 'bob', type: 'user' },
    context: { correlationId: 'c-1', requestId: 'r-1', sessionId: 's-1', ipAddress: '10.1.2.3' },
    details: parseJson(
      '{"role":"admin","n":1000,"big":9007199254740993,"yes":true,"gone":null,"list":["a",{"b":1}],' +
        '"deep":{"a":{"b":"x","c":2}},"none":{},"empty":[],"a.b":"dotted","__proto__":{"p":1}}',
    ),
  },
  { recordedAt: Date.UTC(2026, 0, 2) },
);

function finds(filter: RecordFilterInput): boolean {
  return createMatcher(sha256, filterCondition(filter))(RECORD);
}

function errorOf(filter: RecordFilterInput): AppError {
  try {
    filterCondition(filter);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('The filter was taken');
}

describe('a filter', () => {
  it.each<[RecordFilterInput, boolean]>([
    [{}, true],
    [{ eventId: ['event-7\u0000'] }, true],
    [{ eventId: ['event-7'] }, false],
    [{ actorId: ['alice'] }, true],
    [{ actorId: ['Alice'] }, false],
    [{ actorId: ['bob', 'alice'] }, true],
    [{ actorId: [] }, false],
    [{ actorId: null }, true],
    [{ actorId: ['alice'], actorType: ['user'] }, false],
    [{ actorId: ['alice'], actorType: ['USER'] }, true],
    [{ actorId: ['ali*'] }, false],
    [{ action: ['user.role.update'] }, true],
    [{ action: ['user.*'] }, true],
    [{ action: ['User.*'] }, false],
    [{ action: ['user.role.update*'] }, true],
    [{ action: ['*'] }, true],
    [{ action: ['role.*'] }, false],
    [{ action: ['*.update'] }, false],
    [{ status: ['FAILURE'] }, true],
    [{ status: ['SUCCESS', 'ATTEMPT'] }, false],
    [{ targetType: ['user'], targetId: ['bob'] }, true],
    [{ classification: ['PHI'] }, true],
    [{ classification: ['PUBLIC'] }, false],
    [{ correlationId: ['c-1'], requestId: ['r-1'], sessionId: ['s-1'] }, true],
    [{ sessionId: ['s-2'] }, false],
    [{ ipAddress: ['10.0.0.0/8'] }, true],
    [{ ipAddress: ['::ffff:10.1.2.3'] }, true],
    [{ ipAddress: ['11.0.0.0/8', 'localhost'] }, false],
    [{ actorId: ['\ud83d'] }, false],
    [{ occurredFrom: '2026-01-01T00:00:00.000000005Z' }, true],
    [{ occurredFrom: '2026-01-01T01:00:00.000000005+01:00' }, true],
    [{ occurredFrom: '2026-01-01T00:00:00.000000006Z' }, false],
    [{ occurredTo: '2026-01-01T00:00:00.000000005Z' }, false],
    [{ occurredTo: '2026-01-01T00:00:00.000000006Z' }, true],
    [{ recordedFrom: '2026-01-02T00:00:00Z', recordedTo: '2026-01-02T00:00:00.000000001Z' }, true],
    [{ recordedFrom: '2026-01-02T00:00:00.000000001Z' }, false],
    [{ recordedTo: '2026-01-02T00:00:00Z' }, false],
    [{ indexFrom: 7, indexTo: 8 }, true],
    [{ indexFrom: 8 }, false],
    [{ indexTo: 7 }, false],
    [{ indexFrom: -5 }, true],
    [{ indexTo: -5 }, false],
  ])('%j finds it: %s', (filter, expected) => {
    expect(finds(filter)).toBe(expected);
  });

  it.each<[string, boolean]>([
    ['{}', true],
    ['{"role":"admin"}', true],
    ['{"role":"Admin"}', false],
    ['{"role":"admin","n":1000}', true],
    ['{"role":"admin","n":1001}', false],
    ['{"n":1e3}', true],
    ['{"n":"1000"}', false],
    ['{"big":9007199254740993}', true],
    ['{"big":9007199254740992}', false],
    ['{"yes":true}', true],
    ['{"yes":false}', false],
    ['{"gone":null}', true],
    ['{"missing":null}', false],
    ['{"list":["a",{"b":1}]}', true],
    ['{"list":["a",{"b":1.0}]}', true],
    ['{"list":["a"]}', false],
    ['{"list":"a"}', false],
    ['{"list":{"b":1}}', false],
    ['{"deep":{"a":{"b":"x"}}}', true],
    ['{"deep":{"a":{"c":2,"b":"x"}}}', true],
    ['{"deep":{"a":{"c":3,"b":"x"}}}', false],
    ['{"deep":{"a":{}}}', true],
    ['{"deep":{}}', true],
    ['{"deep.a":{}}', false],
    ['{"role":{}}', false],
    ['{"none":{}}', true],
    ['{"empty":[]}', true],
    ['{"empty":{}}', false],
    ['{"a.b":"dotted"}', true],
    ['{"a":{"b":"dotted"}}', false],
    ['{"__proto__":{"p":1}}', true],
    ['{"__proto__":{}}', true],
    ['{"toString":{}}', false],
  ])('of details %s finds it: %s', (details, expected) => {
    expect(finds({ details: parseJson(details) })).toBe(expected);
  });

  it('without any member is everything', () => {
    expect(filterCondition({})).toEqual({ kind: 'all', of: [] });
    expect(filterCondition({})).toEqual(EVERYTHING);
    expect(filterCondition({ actorId: null, details: null, occurredTo: null })).toEqual(EVERYTHING);
  });

  it('finds an address that was sent as none by its exact text', () => {
    const record = contentRecord(0, { context: { ipAddress: 'unknown, 10.0.0.1' } });
    const finding = (ipAddress: string) =>
      createMatcher(sha256, filterCondition({ ipAddress: [ipAddress] }))(record);
    expect(finding('unknown, 10.0.0.1')).toBe(true);
    expect(finding('Unknown, 10.0.0.1')).toBe(false);
    expect(finding('10.0.0.1')).toBe(false);
  });

  it('takes a leap second as the last moment before it', () => {
    const leap = contentRecord(0, { timestamp: '2016-12-31T23:59:60.25Z' });
    const finding = (filter: RecordFilterInput) => createMatcher(sha256, filterCondition(filter))(leap);
    expect(finding({ occurredFrom: '2016-12-31T23:59:60Z' })).toBe(true);
    expect(finding({ occurredFrom: '2016-12-31T23:59:59.999999999Z' })).toBe(true);
    expect(finding({ occurredTo: '2017-01-01T00:00:00Z' })).toBe(true);
    expect(finding({ occurredTo: '2016-12-31T23:59:60Z' })).toBe(false);
    expect(filterCondition({ recordedFrom: '2016-12-31T23:59:60Z' })).toEqual({
      kind: 'recorded',
      from: Date.UTC(2017, 0, 1),
      to: null,
    });
  });
});

describe('a filter is refused', () => {
  it.each(['occurredFrom', 'occurredTo', 'recordedFrom', 'recordedTo'] as const)(
    'for %s that is no time',
    (name) => {
      for (const time of ['', 'yesterday', '2026-01-01', '2026-02-30T00:00:00Z', '2026-01-01T00:00:00']) {
        expect(errorOf({ [name]: time })).toMatchObject({
          code: 'TIMESTAMP_INVALID',
          inputPath: ['filter', name],
        });
      }
    },
  );

  it('for a list of more values than the limit', () => {
    const values = Array.from({ length: FILTER_VALUES_MAX }, (_, n) => `${n}`);
    expect(() => filterCondition({ actorId: values })).not.toThrow();
    expect(errorOf({ actorId: [...values, 'x'] })).toMatchObject({
      code: 'BAD_USER_INPUT',
      inputPath: ['filter', 'actorId'],
      message: 'filter.actorId has 501 values; the limit is 500.',
    });
  });

  it.each<[string, JsonValue]>([
    ['a text', 'x'],
    ['a list', [1]],
    ['a number', 5],
    ['a boolean', false],
  ])('for details that are %s', (_, details) => {
    expect(errorOf({ details })).toMatchObject({ code: 'BAD_USER_INPUT', inputPath: ['filter', 'details'] });
  });

  it('for details of more members than the limit, however they are nested', () => {
    const members = (count: number): JsonObject =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`m${n}`, n]));
    const most = { a: members(FILTER_DETAILS_MAX - 1), b: 1 };
    expect(() => filterCondition({ details: most })).not.toThrow();
    expect(errorOf({ details: { ...most, c: 1 } })).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('for details nested deeper than the limit', () => {
    const nested = (depth: number): JsonObject => (depth === 1 ? {} : { a: nested(depth - 1) });
    expect(() => filterCondition({ details: nested(FILTER_DEPTH_MAX) })).not.toThrow();
    expect(errorOf({ details: nested(FILTER_DEPTH_MAX + 1) })).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('for details with a path that is not told apart from others', () => {
    const name = 'a'.repeat(PATH_KEY_MAX - 'details.'.length);
    expect(() => filterCondition({ details: { [name]: 1 } })).not.toThrow();
    expect(errorOf({ details: { [`${name}a`]: 1 } })).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('for details that no record can hold, and says where', () => {
    expect(errorOf({ details: parseJson('{"a":{"n":1e400}}') })).toMatchObject({
      code: 'BAD_USER_INPUT',
      inputPath: ['filter', 'details', 'a', 'n'],
      message: 'filter.details.a.n: the number is too large for a double.',
    });
    expect(errorOf({ details: { a: ['\ud83d'] } })).toMatchObject({
      code: 'BAD_USER_INPUT',
      inputPath: ['filter', 'details', 'a', '0'],
    });
    expect(errorOf({ details: parseJson('{"a":1,"a":2}') }).code).toBe('BAD_USER_INPUT');
  });
});

describe('a filter of details', () => {
  it('finds whatever it was made from', () => {
    const details = parseJson(
      '{"a":[1,[2,{"b":null}]],"c":{"d":{},"e":"é\\u0000\\"","f.g":-0.5},"h":1e21,"":""}',
    ) as JsonObject;
    const matcher = createMatcher(sha256, filterCondition({ details }));
    expect(matcher(sectionsRecord(0, { details: { ...details, more: 1 } }))).toBe(true);
  });
});
