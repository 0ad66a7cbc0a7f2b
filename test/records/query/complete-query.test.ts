import { describe, expect, it } from 'vitest';
import { completeQuery } from '#server/records/query/complete-query.ts';
import { QUERY_FIELDS } from '#server/records/query/fields.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

/** Completes where the `|` stands. */
function completeAt(marked: string) {
  const cursor = marked.indexOf('|');
  const { options, ...rest } = completeQuery(marked.replace('|', ''), cursor);
  return { ...rest, options: options.map(({ text }) => text) };
}

describe('names are completed', () => {
  it('from nothing with every field, and the words that join conditions', () => {
    const { options, ...rest } = completeAt('|');
    expect(rest).toEqual({ from: 0, to: 0, kind: 'field', field: null, path: null, prefix: '' });
    expect(options).toEqual([
      ...QUERY_FIELDS.map(({ name, isParent }) => (isParent ? `${name}.` : `${name}:`)),
      'AND',
      'OR',
      'NOT',
    ]);
  });

  it.each([
    ['act|', 0, 3, ['actor:', 'actor.type:', 'actor.name:', 'action:']],
    ['foo ACT|', 4, 7, ['actor:', 'actor.type:', 'actor.name:', 'action:']],
    ['(a OR stat|)', 6, 10, ['status:']],
    ['-stat|', 1, 5, ['status:']],
    ['stat|us:failure', 0, 7, ['status:']],
    ['tar|xyz b', 0, 6, ['target:', 'target.type:', 'target.name:']],
    ['name|', 0, 4, ['actor.name:', 'target.name:']],
    ['a AN|', 2, 4, ['AND']],
    ['nothing.like.it|', 0, 15, []],
  ])('%s', (marked, from, to, options) => {
    expect(completeAt(marked)).toMatchObject({ from, to, kind: 'field', options });
  });

  it.each(['a "quoted te|', 'a "quoted te|xt"', 'status:(a)|', 'details.a:[1 TO 2]|', ':|', 'a"b"|'])(
    'not here: %s',
    (marked) => {
      const at = marked.indexOf('|');
      expect(completeAt(marked)).toMatchObject({ from: at, to: at, kind: 'field', options: [] });
    },
  );

  it('with a sentence each', () => {
    for (const { meaning } of completeQuery('', 0).options) expect(meaning).toMatch(/^[A-Z0].*\.$/);
  });
});

describe('paths are for whoever knows the records', () => {
  it.each([
    ['details.|', 0, 8, 'details', 'details.'],
    ['x details.us|er.id', 2, 17, 'details', 'details.us'],
    ['before.ro|', 0, 9, 'before', 'changes.before.ro'],
    ['-after.a.b|', 1, 10, 'after', 'changes.after.a.b'],
  ])('%s', (marked, from, to, field, prefix) => {
    expect(completeAt(marked)).toMatchObject({ from, to, kind: 'path', field, prefix, options: [] });
  });
});

describe('values are completed', () => {
  it.each([
    ['status:|', 7, 7, 'event.status', '', ['success', 'failure', 'attempt', '*']],
    ['status:FA|', 7, 9, 'event.status', 'FA', ['failure']],
    ['status:(failure | x', 16, 16, 'event.status', '', ['success', 'failure', 'attempt', '*']],
    ['status:(failure OR at|tempt) x', 19, 26, 'event.status', 'at', ['attempt']],
    ['classification:p|', 15, 16, 'event.classification', 'p', ['PUBLIC', 'PHI']],
    ['actor:al| x', 6, 8, 'actor.id', 'al', []],
    ['actor:al|ice x', 6, 11, 'actor.id', 'al', []],
    ['actor:"al i|ce" x', 6, 14, 'actor.id', 'al i', []],
    ['actor:"al i|', 6, 11, 'actor.id', 'al i', []],
    ['actor:a\\ b|', 6, 10, 'actor.id', 'a b', []],
    ['before.role:v|', 12, 13, 'changes.before.role', 'v', []],
    ['details.a:|', 10, 10, 'details.a', '', ['>', '>=', '<', '<=', '*']],
    ['details.a:>|', 11, 11, 'details.a', '', []],
    ['occurred:|', 9, 9, null, '', ['>', '>=', '<', '<=', '*']],
    ['details.a:[1 TO |', 16, 16, 'details.a', '', []],
  ])('%s', (marked, from, to, path, prefix, options) => {
    expect(completeAt(marked)).toMatchObject({ from, to, kind: 'value', path, prefix, options });
  });

  it('not of a field that is none', () => {
    expect(completeAt('nothing:|')).toMatchObject({ kind: 'field', options: [] });
  });
});

describe('completing', () => {
  it('answers for every text and every place', () => {
    const random = new SeededRandom(9);
    const pieces = [
      Array.from('ab .*:()[]{}<>-\\"'),
      ['status:', 'details.', 'AND ', ' TO ', '..', '\ud800', '😀'],
    ].flat();
    for (let run = 0; run < 2000; run++) {
      const text = Array.from({ length: random.below(12) }, () => random.pick(pieces)).join('');
      const cursor = random.below(text.length + 3) - 1;
      const { from, to } = completeQuery(text, cursor);
      const at = Math.max(0, Math.min(cursor, text.length));
      expect(from >= 0 && from <= at && at <= to && to <= text.length).toBe(true);
    }
  });

  it('offers nothing in a search that is too long', () => {
    expect(completeQuery('x'.repeat(5000), 5000).options).toEqual([]);
  });
});
