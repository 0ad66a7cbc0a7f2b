import { describe, expect, it } from 'vitest';
import { parseJson } from '#server/ledger/json.ts';
import { CHANGES_MAX, diffFields } from '#ui/records/panel-diff.ts';
import { diffWords } from '#ui/records/panel-text.ts';

function diff(before: string | null, after: string | null) {
  return diffFields(
    before === null ? undefined : parseJson(before),
    after === null ? undefined : parseJson(after),
  );
}

const pathsOf = (before: string | null, after: string | null) =>
  diff(before, after).changes.map(({ kind, path }) => `${kind} ${path}`);

describe('the comparison of two states', () => {
  it('names what was added, removed and changed, and counts the rest', () => {
    const { changes, unchangedCount } = diff(
      '{"a":1,"b":"x","c":null,"d":true}',
      '{"a":1,"b":"y","d":true,"e":[]}',
    );
    expect(changes).toEqual([
      { kind: 'CHANGED', path: 'b', before: 'x', after: 'y' },
      { kind: 'REMOVED', path: 'c', before: null },
      { kind: 'ADDED', path: 'e', after: [] },
    ]);
    expect(unchangedCount).toBe(2);
  });

  it('tells integers apart that a double would not', () => {
    const { changes, unchangedCount } = diff(
      '{"n":9007199254740993,"m":9007199254740993}',
      '{"n":9007199254740992,"m":9007199254740993}',
    );
    expect(changes).toEqual([
      { kind: 'CHANGED', path: 'n', before: 9007199254740993n, after: 9007199254740992n },
    ]);
    expect(unchangedCount).toBe(1);
  });

  it.each([
    ['"1"', '1'],
    ['{}', '[]'],
    ['{}', 'null'],
    ['[]', '""'],
    ['0', 'false'],
  ])('never takes %s for %s', (before, after) => {
    expect(pathsOf(`{"v":${before}}`, `{"v":${after}}`)).toEqual(['CHANGED v']);
  });

  it('joins elements of lists by their id, wherever they stand', () => {
    const before = '{"u":[{"id":1,"n":"a"},{"id":2,"n":"b"}]}';
    expect(pathsOf(before, '{"u":[{"id":2,"n":"b"},{"id":1,"n":"z"}]}')).toEqual(['CHANGED u[id=1].n']);
    // Two of one id, or one without: only the place is left.
    expect(pathsOf('{"u":[{"id":1,"n":"a"}]}', '{"u":[{"id":1,"n":"a"},{"id":1,"n":"b"}]}')).toEqual([
      'ADDED u[1].id',
      'ADDED u[1].n',
    ]);
    expect(pathsOf('{"u":[1,2]}', '{"u":[1,3,4]}')).toEqual(['CHANGED u[1]', 'ADDED u[2]']);
    // The text "1" is another id than the number.
    expect(pathsOf('{"u":[{"id":1}]}', '{"u":[{"id":"1"}]}')).toEqual([
      'REMOVED u[id=1].id',
      'ADDED u[id="1"].id',
    ]);
  });

  it('lists everything where there was nothing before, or nothing is left', () => {
    expect(pathsOf(null, '{"a":{"b":1},"c":[2]}')).toEqual(['ADDED a.b', 'ADDED c[0]']);
    expect(pathsOf('{"a":{"b":1}}', null)).toEqual(['REMOVED a.b']);
    expect(pathsOf('{"a":1}', 'null')).toEqual(['CHANGED ']);
    expect(diff(null, null)).toEqual({ changes: [], changeCount: 0, unchangedCount: 1 });
  });

  it('writes odd names so that paths cannot be mistaken', () => {
    expect(pathsOf('{}', '{"a.b":1,"":2,"__proto__":3,"ok":{"x y":4}}')).toEqual([
      'ADDED ["a.b"]',
      'ADDED [""]',
      'ADDED __proto__',
      'ADDED ok["x y"]',
    ]);
  });

  it(`lists ${CHANGES_MAX} changes and counts all`, () => {
    const many = JSON.stringify(
      Object.fromEntries(Array.from({ length: CHANGES_MAX + 1 }, (_, n) => [n, n])),
    );
    const found = diff('{}', many);
    expect(found.changes).toHaveLength(CHANGES_MAX);
    expect(found.changeCount).toBe(CHANGES_MAX + 1);
  });
});

describe('the comparison of long texts', () => {
  const LONG = 'The quick brown fox jumps over the lazy dog and goes home';

  it('is by word', () => {
    const runs = diffWords(LONG, LONG.replace('lazy', 'sleepy')) ?? [];
    const of = (kind: string) => runs.filter((run) => run.kind === kind).map((run) => run.text.trim());
    expect([of('REMOVED'), of('ADDED')]).toEqual([['lazy'], ['sleepy']]);
    const before = runs.filter((run) => run.kind !== 'ADDED').map((run) => run.text);
    expect(before.join('')).toBe(LONG);
  });

  it('is given up for short texts, huge ones, and those with nothing in common', () => {
    expect(diffWords('open', 'paid')).toBeNull();
    expect(diffWords('a '.repeat(10_001), 'b')).toBeNull();
    expect(diffWords('x'.repeat(50), 'y'.repeat(50))).toBeNull();
  });
});
