import { describe, expect, it } from 'vitest';
import { createAuthenticate } from '#server/access/authenticate.ts';
import { may } from '#server/access/caller.ts';
import { hashSecret, SECRET_CHARACTERS_MAX } from '#server/access/secret.ts';
import { newSecret } from '#server/id.ts';
import type { StoredToken } from '#server/ports/token-store.ts';
import { createMemoryTokenStore } from '#test/support/memory-access.ts';

const NOW = 1_000_000;

async function world(changes: Partial<StoredToken> = {}, secret = newSecret()) {
  const tokens = createMemoryTokenStore();
  const token: StoredToken = {
    id: 't-1',
    name: 'Billing',
    secretHash: hashSecret(secret),
    scopes: ['events:write', 'records:read'],
    ledgers: ['acme'],
    createdAt: 0,
    expiresAt: null,
    revokedAt: null,
    ...changes,
  };
  await tokens.create(token);
  return { tokens, secret, authenticate: createAuthenticate({ tokens, clock: () => NOW }) };
}

describe('a token', () => {
  it('gives its caller exactly its scopes on exactly its ledgers', async () => {
    const { authenticate, secret } = await world();
    const caller = await authenticate(`Bearer ${secret}`);
    expect(caller).toEqual({
      tokenId: 't-1',
      name: 'Billing',
      scopes: new Set(['events:write', 'records:read']),
      ledgers: new Set(['acme']),
    });
    if (caller === null) throw new Error('unreachable');
    expect(may(caller, 'events:write')).toBe(true);
    expect(may(caller, 'events:write', 'acme')).toBe(true);
    expect(may(caller, 'events:write', 'other')).toBe(false);
    expect(may(caller, 'events:write', '*')).toBe(false);
    expect(may(caller, 'admin')).toBe(false);
    expect(may(caller, 'admin', 'acme')).toBe(false);
  });

  it('reaches every ledger when it is bound to *', async () => {
    const { authenticate, secret } = await world({ ledgers: ['*'] });
    const caller = await authenticate(`Bearer ${secret}`);
    if (caller === null) throw new Error('unreachable');
    expect(may(caller, 'records:read', 'any')).toBe(true);
    expect(may(caller, 'admin', 'any')).toBe(false);
  });

  it('gives nothing for scopes that this version does not know', async () => {
    const { authenticate, secret } = await world({ scopes: ['records:read', 'toString', 'future:scope'] });
    expect((await authenticate(`Bearer ${secret}`))?.scopes).toEqual(new Set(['records:read']));
  });

  it('stops working when it is revoked, from the next request on', async () => {
    const { authenticate, secret, tokens } = await world();
    expect(await authenticate(`Bearer ${secret}`)).not.toBeNull();
    await tokens.revoke('t-1', NOW);
    expect(await authenticate(`Bearer ${secret}`)).toBeNull();
  });

  it('works until the millisecond before it expires', async () => {
    const last = await world({ expiresAt: NOW + 1 });
    expect(await last.authenticate(`Bearer ${last.secret}`)).not.toBeNull();
    const over = await world({ expiresAt: NOW });
    expect(await over.authenticate(`Bearer ${over.secret}`)).toBeNull();
  });

  it('is not accepted in the place of its secret: neither its hash nor its id signs anyone in', async () => {
    const { authenticate, secret } = await world();
    expect(await authenticate(`Bearer ${hashSecret(secret)}`)).toBeNull();
    expect(await authenticate('Bearer t-1')).toBeNull();
  });
});

describe('the Authorization header', () => {
  it('may write the scheme in any case', async () => {
    const { authenticate, secret } = await world();
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      expect(await authenticate(`${scheme} ${secret}`)).not.toBeNull();
    }
  });

  it('is refused in every other form', async () => {
    const { authenticate, secret } = await world();
    const forms = [
      null,
      '',
      'Bearer',
      'Bearer ',
      secret,
      `Basic ${secret}`,
      `Bearer${secret}`,
      `Bearer  ${secret}`,
      `Bearer ${secret} `,
      ` Bearer ${secret}`,
      `Bearer\t${secret}`,
      `Bearer ${secret},Bearer ${secret}`,
      `Bearer ${secret}\n`,
      `Bearer ${secret}\u0000`,
      `Bearer é${secret}`,
      `Token ${secret}`,
    ];
    for (const form of forms) expect(await authenticate(form), JSON.stringify(form)).toBeNull();
  });

  it('takes a secret as long as the limit and refuses one longer without looking it up', async () => {
    const longest = 'x'.repeat(SECRET_CHARACTERS_MAX);
    const { authenticate } = await world({}, longest);
    expect(await authenticate(`Bearer ${longest}`)).not.toBeNull();
    let lookups = 0;
    const counting = createAuthenticate({
      tokens: {
        findByHash: async () => {
          lookups += 1;
          return null;
        },
      },
      clock: () => NOW,
    });
    expect(await counting(`Bearer ${longest}x`)).toBeNull();
    expect(await counting(`Bearer ${'x'.repeat(1_000_000)}`)).toBeNull();
    expect(lookups).toBe(0);
  });
});
