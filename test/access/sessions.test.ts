import { describe, expect, it } from 'vitest';
import { hashSecret } from '#server/access/secret.ts';
import {
  createSessions,
  SESSION_IDLE_MS,
  SESSION_MAX_MS,
  SESSION_RENEW_MS,
  SESSIONS_PER_TOKEN_MAX,
} from '#server/access/sessions.ts';
import { AppError } from '#server/errors.ts';
import { createUuidv7Source, newSecret } from '#server/id.ts';
import type { Operation, RecordOperation } from '#server/ports/system-log.ts';
import type { StoredToken } from '#server/ports/token-store.ts';
import { createMemorySessionStore, createMemoryTokenStore } from '#test/support/memory-access.ts';

const NOW = 1_000_000_000;
const TOKEN_SECRET = 'the-secret-of-the-token';

interface WorldOptions {
  readonly token?: Partial<StoredToken>;
  readonly recordOperation?: RecordOperation;
}

async function world({ token = {}, recordOperation }: WorldOptions = {}) {
  const tokens = createMemoryTokenStore();
  const stored: StoredToken = {
    id: 't-1',
    name: 'Auditor',
    secretHash: hashSecret(TOKEN_SECRET),
    scopes: ['records:read'],
    ledgers: ['acme'],
    createdAt: 0,
    expiresAt: null,
    revokedAt: null,
    ...token,
  };
  await tokens.create(stored);
  const store = createMemorySessionStore();
  const recorded: Operation[] = [];
  const warned: unknown[] = [];
  let now = NOW;
  const sessions = createSessions({
    store,
    tokens,
    clock: () => now,
    newId: createUuidv7Source(),
    newSecret,
    recordOperation: recordOperation ?? (async (operation) => void recorded.push(operation)),
    log: { warn: (...line: unknown[]) => void warned.push(line) },
  });
  const start = async (): Promise<string> => {
    const started = await sessions.start(TOKEN_SECRET);
    if (started === null) throw new Error('No session was started.');
    return started.secret;
  };
  return {
    tokens,
    stored,
    store,
    sessions,
    recorded,
    warned,
    start,
    moveTo: (at: number) => void (now = at),
  };
}

