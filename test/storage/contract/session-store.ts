import { describe, expect, it } from 'vitest';
import type { StoredSession } from '#server/ports/session-store.ts';
import type { OpenSessionStorage } from '#test/support/session-storage.ts';

const MAX = 100;

const makeSession = (id: string, change: Partial<StoredSession> = {}): StoredSession => ({
  id,
  secretHash: `hash of ${id}`,
  tokenHash: 'hash of a token',
  createdAt: 1_000,
  expiresAt: 2_000,
  ...change,
});

/** What the session store promises. */
export function describeSessionStore(name: string, open: OpenSessionStorage): void {
  describe(`the session store on ${name}`, () => {
    it('keeps sessions, as another process sees at once, and finds them by their hash only', async () => {
      const { sessions, beside } = await open();
      const late = makeSession('b', { createdAt: 1_500, expiresAt: 2 ** 53 - 1, tokenHash: 'other' });
      await sessions.create(makeSession('a'), MAX);
      await sessions.create(late, MAX);
      const other = beside().sessions;
      expect(await other.findByHash('hash of a')).toEqual(makeSession('a'));
      expect(await other.findByHash('hash of b')).toEqual(late);
      for (const hash of ['a', 'hash of a token', 'other', '', 'HASH OF A']) {
        expect(await other.findByHash(hash), hash).toBeNull();
      }
    });

    it('gives an expired session until a later one is created: then it is gone', async () => {
      const { sessions } = await open();
      await sessions.create(makeSession('over', { expiresAt: 3_000 }), MAX);
      await sessions.create(makeSession('open', { expiresAt: 3_001 }), MAX);
      expect(await sessions.findByHash('hash of over')).not.toBeNull();
      await sessions.create(makeSession('new', { createdAt: 3_000, expiresAt: 9_000 }), MAX);
      expect(await sessions.findByHash('hash of over')).toBeNull();
      expect(await sessions.findByHash('hash of open')).not.toBeNull();
    });

    it('keeps the newest of a token up to the limit, and leaves those of others alone', async () => {
      const { sessions } = await open();
      await sessions.create(makeSession('other', { tokenHash: 'other', createdAt: 1 }), 3);
      for (const id of ['a', 'b', 'c', 'd', 'e']) {
        await sessions.create(makeSession(id, { createdAt: 1_000 + id.charCodeAt(0) }), 3);
      }
      const kept = [];
      for (const id of ['other', 'a', 'b', 'c', 'd', 'e']) {
        if ((await sessions.findByHash(`hash of ${id}`)) !== null) kept.push(id);
      }
      expect(kept).toEqual(['other', 'c', 'd', 'e']);
    });

    it('keeps the one that was created last where many are of the same time', async () => {
      const { sessions } = await open();
      for (const id of ['a', 'b', 'c']) await sessions.create(makeSession(id), 1);
      expect(await sessions.findByHash('hash of c')).toEqual(makeSession('c'));
      expect(await sessions.findByHash('hash of b')).toBeNull();
    });

    it('refuses a second session with an id or a secret that exists, and removes nothing then', async () => {
      const { sessions } = await open();
      await sessions.create(makeSession('a'), MAX);
      const late = { createdAt: 5_000, expiresAt: 6_000 };
      await sessions.create(makeSession('c', { expiresAt: 9_000 }), MAX);
      for (const refused of [
        makeSession('c', { ...late, secretHash: 'another' }),
        makeSession('d', { ...late, secretHash: 'hash of c' }),
      ]) {
        await expect(sessions.create(refused, 1)).rejects.toThrow();
      }
      // It had expired, and nothing of what was refused was done.
      expect(await sessions.findByHash('hash of a')).toEqual(makeSession('a'));
      expect(await sessions.findByHash('hash of c')).toMatchObject({ id: 'c', expiresAt: 9_000 });
    });

    it('moves an end to later times only', async () => {
      const { sessions } = await open();
      await sessions.create(makeSession('a'), MAX);
      await sessions.create(makeSession('b'), MAX);
      await sessions.renew('a', 5_000);
      await sessions.renew('a', 4_000);
      await sessions.renew('missing', 4_000);
      expect(await sessions.findByHash('hash of a')).toEqual(makeSession('a', { expiresAt: 5_000 }));
      expect(await sessions.findByHash('hash of b')).toEqual(makeSession('b'));
    });

    it('ends a session everywhere and for ever: a renewal under way does not bring it back', async () => {
      const { sessions, beside } = await open();
      for (const id of ['a', 'b']) await sessions.create(makeSession(id), MAX);
      const other = beside().sessions;
      expect(await sessions.end('a')).toBe(true);
      expect(await other.end('a')).toBe(false);
      await other.renew('a', 9_000);
      expect(await other.findByHash('hash of a')).toBeNull();
      expect(await other.findByHash('hash of b')).not.toBeNull();
    });

    it('takes sessions from two processes at once', async () => {
      const here = await open();
      const stores = [here.sessions, here.beside().sessions];
      await here.sessions.create(makeSession('over', { expiresAt: 1_000 }), MAX);
      const ids = Array.from({ length: 20 }, (_, i) => `s${i}`);
      await Promise.all(ids.map((id, i) => (stores[i % 2] ?? here.sessions).create(makeSession(id), MAX)));
      for (const id of ids) expect(await here.sessions.findByHash(`hash of ${id}`)).not.toBeNull();
      expect(await here.sessions.findByHash('hash of over')).toBeNull();
    });
  });
}
