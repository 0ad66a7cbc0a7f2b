import { describe, expect, it } from 'vitest';
import { checkCasts } from './checkers/casts.ts';
import { describeFault } from './checkers/source.ts';
import { readCode } from './project-files.ts';

/** Where the checker has to be told to look away, and why. */
const ALLOWED: readonly { readonly path: string; readonly message: string; readonly because: string }[] = [
  {
    path: 'server/ledger/json.ts',
    message: 'casts through unknown',
    because: "TypeScript's library does not know JSON.rawJSON yet",
  },
];

const isAllowed = (path: string, message: string) =>
  ALLOWED.some((allowed) => allowed.path === path && message.startsWith(allowed.message));

describe('the type checker', () => {
  it('is told to look away nowhere but where the list says why', () => {
    const faults = checkCasts(readCode()).filter(({ path, message }) => !isAllowed(path, message));
    expect(faults.map(describeFault)).toEqual([]);
  });

  it('is not told to look away where the list says it is', () => {
    const faults = checkCasts(readCode());
    const unused = ALLOWED.filter(
      (allowed) =>
        !faults.some(({ path, message }) => path === allowed.path && message.startsWith(allowed.message)),
    );
    expect(unused).toEqual([]);
  });
});

describe('the checker of casts', () => {
  const messagesIn = (text: string) =>
    checkCasts([{ path: 'server/a.ts', text }]).map(({ line, message }) => `${line} ${message}`);

  it.each([
    ['const a = b as any;', '1 uses the type any'],
    ['\nfunction f(a: any) {}', '2 uses the type any'],
    ['type A = Record<string, any>;', '1 uses the type any'],
    ['const a = b as unknown as string;', '1 casts through unknown'],
    ['const a = (b as unknown) as string;', '1 casts through unknown'],
    ['// @ts-ignore\nf();', '1 silences a checker with @ts-ignore'],
    ['f();\n/* @ts-expect-error it is */ f();', '2 silences a checker with @ts-expect-error'],
    ['// oxlint-disable-next-line no-console\nf();', '1 silences a checker with oxlint-disable'],
  ])('finds %j', (text, message) => {
    expect(messagesIn(text)).toEqual([message]);
  });

  it.each([
    "const any = 'as any'; // any",
    'const a = b as string;',
    'const a = b as const;',
    'const a: unknown = b as unknown;',
    "const a = '@ts-ignore';",
  ])('lets %j be', (text) => {
    expect(messagesIn(text)).toEqual([]);
  });
});
