import { describe, expect, it } from 'vitest';
import { EXPIRIES, type TokenDraft, tokenProblem, tokenVariables } from '#ui/settings/token-draft.ts';

const NOW = Date.parse('2026-01-01T00:00:00.000Z');
const draft: TokenDraft = { name: ' a ', scopes: ['records:read'], ledgers: ['*'], expiry: 'DAYS_30' };

describe('the draft of a token', () => {
  it.each([
    [{ name: '  ' }, /name/],
    [{ scopes: [] }, /may do/],
    [{ ledgers: [] }, /ledger/],
  ])('with %j says what is missing', (changes, sentence) => {
    expect(tokenProblem({ ...draft, ...changes })).toMatch(sentence);
  });

  it('ends when it was said to, and only then for ever', () => {
    expect(tokenProblem(draft)).toBeNull();
    expect(tokenVariables(draft, NOW)).toEqual({
      name: 'a',
      scopes: ['records:read'],
      ledgers: ['*'],
      expiresAt: '2026-01-31T00:00:00.000Z',
    });
    const ends = EXPIRIES.map((expiry) => tokenVariables({ ...draft, expiry }, NOW).expiresAt);
    expect(ends.slice(0, -1).every((end) => typeof end === 'string')).toBe(true);
    expect(ends.at(-1)).toBeNull();
  });
});
