import { describe, expect, it } from 'vitest';
import { numberKey } from '#server/index/number-key.ts';
import { compareTerms, termText } from '#server/index/term.ts';

describe('terms', () => {
  it('are in order by kind, then by what folds to the same, then by code units', () => {
    const ordered = [
      '!',
      '!Role',
      '!role',
      'a',
      'dAAAA',
      'f',
      'i00000000000000000000ffff0a000001',
      `n${numberKey('-1')}`,
      `n${numberKey('0')}`,
      `n${numberKey('2')}`,
      `n${numberKey('10')}`,
      'o',
      's',
      's\u0000',
      'sALICE',
      'sAlice',
      'salice',
      'sAlice B',
      'sbob',
      'sÉ',
      'sé',
      'sΣ',
      'sς',
      'sσ',
      's😀',
      's\ue000',
      't',
      'z',
    ];
    expect(ordered.toReversed().sort(compareTerms)).toEqual(ordered);
  });

  it('are equal only to themselves', () => {
    expect(compareTerms('sAlice', 'sAlice')).toBe(0);
    expect(compareTerms('sAlice', 'salice')).toBeLessThan(0);
    expect(compareTerms('salice', 'sAlice')).toBeGreaterThan(0);
  });

  it('have words where they are strings, numbers or names', () => {
    expect(termText('s', 'Record opened')).toBe('Record opened');
    expect(termText('!', 'role')).toBe('role');
    expect(termText('n', numberKey('1.50e3') ?? '')).toBe('1500');
    for (const kind of ['a', 'd', 'f', 'i', 'o', 't', 'z'] as const) expect(termText(kind, 'x')).toBeNull();
  });
});
