import { describe, expect, it } from 'vitest';
import { parseQuery, QUERY_LENGTH_MAX } from '#server/records/query/parse-query.ts';
import { ApiError } from '#ui/graphql/api-error.ts';
import { findMistakes, refusedMistake } from '#ui/search/query-lint.ts';
import { searchText } from '#ui/search/view.ts';

const search = (query: string, pills: readonly string[] = []) => ({ query, pills });

describe('the mistakes of a search', () => {
  it.each(['', '  ', 'actor:alice', 'status:(failure OR attempt) "exact words"', '-action:data.read'])(
    'are none in %j',
    (query) => {
      expect(findMistakes(search(query))).toEqual([]);
      expect(findMistakes(search(query, ['actor:bob']))).toEqual([]);
    },
  );

  it('are those that the appliance finds, at the same places', () => {
    const query = 'actor:alice statu:failure';
    const { problems = [] } = parseQuery(query);
    expect(problems).toHaveLength(1);
    expect(findMistakes(search(query))).toEqual(
      problems.map(({ from, to, message }) => ({ place: { from, to }, message })),
    );
    expect(findMistakes(search(query))[0]?.place).toEqual({ from: 12, to: 17 });
  });

  it('are told where they stand in the bar, whatever filters stand before it', () => {
    const found = findMistakes(search('  ip:10.0.0.0/99', ['actor:alice', '-action:data.read']));
    expect(found.map(({ place }) => place)).toEqual([{ from: 5, to: 16 }]);
  });

  it('are told without a place where they are in a filter', () => {
    const found = findMistakes(search('actor:alice', ['nofield:x']));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ place: null });
    expect(found[0]?.message).toContain('In the filter nofield:x: There is no field "nofield"');
    const several = findMistakes(search('', ['actor:alice', 'a OR b']));
    expect(several.map(({ place }) => place)).toEqual([null]);
    expect(several[0]?.message).toContain('In the filter a OR b: This is more than one condition');
  });

  it('are found where filters and text are right alone and too long together', () => {
    const half = `"${'x'.repeat(QUERY_LENGTH_MAX / 2)}"`;
    expect(findMistakes(search(half))).toEqual([]);
    expect(findMistakes(search(half, [half]))[0]?.message).toContain('expected at most 4096');
  });
});

describe('a mistake that the appliance found', () => {
  const refusal = (message: string) => new ApiError('SEARCH_INVALID', message);

  it('is shown at its place in the bar', () => {
    const asked = search('ip:10.0.0.0/99', ['actor:alice']);
    const column = searchText(asked).indexOf('10.0') + 1;
    expect(refusedMistake(asked, refusal(`Column ${column}: No.`))).toEqual({
      place: { from: 3, to: 4 },
      message: 'No.',
    });
    expect(refusedMistake(search(' ip:x'), refusal('Column 4: No.'))?.place).toEqual({ from: 4, to: 5 });
  });

  it('has no place where it is in a filter, or where none is told', () => {
    const asked = search('ip:x', ['actor:alice']);
    expect(refusedMistake(asked, refusal('Column 2: No.'))).toEqual({
      place: null,
      message: 'Together with the filters: No.',
    });
    expect(refusedMistake(asked, refusal('No.'))).toEqual({ place: null, message: 'No.' });
  });

  it('is nothing where it refused for another reason', () => {
    expect(refusedMistake(search('x'), null)).toBeNull();
    expect(refusedMistake(search('x'), new ApiError('SEARCH_BUSY', 'Column 1: No.'))).toBeNull();
  });
});
