import { describe, expect, it } from 'vitest';
import { AppError } from '#server/errors.ts';
import { parseQuery, QUERY_LENGTH_MAX } from '#server/records/query/parse-query.ts';
import { PROBLEMS_MAX, TERMS_MAX } from '#server/records/query/query-source.ts';
import { NESTING_MAX } from '#server/records/query/read-row.ts';
import { readSearch } from '#server/records/query/read-search.ts';

/** Each row: a query, its piece that is wrong (from, to) and how the message begins. */
const MISTAKES: readonly (readonly [string, number, number, string])[] = [
  // Fields
  ['actr:x', 0, 4, 'There is no field "actr"; the nearest is "actor".'],
  ['a Actor:x', 2, 7, 'There is no field "Actor"; the nearest is "actor".'],
  ['detials.role:x', 0, 12, 'There is no field "detials.role"; the nearest is "details.…".'],
  ['"action.x":x', 0, 10, 'There is no field "action.x"; the nearest is "action".'],
  ['https://example.com', 0, 5, 'There is no field "https"; the nearest is'],
  ['details:x', 8, 9, 'Expected details.… with a path, such as details.role:admin'],
  ['before:"x"', 7, 10, 'Expected before.… with a path'],
  ['after:>1', 6, 8, 'Expected after.… with a path'],
  ['details:[1 TO 2]', 8, 16, 'Expected details.… with a path'],
  ['details.:x', 0, 8, 'A name is missing in the path: expected one such as details.role'],
  ['details.a..b:x', 0, 12, 'A name is missing in the path'],
  ['details.a[0].b:x', 0, 14, 'A path goes through all elements of a list by itself: leave "[0]" out'],
  ['details.a[].b:x', 0, 13, 'A path goes through all elements of a list by itself: leave "[]" out'],
  ['details.*:x', 0, 9, 'A path is written out: expected a name in place of *'],
  [':x', 0, 1, 'No name stands before this colon'],
  ['actor>5', 0, 7, "A field's name ends with a colon: expected actor:>…"],
  ['details.n>=5', 0, 12, "A field's name ends with a colon: expected details.n:>=…"],
  ['status=failure', 0, 14, "A field's name ends with a colon: expected status:…"],
  // Values
  ['actor:', 0, 6, 'The value is missing: expected one directly behind the colon, such as actor:value'],
  ['actor:)', 0, 6, 'The value is missing: expected one directly behind the colon'],
  ['actor: alice', 6, 7, 'A value stands directly behind the colon: expected no blank'],
  ['details.a:>', 10, 11, 'The value is missing: expected one behind >'],
  ['status:broken', 7, 13, '"broken" is no status: expected one of success, failure, attempt.'],
  ['status:fail*', 7, 12, '"fail*" is no status'],
  ['classification:secret', 15, 21, '"secret" is no classification: expected one of PUBLIC, INTERNAL'],
  ['status:>failure', 7, 15, 'Values of status are not compared: expected status:value'],
  ['ip:[1 TO 2]', 3, 11, 'Values of ip are not compared'],
  ['description:<a', 12, 14, 'Values of description are not compared'],
  [
    'ip:10.0.0.0/33',
    3,
    14,
    '"10.0.0.0/33" is neither an address nor a network: expected one such as 10.1.2.3',
  ],
  ['ip:10.0.0', 3, 9, '"10.0.0" is neither an address nor a network'],
  ['ip:fe80::1%25', 3, 13, '"fe80::1%25" is neither an address nor a network'],
  ['index:-1', 6, 8, '"-1" is not an index: expected a whole number from 0 on'],
  ['index:1.5', 6, 9, '"1.5" is not an index'],
  ['index:9007199254740991', 6, 22, '"9007199254740991" is not an index'],
  ['sequence:x', 9, 10, '"x" is not a number: expected one such as 42'],
  ['sequence:1..x', 12, 13, '"x" is not a number'],
  ['actor.name:a*b', 11, 14, 'This field holds words, and a value of it has * at its end only'],
  ['actor.name:"-"', 11, 14, '"-" has no word in it: expected letters, digits or _'],
  ['a*b', 0, 3, 'Text without a field has * at its end only'],
  ['*a', 0, 2, 'Text without a field has * at its end only'],
  ['"--"', 0, 4, '"--" has no word in it'],
  ['a && b', 2, 4, '"&&" has no word in it'],
  ['""', 0, 2, '"" has no word in it'],
  // Quotes, escapes, blanks
  ['a "b c', 2, 3, 'The quotation mark is not closed: expected another ".'],
  ['actor:"b c', 6, 7, 'The quotation mark is not closed'],
  ['actor:(a "b)', 6, 7, 'The parenthesis is not closed'],
  ['abc\\', 3, 4, 'Nothing stands behind \\: expected the character that it takes as it is'],
  ['actor:a\\', 7, 8, 'Nothing stands behind \\'],
  ['a"b"', 0, 4, 'A blank is missing in "a"b"": expected one on both sides of what is in quotes'],
  ['actor:"a"b', 9, 9, 'A blank is missing: expected one between conditions'],
  ['(a)(b)', 3, 3, 'A blank is missing: expected one between conditions'],
  ['(a)-b', 3, 3, 'A blank is missing: expected one between conditions'],
  ['- a', 1, 2, 'A - stands directly before what it negates: expected no blank'],
  ['a\ud800', 1, 2, 'Half a character: expected whole ones'],
  // Parentheses and operators
  ['(a', 0, 1, 'The parenthesis is not closed: expected a ")" for it.'],
  ['((a)', 0, 1, 'The parenthesis is not closed'],
  ['actor:(a', 6, 7, 'The parenthesis is not closed'],
  ['a)', 1, 2, 'There is no "(" for this ")"'],
  ['()', 0, 2, 'Nothing stands between the parentheses: expected a condition.'],
  ['actor:()', 6, 8, 'Nothing stands between the parentheses'],
  ['a AND', 2, 5, 'Nothing stands behind AND: expected a condition there'],
  ['OR a', 0, 2, 'Nothing stands before OR: expected a condition there'],
  ['a AND OR b', 2, 5, 'Nothing stands behind AND'],
  ['a AND AND b', 6, 9, 'Nothing stands before AND'],
  ['(a OR)', 3, 5, 'Nothing stands behind OR'],
  ['a NOT', 2, 5, 'Nothing stands behind NOT: expected a condition'],
  ['a -', 2, 3, 'Nothing stands behind -: expected a condition'],
  ['actor:(a OR)', 9, 11, 'Nothing stands behind OR'],
  [
    'status:(failure actor:x)',
    16,
    23,
    'In a list are values of status only, and "actor:x" looks like a field',
  ],
  // Ranges
  ['details.a:[1 TO 2', 10, 11, 'The bracket is not closed: expected a range such as [10 TO 20]'],
  ['details.a:[1]', 10, 13, 'This is not a range: expected a range such as [10 TO 20]'],
  ['details.a:[1 2]', 10, 15, 'This is not a range'],
  ['details.a:[TO 2]', 10, 16, 'This is not a range'],
  ['details.a:[1 TO 2 3]', 10, 20, 'This is not a range'],
  ['details.a:..', 10, 12, 'Both ends of the range are open: expected at least one'],
  ['details.a:[* TO *]', 10, 18, 'Both ends of the range are open'],
  ['details.a:>*', 11, 12, 'An end of a range is written out'],
  ['details.a:[a* TO b]', 11, 13, 'An end of a range is written out: expected a value, or * alone'],
  ['details.a:1..b', 10, 14, 'One end of the range is a number and the other one a text'],
  ['details.a:9..1', 10, 14, 'The range ends before it begins: expected the lower end first.'],
  ['details.a:b..A', 10, 14, 'The range ends before it begins'],
  ['index:9..1', 6, 10, 'The range ends before it begins'],
  ['occurred:2026..2025', 9, 19, 'The range ends before it begins: expected the earlier time first.'],
];

