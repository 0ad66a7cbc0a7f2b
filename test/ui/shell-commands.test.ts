import { describe, expect, it } from 'vitest';
import { matchCommands } from '#ui/app/command-match.ts';
import type { Command } from '#ui/app/commands.ts';

const command = (id: string, title: string, group = 'Page'): Command => ({
  id,
  title,
  group,
  run: () => undefined,
});
const COMMANDS = [
  command('go.search', 'Go to Search', 'Go to'),
  command('go.settings', 'Go to Settings', 'Go to'),
  command('ledger.demo', 'Open ledger demo', 'Ledgers'),
  command('page.theme', 'Switch between dark and light'),
  command('go.search', 'Go to Search, again', 'Go to'),
];
const found = (text: string, recent: readonly string[] = []) =>
  matchCommands(COMMANDS, text, recent).map(({ id }) => id);

describe('finding a command', () => {
  it('gives all without text, each once, those that were run last first', () => {
    expect(found('')).toEqual(['go.search', 'go.settings', 'ledger.demo', 'page.theme']);
    expect(found('  ', ['page.theme', 'gone'])).toEqual([
      'page.theme',
      'go.search',
      'go.settings',
      'ledger.demo',
    ]);
  });

  it('takes words in any order, whole or begun, of title and group, whatever their case', () => {
    expect(found('SETT go')).toEqual(['go.settings']);
    expect(found('led demo')).toEqual(['ledger.demo']);
    expect(found('page')).toEqual(['page.theme']);
    expect(found('go unheard')).toEqual([]);
  });

  it('puts beginnings before insides before scattered letters', () => {
    const titles = ['Hide the keys', 'Turn monkeys', 'Keys', 'Kept every yes'].map((title) =>
      command(title, title, ''),
    );
    expect(matchCommands(titles, 'key', []).map(({ title }) => title)).toEqual([
      'Keys',
      'Hide the keys',
      'Turn monkeys',
      'Kept every yes',
    ]);
    expect(matchCommands(titles, 'keys', []).map(({ title }) => title)).toContain('Kept every yes');
  });

  it('is not broken by what is no plain letter', () => {
    expect(found('.*')).toEqual([]);
    expect(found('🜁')).toEqual([]);
  });
});
