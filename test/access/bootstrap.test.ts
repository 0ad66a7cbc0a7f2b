import { describe, expect, it } from 'vitest';
import { createAuthenticate } from '#server/access/authenticate.ts';
import { BOOTSTRAP_TOKEN_ID, ensureBootstrapToken } from '#server/access/bootstrap.ts';
import { resolveLedger } from '#server/access/ledger.ts';
import { ALL_SCOPES } from '#server/access/scopes.ts';
import { newSecret } from '#server/id.ts';
import { createMemoryTokenStore } from '#test/support/memory-access.ts';

const clock = () => 1_000;

function world() {
  const tokens = createMemoryTokenStore();
  const authenticate = createAuthenticate({ tokens, clock });
  return {
    tokens,
    signIn: async (secret: string) => await authenticate(`Bearer ${secret}`),
    ensure: async (secret: string) => await ensureBootstrapToken({ tokens, clock }, secret),
  };
}

describe('the bootstrap administrator', () => {
  it('has every scope on every ledger, and its secret is stored as a hash only', async () => {
    const { ensure, signIn, tokens } = world();
    const secret = newSecret();
    expect(await ensure(secret)).toBe(true);
    expect(await signIn(secret)).toMatchObject({
      tokenId: BOOTSTRAP_TOKEN_ID,
      scopes: new Set(ALL_SCOPES),
      ledgers: '*',
    });
    expect(JSON.stringify(await tokens.list())).not.toContain(secret);
  });

  it('stays the same over restarts with the same secret', async () => {
    const { ensure, tokens } = world();
    const secret = newSecret();
    await ensure(secret);
    const first = await tokens.list();
    await ensure(secret);
    expect(await tokens.list()).toEqual(first);
  });

  it('drops the old secret when another one is given', async () => {
    const { ensure, signIn, tokens } = world();
    const [before, after] = [newSecret(), newSecret()];
    await ensure(before);
    await ensure(after);
    expect(await signIn(before)).toBeNull();
    expect(await signIn(after)).not.toBeNull();
    expect(await tokens.list()).toHaveLength(1);
  });

  it('stays revoked over restarts until the secret is changed', async () => {
    const { ensure, signIn, tokens } = world();
    const [leaked, fresh] = [newSecret(), newSecret()];
    await ensure(leaked);
    await tokens.revoke(BOOTSTRAP_TOKEN_ID, 2_000);
    expect(await ensure(leaked)).toBe(false);
    expect(await signIn(leaked)).toBeNull();
    expect(await ensure(fresh)).toBe(true);
    expect(await signIn(fresh)).not.toBeNull();
    expect(await signIn(leaked)).toBeNull();
  });

  it('gets the scopes that a newer version brings', async () => {
    const { ensure, signIn, tokens } = world();
    const secret = newSecret();
    await ensure(secret);
    const [token] = await tokens.list();
    if (!token) throw new Error('unreachable');
    await tokens.put({ ...token, scopes: ['admin'] });
    await ensure(secret);
    expect((await signIn(secret))?.scopes).toEqual(new Set(ALL_SCOPES));
  });

  it('refuses a secret that no header can carry, or that is another token’s', async () => {
    const { ensure, tokens } = world();
    for (const secret of ['', 'with space', 'tab\tbed', 'ümlaut', 'x'.repeat(513)]) {
      await expect(ensure(secret)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    }
    const taken = newSecret();
    await ensure(taken);
    const [token] = await tokens.list();
    if (!token) throw new Error('unreachable');
    const other = createMemoryTokenStore();
    await other.create({ ...token, id: 'someone-else' });
    const attempt = ensureBootstrapToken({ tokens: other, clock }, taken);
    await expect(attempt).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('a request that names no ledger', () => {
  it('means the one ledger its token is bound to, else the default one', () => {
    expect(resolveLedger({ ledgers: new Set(['acme']) }, null)).toBe('acme');
    expect(resolveLedger({ ledgers: new Set(['acme', 'globex']) }, null)).toBe('default');
    expect(resolveLedger({ ledgers: '*' }, null)).toBe('default');
    expect(resolveLedger({ ledgers: new Set<string>() }, null)).toBe('default');
    expect(resolveLedger({ ledgers: new Set(['acme']) }, 'globex')).toBe('globex');
  });
});
