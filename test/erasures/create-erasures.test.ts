import { describe, expect, it } from 'vitest';
import { erasing, readRecords, startErasing } from '#test/support/erasing.ts';
import { makeEvents, openWithLedgers, recordAll, submit } from '#test/support/ledger-fixture.ts';
import { openSqliteStorage, type SqliteStorage } from '#test/support/sqlite-storage.ts';

const opened = async (change?: Parameters<typeof startErasing>[1]) => {
  const storage = (await openWithLedgers(openSqliteStorage, ['acme'])) as SqliteStorage;
  await submit(storage, 'acme', makeEvents('e', 4));
  await recordAll(storage);
  const process = startErasing(storage, change);
  return { storage, process, records: await readRecords(process.archive, 4) };
};

const sectionsOf = async ({ archive }: ReturnType<typeof startErasing>): Promise<readonly number[]> =>
  (await readRecords(archive, 4)).map(({ sections }) => sections.size);

describe('erasures', () => {
  it('of many who ask at once are each recorded before anything is gone, and all carried out', async () => {
    const seen: (readonly number[])[] = [];
    const { process, records } = await opened(({ recordOperation }) => ({
      recordOperation: async (operation) => {
        seen.push(await sectionsOf(process));
        await recordOperation(operation);
      },
    }));
    await Promise.all(records.map((record) => process.erasures.erase(erasing(record, ['actor']))));
    expect(seen).toEqual([
      [3, 3, 3, 3],
      [2, 3, 3, 3],
      [2, 2, 3, 3],
      [2, 2, 2, 3],
    ]);
    expect(await sectionsOf(process)).toEqual([2, 2, 2, 2]);
    await process.erasures.carryOut();
    expect(await process.store.open()).toEqual([]);
  });

  it('that cannot be recorded erase nothing, and are carried out once that works again', async () => {
    let isBroken = true;
    const { process, records } = await opened(({ recordOperation }) => ({
      recordOperation: async (operation) => {
        if (isBroken) throw new Error('the queue is full');
        await recordOperation(operation);
      },
    }));
    await expect(process.erasures.erase(erasing(records[0]!, ['actor']))).rejects.toThrow(
      'the queue is full',
    );
    expect(await sectionsOf(process)).toEqual([3, 3, 3, 3]);
    await expect(process.erasures.carryOut()).rejects.toThrow('the queue is full');
    isBroken = false;
    await process.erasures.carryOut();
    expect(await sectionsOf(process)).toEqual([2, 3, 3, 3]);
    expect(await process.store.open()).toEqual([]);
    expect(process.recorded.map(({ eventId }) => eventId)).toHaveLength(1);
  });

  it('that cannot be recorded keep no other one from being carried out', async () => {
    let isBroken = true;
    const { process, records } = await opened(({ recordOperation }) => ({
      recordOperation: async (operation) => {
        if (isBroken || operation.details['index'] === 0) throw new Error('it is in quarantine');
        await recordOperation(operation);
      },
    }));
    for (const record of records.slice(0, 2)) {
      await expect(process.erasures.erase(erasing(record, ['actor']))).rejects.toThrow('quarantine');
    }
    isBroken = false;
    await expect(process.erasures.carryOut()).rejects.toThrow('quarantine');
    expect(await sectionsOf(process)).toEqual([3, 2, 3, 3]);
    expect((await process.store.open()).map(({ index }) => index)).toEqual([0]);
  });

  it('are not marked as scrubbed while the index or an export still has what was erased', async () => {
    let isBroken = true;
    const { process, records } = await opened(() => ({
      removeExports: async () => {
        if (isBroken) throw new Error('the folder is read-only');
      },
    }));
    await expect(process.erasures.erase(erasing(records[0]!, ['actor']))).rejects.toThrow('read-only');
    expect(await sectionsOf(process)).toEqual([2, 3, 3, 3]);
    await expect(process.erasures.carryOut()).rejects.toThrow('read-only');
    expect(await process.store.open()).toHaveLength(1);
    isBroken = false;
    await process.erasures.carryOut();
    expect(await process.store.open()).toEqual([]);
  });

  it('stand also where the clock is put back between them', async () => {
    let now = 5000;
    const { process, records } = await opened(() => ({ now: () => now }));
    await process.erasures.erase(erasing(records[0]!, ['actor']));
    now = 6000;
    await process.erasures.carryOut();
    expect(await process.store.open()).toEqual([]);
    now = 1000;
    await process.erasures.erase(erasing(records[1]!, ['actor']));
    const [second] = await process.store.open();
    expect(second?.appliedAt).toBeGreaterThanOrEqual(6000);
    now = 7000;
    await process.erasures.carryOut();
    expect(await process.store.open()).toEqual([]);
  });

  it('of the record of an erasure in the ledger `system` are refused', async () => {
    const { process, records } = await opened();
    await process.erasures.erase(erasing(records[0]!, ['actor']));
    const id = process.recorded[0]?.eventId ?? '';
    const request = { ...erasing(records[1]!, ['actor']), ledger: 'system', eventId: id };
    await expect(process.erasures.erase(request)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(process.recorded).toHaveLength(1);
  });
});
