import { expect, test } from 'vitest';
import type { StoredToken } from '#server/ports/token-store.ts';
import { createRememberedTokens, REMEMBER_MS } from '#server/storage/remembered-tokens.ts';
import { openMemoryStorage } from '#test/support/memory-storage.ts';
import { NOW } from '#test/support/storage-under-test.ts';

const TOKEN: StoredToken = {
  id: 't',
  name: 'token',
  secretHash: 'h',
  scopes: ['admin'],
  ledgers: ['*'],
  createdAt: NOW,
  expiresAt: null,
  revokedAt: null,
};

async function open() {
  const { tokens } = await openMemoryStorage();
  let now = NOW;
  let asked = 0;
  let told = 0;
  const counted = { ...tokens, findByHash: (hash: string) => ((asked += 1), tokens.findByHash(hash)) };
  const remembered = createRememberedTokens(
    counted,
    () => now,
    () => (told += 1),
  );
  return {
    tokens,
    remembered,
    pass: (ms: number) => (now += ms),
    asked: () => asked,
    told: () => told,
  };
}

test('a token is looked up once a second, and again after it', async () => {
  const { remembered, pass, asked } = await open();
  await remembered.create(TOKEN);
  for (const ms of [0, REMEMBER_MS - 1]) {
    pass(ms);
    expect(await remembered.findByHash('h')).toEqual(TOKEN);
  }
  expect(asked()).toBe(1);
  pass(1);
  expect(await remembered.findByHash('h')).toEqual(TOKEN);
  expect(asked()).toBe(2);
});

test('a token that this process revokes works no more from the next request on', async () => {
  const { remembered, told } = await open();
  await remembered.create(TOKEN);
  await remembered.findByHash('h');
  await remembered.revoke('t', NOW);
  expect((await remembered.findByHash('h'))?.revokedAt).toBe(NOW);
  expect(told()).toBe(2);
});

test('a token that another process revokes works until that is heard of, at most a second', async () => {
  const { remembered, tokens, pass } = await open();
  await remembered.create(TOKEN);
  await remembered.findByHash('h');
  await tokens.revoke('t', NOW);
  remembered.forget();
  expect((await remembered.findByHash('h'))?.revokedAt).toBe(NOW);
  await remembered.put({ ...TOKEN, secretHash: 'i' });
  await remembered.findByHash('i');
  await tokens.revoke('t', NOW);
  pass(REMEMBER_MS);
  expect((await remembered.findByHash('i'))?.revokedAt).toBe(NOW);
});

test('what was read before a change is not remembered after it', async () => {
  const { tokens } = await open();
  await tokens.create(TOKEN);
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow = {
    ...tokens,
    async findByHash(hash: string) {
      const token = await tokens.findByHash(hash);
      await promise;
      return token;
    },
  };
  const remembered = createRememberedTokens(
    slow,
    () => NOW,
    () => undefined,
  );
  const early = remembered.findByHash('h');
  await remembered.revoke('t', NOW);
  resolve();
  await early;
  expect((await remembered.findByHash('h'))?.revokedAt).toBe(NOW);
});

test('an unknown secret is looked up every time', async () => {
  const { remembered, tokens } = await open();
  expect(await remembered.findByHash('h')).toBeNull();
  await tokens.create(TOKEN);
  expect(await remembered.findByHash('h')).toEqual(TOKEN);
});
