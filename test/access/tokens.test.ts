import { describe, expect, it } from 'vitest';
import { createAuthenticate } from '#server/access/authenticate.ts';
import type { Caller } from '#server/access/caller.ts';
import { ALL_SCOPES, type Scope } from '#server/access/scopes.ts';
import {
  createTokens,
  type NewToken,
  TOKEN_LEDGERS_MAX,
  TOKEN_NAME_CHARACTERS_MAX,
} from '#server/access/tokens.ts';
import { createUuidv7Source, newSecret } from '#server/id.ts';
import { createMemoryCatalog, createMemoryTokenStore } from '#test/support/memory-access.ts';

const NOW = 1_700_000_000_000;
const WANTED: NewToken = { name: 'Billing', scopes: ['events:write'], ledgers: ['acme'], expiresAt: null };

function caller(scopes: readonly Scope[], ledgers: '*' | readonly string[]): Caller {
  return {
    tokenId: 'root',
    name: 'root',
    scopes: new Set(scopes),
    ledgers: ledgers === '*' ? '*' : new Set(ledgers),
  };
}

const ROOT = caller(ALL_SCOPES, '*');

function world(ledgerIds: readonly string[] = ['acme', 'globex']) {
  const store = createMemoryTokenStore();
  const catalog = createMemoryCatalog(ledgerIds);
  const newId = createUuidv7Source();
  const tokens = createTokens({ store, catalog, clock: () => NOW, newId, newSecret });
  return { store, tokens, authenticate: createAuthenticate({ tokens: store, clock: () => NOW }) };
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => {
      throw new Error('It was not refused');
    },
    (error: unknown) => {
      const { code, inputPath, message } = error as { code: string; inputPath: string[]; message: string };
      return { code, path: inputPath, message };
    },
  );
}

