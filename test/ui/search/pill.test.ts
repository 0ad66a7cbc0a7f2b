import { describe, expect, it } from 'vitest';
import { parseQuery } from '#server/records/query/parse-query.ts';
import { negatePill, readPill } from '#ui/search/pill.ts';

describe('a filter', () => {
  it.each([
    ['actor:alice', false, 'actor', 'alice'],
    ['-action:data.read', true, 'action', 'data.read'],
    ['NOT status:failure', true, 'status', 'failure'],
    ['details."a:b":"x y"', false, 'details."a:b"', '"x y"'],
    ['status:(failure OR attempt)', false, 'status', '(failure OR attempt)'],
    ['index:[10 TO 20]', false, 'index', '[10 TO 20]'],
    ['"exact words"', false, null, '"exact words"'],
    ['-declined', true, null, 'declined'],
    ['(actor:alice OR target:alice)', false, null, '(actor:alice OR target:alice)'],
  ])('%j is one term, and is shown in its parts', (text, isNegated, field, value) => {
    expect(readPill(text)).toEqual({ isNegated, field, value, mistake: null });
  });

  it.each(['actor:alice actor:bob', 'actor:alice OR actor:bob', 'two words', '-a b'])(
    '%j is more than one term, which is said',
    (text) => {
      expect(readPill(text).mistake).toContain('more than one condition');
    },
  );

  it.each(['', '   ', '-', 'actor:', 'nofield:x', '"open', '(actor:alice', 'ip:10.0.0.0/99'])(
    '%j is none, and it is said why',
    (text) => {
      expect(readPill(text).mistake).toMatch(/expected|nearest/);
    },
  );
});

describe('the opposite of a filter', () => {
  it.each([
    ['actor:alice', '-actor:alice'],
    ['-actor:alice', 'actor:alice'],
    ['NOT actor:alice', 'actor:alice'],
    [' "exact words" ', '-"exact words"'],
    ['(a OR b)', '-(a OR b)'],
  ])('of %j is %j', (text, opposite) => {
    expect(negatePill(text)).toBe(opposite);
  });

  it('of the opposite means the same as the filter', () => {
    for (const text of ['actor:alice', '"exact words"', 'status:(failure OR attempt)', '(a OR b)']) {
      expect(parseQuery(negatePill(negatePill(text)))).toEqual(parseQuery(text));
      expect(parseQuery(negatePill(text))).not.toEqual(parseQuery(text));
    }
  });
});
