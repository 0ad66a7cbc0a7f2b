import { describe, expect, it } from 'vitest';
import { checkGlobals, type GlobalRule } from './checkers/globals.ts';
import { describeFault } from './checkers/source.ts';
import { readCode } from './project-files.ts';

const GLOBALS: readonly GlobalRule[] = [
  {
    name: 'process.env',
    allowed: ['server/config.ts', 'server/config-', 'electron/main.ts', 'scripts/', 'test/'],
  },
  { name: 'Date.now', allowed: ['server/clock.ts', 'electron/main.ts'] },
  { name: 'new Date()', allowed: ['server/clock.ts'] },
  { name: 'Math.random', allowed: ['scripts/', 'test/'] },
  { name: 'console', allowed: ['server/cli/output.ts', 'scripts/'] },
];

describe('time, chance, settings and output', () => {
  it('come from their one place in every file', () => {
    expect(checkGlobals(readCode(), GLOBALS).map(describeFault)).toEqual([]);
  });

  it('are used in the one place that the rule names', () => {
    for (const path of ['server/config.ts', 'server/clock.ts', 'server/cli/output.ts']) {
      const text = readCode(['server']).find((file) => file.path === path)?.text ?? '';
      const used = checkGlobals([{ path: 'server/elsewhere.ts', text }], GLOBALS);
      expect(used.length, `${path} uses the global it is there for`).toBeGreaterThan(0);
    }
  });
});

describe('the checker of globals', () => {
  const namesIn = (text: string, path = 'server/events/planted.ts') =>
    checkGlobals([{ path, text }], GLOBALS).map(({ line, message }) => `${line} ${message.split(',')[0]}`);

  it.each([
    ['const a = process.env.HOME;', '1 uses process.env'],
    ["const a = process['env'];", '1 uses process.env'],
    ['const a = globalThis.process.env;', '1 uses process.env'],
    ['const { env } = process;', '1 uses process.env'],
    ["import { env } from 'node:process';", '1 uses process.env'],
    ['\nconst a = Date.now();', '2 uses Date.now'],
    ['const { now } = Date;', '1 uses Date.now'],
    ['const a = `${Date.now()}`;', '1 uses Date.now'],
    ['const a = new Date();', '1 uses new Date()'],
    ['const a = Date();', '1 uses new Date()'],
    ['const a = Math.random();', '1 uses Math.random'],
    ['const { random } = Math;', '1 uses Math.random'],
    ['console.log(1);', '1 uses console'],
    ['globalThis.console.log(1);', '1 uses console'],
    ['const { log } = console;', '1 uses console'],
  ])('finds %j', (text, fault) => {
    expect(namesIn(text)).toEqual([fault]);
  });

  it.each([
    '// Date.now() and console.log',
    "const a = 'Math.random() new Date()';",
    'const a = `Date.now()`;',
    'const a = /process.env/;',
    'const a = new Date(0);',
    'const a = { console: 1 }; const b = a.console;',
    'const a = process.exitCode;',
  ])('lets %j be', (text) => {
    expect(namesIn(text)).toEqual([]);
  });

  it('lets each global be where it belongs', () => {
    expect(namesIn('process.env;', 'server/config.ts')).toEqual([]);
    expect(namesIn('Date.now();', 'server/clock.ts')).toEqual([]);
    expect(namesIn('console.log();', 'server/cli/output.ts')).toEqual([]);
  });
});