describe('creating a token', () => {
  it('gives a secret that works at once and is stored as a hash only', async () => {
    const { tokens, store, authenticate } = world();
    const { token, secret } = await tokens.create(ROOT, WANTED);
    expect(await authenticate(`Bearer ${secret}`)).toMatchObject({ tokenId: token.id, name: 'Billing' });
    expect(JSON.stringify(await store.list())).not.toContain(secret);
    expect(token).toMatchObject({
      createdAt: NOW,
      expiresAt: null,
      revokedAt: null,
      scopes: ['events:write'],
    });
  });

  it('keeps repeated scopes and ledgers once', async () => {
    const wanted = { ...WANTED, scopes: ['events:write', 'events:write'], ledgers: ['acme', 'acme'] };
    const { token } = await world().tokens.create(ROOT, wanted);
    expect(token).toMatchObject({ scopes: ['events:write'], ledgers: ['acme'] });
  });

  it('is refused without the scope admin, whatever else the caller may do', async () => {
    const others = caller(
      ALL_SCOPES.filter((scope) => scope !== 'admin'),
      '*',
    );
    expect(await errorOf(world().tokens.create(others, WANTED))).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('grants only scopes that the caller has itself', async () => {
    const { tokens } = world();
    const admin = caller(['admin', 'events:write'], '*');
    await tokens.create(admin, WANTED);
    expect(
      await errorOf(tokens.create(admin, { ...WANTED, scopes: ['events:write', 'records:read'] })),
    ).toEqual({
      code: 'FORBIDDEN',
      path: ['scopes'],
      message: 'The token cannot grant what it lacks: records:read.',
    });
  });

  it('answers for a ledger out of reach exactly as for one that does not exist', async () => {
    const { tokens } = world();
    const admin = caller(ALL_SCOPES, ['acme']);
    const foreign = await errorOf(tokens.create(admin, { ...WANTED, ledgers: ['globex'] }));
    const missing = await errorOf(tokens.create(admin, { ...WANTED, ledgers: ['nowhere'] }));
    expect(foreign).toEqual(missing);
    expect(foreign).toMatchObject({ code: 'LEDGER_NOT_FOUND', path: ['ledgers'] });
    expect(await errorOf(tokens.create(ROOT, { ...WANTED, ledgers: ['nowhere'] }))).toEqual(missing);
  });

  it('lets only a token on all ledgers grant all ledgers', async () => {
    const { tokens } = world();
    await tokens.create(ROOT, { ...WANTED, ledgers: ['*'] });
    const bound = caller(ALL_SCOPES, ['acme', 'globex']);
    expect(await errorOf(tokens.create(bound, { ...WANTED, ledgers: ['*'] }))).toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  it.each<[string, Partial<NewToken>, string]>([
    ['an empty name', { name: '' }, 'name'],
    ['a name with a lone surrogate', { name: '\ud800' }, 'name'],
    ['a name with U+0000, which Postgres cannot store', { name: 'a\u0000b' }, 'name'],
    ['a name over the limit', { name: 'n'.repeat(TOKEN_NAME_CHARACTERS_MAX + 1) }, 'name'],
    [
      'a name over the limit in wide characters',
      { name: '😀'.repeat(TOKEN_NAME_CHARACTERS_MAX + 1) },
      'name',
    ],
    ['no scope', { scopes: [] }, 'scopes'],
    ['an unknown scope', { scopes: ['events:read'] }, 'scopes'],
    ['the name of an inherited member as scope', { scopes: ['constructor'] }, 'scopes'],
    ['no ledger', { ledgers: [] }, 'ledgers'],
    ['all ledgers beside one', { ledgers: ['*', 'acme'] }, 'ledgers'],
    [
      'too many ledgers',
      { ledgers: Array.from({ length: TOKEN_LEDGERS_MAX + 1 }, (_, i) => `l-${i}`) },
      'ledgers',
    ],
    ['an expiry that is now', { expiresAt: NOW }, 'expiresAt'],
    ['an expiry that is no number', { expiresAt: Number.NaN }, 'expiresAt'],
  ])('refuses %s', async (_, change, argument) => {
    const { tokens, store } = world();
    expect(await errorOf(tokens.create(ROOT, { ...WANTED, ...change }))).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: [argument],
    });
    expect(await store.list()).toEqual([]);
  });

  it('takes a name, a number of ledgers and an expiry at the limit', async () => {
    const ids = Array.from({ length: TOKEN_LEDGERS_MAX }, (_, i) => `l-${i}`);
    const { tokens } = world(ids);
    const name = '😀'.repeat(TOKEN_NAME_CHARACTERS_MAX);
    const { token } = await tokens.create(ROOT, { ...WANTED, name, ledgers: ids, expiresAt: NOW + 1 });
    expect(token).toMatchObject({ name, ledgers: ids, expiresAt: NOW + 1 });
  });
});

describe('revoking a token', () => {
  it('ends it at once, and a second time changes nothing', async () => {
    const { tokens, authenticate } = world();
    const { token, secret } = await tokens.create(ROOT, WANTED);
    expect(await tokens.revoke(ROOT, token.id)).toMatchObject({ id: token.id, revokedAt: NOW });
    expect(await authenticate(`Bearer ${secret}`)).toBeNull();
    expect(await tokens.revoke(ROOT, token.id)).toMatchObject({ revokedAt: NOW });
  });

  it('answers for a token with a ledger out of reach exactly as for one that does not exist', async () => {
    const { tokens, authenticate } = world();
    const admin = caller(ALL_SCOPES, ['acme']);
    const missing = await errorOf(tokens.revoke(admin, 'no-such-token'));
    for (const ledgers of [['globex'], ['acme', 'globex'], ['*']]) {
      const { token, secret } = await tokens.create(ROOT, { ...WANTED, ledgers });
      expect(await errorOf(tokens.revoke(admin, token.id))).toEqual(missing);
      expect(await authenticate(`Bearer ${secret}`)).not.toBeNull();
    }
    const own = await tokens.create(ROOT, WANTED);
    expect(await tokens.revoke(admin, own.token.id)).toMatchObject({ revokedAt: NOW });
  });

  it('is refused without the scope admin', async () => {
    const { tokens } = world();
    const { token } = await tokens.create(ROOT, WANTED);
    expect(await errorOf(tokens.revoke(caller(['records:read'], '*'), token.id))).toMatchObject({
      code: 'FORBIDDEN',
    });
  });
});

describe('listing tokens', () => {
  it('shows those within the caller’s ledgers and no others', async () => {
    const { tokens } = world();
    for (const ledgers of [['acme'], ['globex'], ['acme', 'globex'], ['*']]) {
      await tokens.create(ROOT, { ...WANTED, name: ledgers.join('+'), ledgers });
    }
    const names = async (who: Caller) => (await tokens.list(who)).map(({ name }) => name);
    expect(await names(ROOT)).toEqual(['acme', 'globex', 'acme+globex', '*']);
    expect(await names(caller(ALL_SCOPES, ['acme']))).toEqual(['acme']);
    expect(await errorOf(tokens.list(caller(['records:read'], '*')))).toMatchObject({ code: 'FORBIDDEN' });
  });
});