describe('a session', () => {
  it('can do what its token can, and says when it ends', async () => {
    const { sessions, start } = await world();
    expect(await sessions.recognize(await start())).toEqual({
      tokenId: 't-1',
      name: 'Auditor',
      scopes: new Set(['records:read']),
      ledgers: new Set(['acme']),
      session: { expiresAt: NOW + SESSION_IDLE_MS },
    });
  });

  it('is kept by the hash of its secret, and of its token’s', async () => {
    const { store, start } = await world();
    const secret = await start();
    expect(store.kept()).toMatchObject([
      { secretHash: hashSecret(secret), tokenHash: hashSecret(TOKEN_SECRET) },
    ]);
    expect(JSON.stringify(store.kept())).not.toContain(secret);
  });

  it.each([
    ['a wrong secret', 'wrong', {}],
    ['nothing', '', {}],
    ['a secret that no token can have', 'é'.repeat(10), {}],
    ['the hash of the secret', hashSecret(TOKEN_SECRET), {}],
    ['a revoked token', TOKEN_SECRET, { revokedAt: NOW }],
    ['an expired token', TOKEN_SECRET, { expiresAt: NOW }],
  ])('is not started for %s', async (_what, secret, token) => {
    const { sessions, store, recorded } = await world({ token });
    expect(await sessions.start(secret)).toBeNull();
    expect([store.kept(), recorded]).toEqual([[], []]);
  });

  it('can be started for a token that is known by its id', async () => {
    const { sessions } = await world();
    const started = await sessions.startOf('t-1');
    expect(await sessions.recognize(started?.secret ?? '')).toMatchObject({ tokenId: 't-1' });
    expect(await sessions.startOf('t-2')).toBeNull();
  });

  it('is over when nobody used it for a while', async () => {
    const { sessions, start, moveTo } = await world();
    const secret = await start();
    moveTo(NOW + SESSION_IDLE_MS);
    expect(await sessions.recognize(secret)).toBeNull();
  });

  it('goes on while it is used, up to its longest time', async () => {
    const { sessions, start, moveTo } = await world();
    const secret = await start();
    const end = NOW + SESSION_MAX_MS;
    for (let at = NOW; at < end; at += SESSION_IDLE_MS / 2) {
      moveTo(at);
      const expiresAt = Math.min(at + SESSION_IDLE_MS, end);
      expect(await sessions.recognize(secret)).toMatchObject({ session: { expiresAt } });
    }
    moveTo(end - 1);
    expect(await sessions.recognize(secret)).not.toBeNull();
    moveTo(end);
    expect(await sessions.recognize(secret)).toBeNull();
  });

  it('is written no more often than every quarter of an hour', async () => {
    const { sessions, start, moveTo, store } = await world();
    const secret = await start();
    moveTo(NOW + SESSION_RENEW_MS - 1);
    await sessions.recognize(secret);
    expect(store.kept()[0]?.expiresAt).toBe(NOW + SESSION_IDLE_MS);
    moveTo(NOW + SESSION_RENEW_MS);
    await sessions.recognize(secret);
    expect(store.kept()[0]?.expiresAt).toBe(NOW + SESSION_RENEW_MS + SESSION_IDLE_MS);
  });

  it('serves the request all the same where it cannot be renewed', async () => {
    const { store, sessions, start, moveTo, warned } = await world();
    const secret = await start();
    store.renew = async () => {
      throw new AppError('STORAGE_UNAVAILABLE');
    };
    moveTo(NOW + SESSION_RENEW_MS);
    expect(await sessions.recognize(secret)).not.toBeNull();
    await expect.poll(() => warned).toHaveLength(1);
  });

  it('ends with its token: when that is revoked, expires, or gets another secret', async () => {
    const revoked = await world();
    const first = await revoked.start();
    await revoked.tokens.revoke('t-1', NOW);
    expect(await revoked.sessions.recognize(first)).toBeNull();

    const expiring = await world({ token: { expiresAt: NOW + 10 } });
    const second = await expiring.start();
    expect(await expiring.sessions.recognize(second)).toMatchObject({ session: { expiresAt: NOW + 10 } });
    expiring.moveTo(NOW + 10);
    expect(await expiring.sessions.recognize(second)).toBeNull();

    const changed = await world();
    const third = await changed.start();
    await changed.tokens.put({ ...changed.stored, secretHash: hashSecret('another') });
    expect(await changed.sessions.recognize(third)).toBeNull();
  });

  it('that is ended is over at once, and no other one with it', async () => {
    const { sessions, start } = await world();
    const [one, other] = [await start(), await start()];
    await sessions.end(one);
    expect(await sessions.recognize(one)).toBeNull();
    expect(await sessions.recognize(other)).not.toBeNull();
  });

  it('is no token, and a token is no session', async () => {
    const { sessions, start } = await world();
    expect(await sessions.recognize(TOKEN_SECRET)).toBeNull();
    expect(await sessions.start(await start())).toBeNull();
  });

  it('ends where its token starts more than it may have: the oldest', async () => {
    const { sessions, start, moveTo } = await world();
    const secrets: string[] = [];
    for (let i = 0; i <= SESSIONS_PER_TOKEN_MAX; i++) {
      moveTo(NOW + i);
      secrets.push(await start());
    }
    const known = await Promise.all(secrets.map((secret) => sessions.recognize(secret)));
    expect(known.map((caller) => caller !== null)).toEqual([
      false,
      ...Array.from({ length: SESSIONS_PER_TOKEN_MAX }, () => true),
    ]);
  });
});

describe('the ledger of the appliance', () => {
  it('has who signed in and out, and under which id', async () => {
    const { sessions, start, recorded, store } = await world();
    const secret = await start();
    const id = store.kept()[0]?.id;
    await sessions.end(secret);
    await sessions.end(secret);
    const common = {
      status: 'SUCCESS',
      caller: { tokenId: 't-1', name: 'Auditor' },
      ledger: 'system',
      target: { id, type: 'session' },
    };
    expect(recorded).toMatchObject([
      { action: 'session.start', ...common },
      { action: 'session.end', ...common },
    ]);
    expect(JSON.stringify(recorded)).not.toContain(secret);
    expect(JSON.stringify(recorded)).not.toContain(hashSecret(secret));
  });

  it('keeps nobody out where it cannot be written: the log says so', async () => {
    const recordOperation = async () => {
      throw new AppError('APPLIANCE_READ_ONLY');
    };
    const { sessions, start, warned } = await world({ recordOperation });
    const secret = await start();
    expect(await sessions.recognize(secret)).not.toBeNull();
    expect(warned).toMatchObject([[{ action: 'session.start', tokenId: 't-1' }, expect.any(String)]]);
  });

  it('keeps nobody waiting for long', async () => {
    const { start, sessions } = await world({ recordOperation: () => new Promise(() => undefined) });
    const begun = performance.now();
    expect(await sessions.recognize(await start())).not.toBeNull();
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});
