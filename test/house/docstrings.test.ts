import { describe, expect, it } from 'vitest';
import { checkDocstrings } from './checkers/docstrings.ts';
import { describeFault } from './checkers/source.ts';
import { readCode } from './project-files.ts';

describe('contracts', () => {
  it('are written on every function of the core and every interface with methods in the ports', () => {
    expect(checkDocstrings(readCode(['server/ledger', 'server/ports'])).map(describeFault)).toEqual([]);
  });
});

describe('the checker of docstrings', () => {
  const messagesIn = (text: string) =>
    checkDocstrings([{ path: 'server/ledger/a.ts', text }]).map(({ line, message }) => `${line} ${message}`);

  it.each([
    ['export function f() {}', '1 f has no docstring'],
    ['export async function f() {}', '1 f has no docstring'],
    ['\nexport const f = () => 1;', '2 f has no docstring'],
    ['// About f.\nexport function f() {}', '2 f has no docstring'],
    ['/* About f. */\nexport function f() {}', '2 f has no docstring'],
    ['/** About g. */\nfunction g() {}\nexport function f() {}', '3 f has no docstring'],
    ['export interface Store { get(): string }', '1 Store has no docstring'],
  ])('finds %j', (text, message) => {
    expect(messagesIn(text)).toEqual([message]);
  });

  it.each([
    '/** About f. */\nexport function f() {}',
    '/**\n * About f.\n */\n\nexport const f = () => 1;',
    'function f() {}',
    'export const LIMIT = 1;',
    'export interface Row { readonly id: string }',
  ])('lets %j be', (text) => {
    expect(messagesIn(text)).toEqual([]);
  });
});