describe('a mistake is told with its place and what was expected', () => {
  it.each(MISTAKES)('%s', (text, from, to, message) => {
    const [first] = parseQuery(text).problems ?? [];
    expect(first).toMatchObject({ from, to });
    expect(first?.message.slice(0, message.length)).toBe(message);
    expect(first?.message).toMatch(/[Ee]xpected .*\.$|\. No record has such a text\.$|in quotes\.$/);
  });

  it('all of them, in the order of the text', () => {
    const { problems } = parseQuery('actr:x (status:y OR index:z) a)');
    expect(problems?.map(({ from }) => from)).toEqual([0, 15, 26, 30]);
  });

  it('as an error of the API with the column of the first one', () => {
    const read = () => readSearch('alice actr:x status:y');
    expect(read).toThrow(AppError);
    expect(read).toThrow(
      expect.objectContaining({
        code: 'SEARCH_INVALID',
        inputPath: ['search'],
        message: expect.stringMatching(/^Column 7: There is no field "actr"; the nearest is "actor"\./),
      }),
    );
  });

  it('with a long piece of the search cut short', () => {
    const [first] = parseQuery(`${'x'.repeat(4000)}:y`).problems ?? [];
    expect(first?.message.length).toBeLessThan(250);
  });
});

describe('the limits of a search', () => {
  const messages = (text: string) => parseQuery(text).problems?.map(({ message }) => message) ?? [];

  it(`${QUERY_LENGTH_MAX} characters are taken and not one more`, () => {
    expect(messages('x'.repeat(QUERY_LENGTH_MAX))).toEqual([]);
    expect(parseQuery('x'.repeat(QUERY_LENGTH_MAX + 1)).problems).toEqual([
      { from: 4096, to: 4097, message: 'The search has 4097 characters: expected at most 4096.' },
    ]);
  });

  it(`${TERMS_MAX} values are taken and not one more`, () => {
    expect(messages('x '.repeat(TERMS_MAX))).toEqual([]);
    expect(messages(`actor:(${'x '.repeat(TERMS_MAX)})`)).toEqual([]);
    const tooMany = ['The search has too many values: expected at most 256.'];
    expect(messages('x '.repeat(TERMS_MAX + 1))).toEqual(tooMany);
    expect(messages(`actor:(${'x '.repeat(TERMS_MAX + 1)})`)).toEqual(tooMany);
    expect(messages('x '.repeat(2000))).toEqual(tooMany);
  });

  it(`${PROBLEMS_MAX} problems are told and not one more`, () => {
    expect(messages('x:1 '.repeat(PROBLEMS_MAX))).toHaveLength(PROBLEMS_MAX);
    expect(messages('x:1 '.repeat(PROBLEMS_MAX + 1))).toHaveLength(PROBLEMS_MAX);
  });

  it.each([
    ['parentheses', (depth: number) => `${'('.repeat(depth)}x${')'.repeat(depth)}`],
    ['lists', (depth: number) => `actor:${'('.repeat(depth)}x${')'.repeat(depth)}`],
    ['negations', (depth: number) => `${'NOT '.repeat(depth)}x`],
    ['all of them', (depth: number) => `${'-('.repeat(depth / 2)}x${')'.repeat(depth / 2)}`],
  ])(`${NESTING_MAX} %s are taken in each other and not one more`, (_, nested) => {
    expect(messages(nested(NESTING_MAX))).toEqual([]);
    expect(messages(nested(NESTING_MAX + 2))).toEqual([
      'Conditions are nested too deep: expected at most 32 in each other.',
    ]);
  });

  it('one more nested one is refused', () => {
    expect(messages(`${'('.repeat(33)}x${')'.repeat(33)}`)).toHaveLength(1);
    expect(messages(`${'-'.repeat(33)}x`)).toHaveLength(1);
  });
});
