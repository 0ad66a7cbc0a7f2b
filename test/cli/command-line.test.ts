import { expect, test } from 'vitest';
import { COMMANDS } from '#server/cli/run.ts';
import { runCommandLine } from '#test/support/command-line.ts';

test('every command explains itself with --help and with help, and the list names every one', async () => {
  const list = (await runCommandLine([])).lines.join('\n');
  for (const { name, summary } of COMMANDS) {
    expect(list).toContain(`${name} `);
    for (const argv of [
      [name, '--help'],
      ['help', name],
    ]) {
      const { code, lines } = await runCommandLine(argv);
      expect(code).toBe(0);
      expect(lines[0]).toContain(summary);
    }
  }
});

test('the help of a command names each of its options, in lines that fit a terminal', async () => {
  for (const { name, options } of COMMANDS) {
    const text = (await runCommandLine(['help', name])).lines.join('\n');
    for (const option of Object.keys(options)) expect(text, name).toContain(`--${option}`);
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(120);
  }
});

test('an unknown command, option or action is wrong usage, answered with the nearest known one', async () => {
  for (const [argv, nearest] of [
    [['improt'], 'import'],
    [['strat'], 'start'],
    [['--versoin'], '--version'],
    [['help', 'tokne'], 'token'],
    [['import', 'f', '--legder', 'x'], '--ledger'],
    [['demo', '--sed=2'], '--seed'],
    [['token', 'crate'], 'create'],
  ] as const) {
    const { code, notes } = await runCommandLine(argv);
    expect(code, argv.join(' ')).toBe(2);
    expect(notes.join()).toContain(`the nearest is ${nearest}`);
  }
});

test('arguments that are missing, too many or out of range are wrong usage; nothing is started', async () => {
  for (const argv of [
    ['import'],
    ['import', 'f', '--from', '0'],
    ['import', 'f', '--from', 'x'],
    ['import', 'f', 'g', '--from', '2'],
    ['import', 'f', '--ledger', 'not an id'],
    ['import', 'f', '--ledger'],
    ['demo', 'x'],
    ['demo', '--events', '10'],
    ['doctor', 'x'],
    ['migrate'],
    ['migrate', 'x'],
    ['migrate', '--database-url', ''],
    ['migrate', '--print', '--app-role', ' '],
    ['migrate', '--print', '--app-role', 'pg_write_all_data'],
    ['migrate', '--print', '--app-role', 'x'.repeat(64)],
    ['token'],
    ['token', 'revoke'],
    ['token', 'create', '--name', 'x', '--ledger', '*'],
    ['token', 'create', '--name', 'x', '--scope', 'records:read'],
    ['token', 'create', '--name', 'x', '--scope', 'record:read', '--ledger', '*'],
    ['token', 'create', '--name', 'x', '--scope', 'records:read', '--ledger', '*', '--expires', '2001-01-01'],
  ]) {
    const { code, lines } = await runCommandLine(argv);
    expect(code, argv.join(' ')).toBe(2);
    expect(lines).toEqual([]);
  }
});

test('a setting that is wrong cannot run, and says which', async () => {
  const { code, notes } = await runCommandLine(['token', 'list'], { env: { PORT: 'x' } });
  expect(code).toBe(3);
  expect(notes.join()).toContain('PORT must be');
});

test('the version is the one of package.json', async () => {
  expect((await runCommandLine(['--version'])).lines[0]).toMatch(/^indelible \d+\.\d+\.\d+/);
});
