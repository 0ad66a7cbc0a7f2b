import { describe, expect, it } from 'vitest';
import type { StoredToken } from '#server/ports/token-store.ts';
import { codeOf } from '#test/support/ledger-fixture.ts';
import type { OpenStorage } from '#test/support/storage-under-test.ts';

const makeToken = (id: string, change: Partial<StoredToken> = {}): StoredToken => ({
  id,
  name: `token "${id}" ☃`,
  secretHash: id.padEnd(64, '0'),
  scopes: ['events:write', 'records:read'],
  ledgers: ['acme', '*'],
  createdAt: 1000,
  expiresAt: null,
  revokedAt: null,
  ...change,
});

/** What the token store promises. */
export function describeTokenStore(open: OpenStorage): void {
  describe('the token store', () => {
    it('keeps tokens through a kill and finds them by id and by hash', async () => {
      const storage = await open();
      const [a, b] = [makeToken('a'), makeToken('b', { expiresAt: 5000, scopes: [], ledgers: [] })];
      for (const token of [a, b]) await storage.tokens.create(token);
      const { tokens } = await storage.restart();
      expect(await tokens.find('a')).toEqual(a);
      expect(await tokens.findByHash(b.secretHash)).toEqual(b);
      expect(await tokens.find('c')).toBeNull();
      expect(await tokens.findByHash('a')).toBeNull();
    });

    it('lists tokens in the order they were made', async () => {
      const { tokens } = await open();
      for (const [id, createdAt] of Object.entries({ z: 1, b: 3, a: 3, m: 2 })) {
        await tokens.create(makeToken(id, { createdAt }));
      }
      expect((await tokens.list()).map(({ id }) => id)).toEqual(['z', 'm', 'a', 'b']);
    });

    it('refuses a second token with an id or a secret that exists', async () => {
      const { tokens } = await open();
      await tokens.create(makeToken('a'));
      await expect(tokens.create(makeToken('a', { secretHash: 'f' }))).rejects.toThrow();
      await expect(
        tokens.create(makeToken('b', { secretHash: makeToken('a').secretHash })),
      ).rejects.toThrow();
      expect(await tokens.list()).toEqual([makeToken('a')]);
    });

    it('replaces a token whole when it is put again, so that its old secret is worth nothing', async () => {
      const { tokens } = await open();
      const old = makeToken('a', { revokedAt: 2000, expiresAt: 3000 });
      const fresh = makeToken('a', { secretHash: 'f'.repeat(64), scopes: ['admin'] });
      await tokens.put(old);
      await tokens.put(fresh);
      expect(await tokens.list()).toEqual([fresh]);
      expect(await tokens.findByHash(old.secretHash)).toBeNull();
    });

    it('keeps the old token when the one to replace it is refused', async () => {
      const { tokens } = await open();
      for (const id of ['a', 'b']) await tokens.create(makeToken(id));
      await expect(tokens.put(makeToken('a', { secretHash: makeToken('b').secretHash }))).rejects.toThrow();
      expect(await tokens.find('a')).toEqual(makeToken('a'));
    });

    it('revokes a token once and for all, durably', async () => {
      const storage = await open();
      await storage.tokens.create(makeToken('a'));
      const revoked = makeToken('a', { revokedAt: 2000 });
      expect(await storage.tokens.revoke('a', 2000)).toEqual(revoked);
      expect(await storage.tokens.revoke('a', 3000)).toEqual(revoked);
      const { tokens } = await storage.restart();
      expect(await tokens.findByHash(revoked.secretHash)).toEqual(revoked);
      expect(await codeOf(tokens.revoke('b', 2000))).toBe('TOKEN_NOT_FOUND');
    });
  });
}
