import { describe, expect, it } from 'vitest';
import type { Caller } from '#server/access/caller.ts';
import { createRecognize } from '#server/access/recognize.ts';

const named = (name: string): Caller => ({ tokenId: name, name, scopes: new Set(), ledgers: '*' });

/** Tokens and sessions of one name each, and what was looked up. */
function world() {
  const asked: string[] = [];
  const recognize = createRecognize(
    async (header) => {
      asked.push(`token ${header}`);
      return header === 'Bearer good' ? named('token') : null;
    },
    {
      recognize: async (secret) => {
        asked.push(`session ${secret}`);
        return secret === 'good' ? named('session') : null;
      },
    },
  );
  return { asked, who: async (given: Parameters<typeof recognize>[0]) => (await recognize(given))?.name };
}

describe('a request', () => {
  it('is nobody’s where it gives nothing, and nothing is looked up', async () => {
    const { who, asked } = world();
    expect(await who({ authorization: null, session: null })).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('is recognized by a token or by a session', async () => {
    const { who } = world();
    expect(await who({ authorization: 'Bearer good', session: null })).toBe('token');
    expect(await who({ authorization: null, session: 'good' })).toBe('session');
    expect(await who({ authorization: null, session: 'bad' })).toBeUndefined();
  });

  it('is recognized by the token alone where it has both', async () => {
    const { who, asked } = world();
    expect(await who({ authorization: 'Bearer good', session: 'good' })).toBe('token');
    for (const authorization of ['Bearer bad', 'bearer bad', 'Bearer', 'Bearer ', 'BEARER\tx']) {
      expect(await who({ authorization, session: 'good' }), authorization).toBeUndefined();
    }
    expect(asked.filter((one) => one.startsWith('session'))).toEqual([]);
  });

  it('keeps its session behind a proxy that asks for a password of its own', async () => {
    const { who } = world();
    expect(await who({ authorization: 'Basic dXNlcjpwYXNz', session: 'good' })).toBe('session');
    expect(await who({ authorization: 'Basic dXNlcjpwYXNz', session: null })).toBeUndefined();
  });
});
