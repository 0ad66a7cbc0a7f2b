import { describe, expect, it } from 'vitest';
import { createCreateLedger } from '#server/ledgers/create-ledger.ts';
import { sha256 } from '#server/sha256.ts';
import { KEYS, openWithLedgers } from '#test/support/ledger-fixture.ts';
import { openSqliteStorage } from '#test/support/sqlite-storage.ts';
import { NOW } from '#test/support/storage-under-test.ts';

describe('creating a ledger', () => {
  it.each([
    ['an id of other characters', 'a+b', null, 'BAD_USER_INPUT'],
    ['an id that is taken', 'acme', null, 'LEDGER_EXISTS'],
    ['a name over the limit', 'new', 'x'.repeat(1025), 'BAD_USER_INPUT'],
    ['a name that would not be kept as it is', 'new', 'half \ud83d', 'BAD_USER_INPUT'],
    ['a name with U+0000, which Postgres cannot store', 'new', 'a\u0000b', 'BAD_USER_INPUT'],
  ])('is refused for %s', async (_what, id, name, code) => {
    const { catalog } = await openWithLedgers(openSqliteStorage, ['acme']);
    const create = createCreateLedger({
      catalog,
      keys: KEYS,
      sha256,
      clock: () => NOW,
      originPrefix: 'here',
    });
    await expect(create(id, name)).rejects.toMatchObject({ code });
    expect((await catalog.list()).map((ledger) => ledger.id)).toEqual(['acme']);
  });

  it('keeps id and name exactly, and an origin and a key of its own', async () => {
    const { catalog } = await openWithLedgers(openSqliteStorage, ['acme']);
    const create = createCreateLedger({
      catalog,
      keys: KEYS,
      sha256,
      clock: () => NOW,
      originPrefix: 'here',
    });
    const created = await create('Acme', ' <b>\u0001\u{1f600}'.padEnd(1024, 'x'));
    expect(await catalog.find('Acme')).toEqual(created);
    expect(created).toMatchObject({ id: 'Acme', origin: 'here/Acme', createdAt: NOW });
  });
});
