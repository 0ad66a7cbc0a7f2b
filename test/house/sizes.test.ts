import { describe, expect, it } from 'vitest';
import { checkSizes, COLUMNS_MAX, FILE_LINES_MAX, FUNCTION_LINES_MAX } from './checkers/sizes.ts';
import { describeFault } from './checkers/source.ts';
import { readCode } from './project-files.ts';

const messagesOf = (path: string, text: string) => checkSizes([{ path, text }]).map(describeFault);
const lines = (count: number) => 'x();\n'.repeat(count);

describe('the sizes of the house', () => {
  it('are kept by every file, function and line', () => {
    expect(checkSizes(readCode()).map(describeFault)).toEqual([]);
  });
});

describe('the checker of sizes', () => {
  it(`lets a file have ${FILE_LINES_MAX} lines and not one more`, () => {
    expect(messagesOf('server/a.ts', lines(FILE_LINES_MAX))).toEqual([]);
    expect(messagesOf('server/a.ts', lines(FILE_LINES_MAX + 1))).toEqual([
      'server/a.ts:1 has 401 lines, 400 are allowed',
    ]);
  });

  it(`lets a line have ${COLUMNS_MAX} columns and not one more`, () => {
    const line = (columns: number) => `${'x'.repeat(columns - 1)};\n`;
    expect(messagesOf('server/a.ts', line(COLUMNS_MAX))).toEqual([]);
    expect(messagesOf('server/a.ts', `a;\n${line(COLUMNS_MAX + 1)}`)).toEqual([
      'server/a.ts:2 has 111 columns, 110 are allowed',
    ]);
  });

  it.each([
    ['a declared function', (body: string) => `function f() {\n${body}}`],
    ['an arrow function', (body: string) => `const f = () => {\n${body}};`],
    ['a method', (body: string) => `const o = { f() {\n${body}} };`],
    ['a class member', (body: string) => `class C { f() {\n${body}} }`],
  ])(`lets %s have ${FUNCTION_LINES_MAX} lines and not one more`, (_, wrap) => {
    expect(messagesOf('server/a.ts', wrap(lines(FUNCTION_LINES_MAX - 2)))).toEqual([]);
    expect(messagesOf('server/a.ts', wrap(lines(FUNCTION_LINES_MAX - 1)))).toEqual([
      'server/a.ts:1 a function has 71 lines, 70 are allowed',
    ]);
  });

  it('lets a block of tests be longer, and nothing else in a test', () => {
    const body = lines(FUNCTION_LINES_MAX);
    expect(messagesOf('test/a.test.ts', `describe('a', () => {\n${body}});`)).toEqual([]);
    expect(messagesOf('test/a.test.ts', `it.each([1])('a', () => {\n${body}});`)).toEqual([]);
    expect(messagesOf('test/a.test.ts', `each([1])('a', () => {\n${body}});`)).toHaveLength(1);
    expect(messagesOf('server/a.ts', `describe('a', () => {\n${body}});`)).toHaveLength(1);
  });

  it('counts a function that holds tests without them', () => {
    const body = lines(FUNCTION_LINES_MAX);
    const tests = `it('a', () => {\n${body}});\n`;
    expect(messagesOf('test/a.ts', `function f() {\ndescribe('a', () => {\n${tests}${tests}});\n}`)).toEqual(
      [],
    );
    expect(messagesOf('test/a.ts', `function f() {\n${tests}${body}}`)).toHaveLength(1);
  });
});
