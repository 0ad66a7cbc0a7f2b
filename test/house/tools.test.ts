import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from './project-files.ts';

/** A project with our settings and nothing of ours in it, for planting faults. */
let project = '';

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'indelible-planted-'));
  for (const name of ['.oxlintrc.json', 'biome.json', 'tsconfig.json', 'package.json', '.gitignore']) {
    copyFileSync(join(ROOT, name), join(project, name));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'), 'junction');
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

interface Run {
  readonly status: number | null;
  readonly output: string;
}

function runTool(program: string, args: readonly string[]): Run {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules', program), ...args],
    {
      cwd: project,
      encoding: 'utf8',
      // No colours, whatever the terminal of the test run says.
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    },
  );
  return { status, output: `${stdout}${stderr}` };
}

function plant(name: string, text: string): string {
  writeFileSync(join(project, name), text);
  return name;
}

const lint = (name: string) =>
  runTool('oxlint/bin/oxlint', ['--type-aware', '--deny-warnings', '--format=unix', name]);

describe('the linter', () => {
  it('lets a clean file be', () => {
    const { status, output } = lint(plant('clean.ts', 'export const one = (): number => 1;\n'));
    expect({ status, output }).toEqual({ status: 0, output: expect.any(String) });
  });

  it.each([
    [
      'a promise that nobody waits for',
      'no-floating-promises',
      'async function f() {}\nexport const g = () => { f(); };\n',
    ],
    [
      'a promise where a truth is asked for',
      'no-misused-promises',
      'export async function f() { if (f()) return; }\n',
    ],
    ['the type any', 'no-explicit-any', 'export const a = (b: any) => b === 1;\n'],
    [
      'a member of something of type any',
      'no-unsafe-member-access',
      "export const a: unknown = JSON.parse('1').b;\n",
    ],
    ['console', 'no-console', 'console.log(1);\nexport {};\n'],
    ['a default export', 'no-default-export', 'export default 1;\n'],
    ['a loose comparison', 'eqeqeq', 'export const f = (a: string | null) => a == null;\n'],
    ['an empty catch', 'no-empty', 'try {\n  globalThis.gc?.();\n} catch {}\nexport {};\n'],
    ['a thrown thing that is no error', 'only-throw-error', "export const f = () => {\n  throw 'no';\n};\n"],
    [
      'a switch that forgets a case',
      'switch-exhaustiveness-check',
      "export function f(a: 'x' | 'y') {\n  switch (a) {\n    case 'x':\n      return 1;\n  }\n" +
        '  return 2;\n}\n',
    ],
    ['a silenced type checker', 'ban-ts-comment', '// @ts-ignore\nexport const a = 1;\n'],
  ])('finds %s', (_, rule, text) => {
    const { status, output } = lint(plant('planted.ts', text));
    expect(output).toContain(rule);
    expect(status).toBe(1);
  });

  it('lets scripts print and tools have their default export', () => {
    expect(lint(plant('tool.config.ts', 'export default 1;\n')).status).toBe(0);
  });
});

describe('the formatter', () => {
  const format = (name: string) => runTool('@biomejs/biome/bin/biome', ['format', name]);

  it('lets a file in our format be', () => {
    expect(format(plant('formatted.ts', "export const a = ['b', 'c'];\n")).status).toBe(0);
  });

  it.each([
    ['double quotes', 'export const a = "b";\n'],
    ['tabs', 'export function f() {\n\treturn 1;\n}\n'],
    ['a missing semicolon', "export const a = 'b'\n"],
    ['a line over 110 columns', `export const a = ['${'b'.repeat(60)}', '${'c'.repeat(60)}'];\n`],
  ])('finds %s', (_, text) => {
    expect(format(plant('unformatted.ts', text)).status).toBe(1);
  });
});

describe('the type checker', () => {
  it.each([
    ['an index that may be missing', 'export const f = (a: readonly string[]): string => a[0];\n', 'TS2322'],
    ['an enum', 'export enum A {\n  B,\n}\n', 'TS1294'],
    [
      'an undefined where a member may only be left out',
      'export const a: { b?: string } = { b: undefined };\n',
      'TS2375',
    ],
  ])('finds %s', (_, text, code) => {
    const name = plant('typed.ts', text);
    writeFileSync(
      join(project, 'tsconfig.planted.json'),
      JSON.stringify({ extends: './tsconfig.json', include: [name] }),
    );
    const { status, output } = runTool('typescript/bin/tsc', ['-p', 'tsconfig.planted.json']);
    expect(output).toContain(code);
    expect(status).not.toBe(0);
  });
});
