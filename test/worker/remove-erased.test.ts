import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSegmentBuilder } from '#server/index/build-segment.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';
import { sha256 } from '#server/sha256.ts';
import { createSqliteErasureStore } from '#server/storage/sqlite/erasure-store.ts';
import { createSqliteRecordSource } from '#server/storage/sqlite/record-source.ts';
import { openSegmentStore } from '#server/storage/sqlite/segment-store.ts';
import { removeErased } from '#server/worker/remove-erased.ts';
import { findTraces } from '#test/support/erasing.ts';
import { makeEvent, openWithLedgers, recordAll, submit } from '#test/support/ledger-fixture.ts';
import { openSqliteStorage, type SqliteStorage } from '#test/support/sqlite-storage.ts';

/** Words that share no beginning: a dictionary keeps that once. */
const wordOf = (index: number): string => `${String.fromCodePoint(0x61 + (index % 26))}${index}word`;

/** A ledger of thirty records whose index has three segments, and what erases in it. */
async function indexedLedger() {
  const storage = (await openWithLedgers(openSqliteStorage, ['acme'])) as SqliteStorage;
  const events = Array.from({ length: 30 }, (_, i) => makeEvent(`e${i}`, { note: wordOf(i) }));
  await submit(storage, 'acme', events);
  await recordAll(storage);
  const source = createSqliteRecordSource(storage.db);
  const folder = dirname(storage.file);
  const file = join(folder, 'index.db');
  const store = openSegmentStore({ file, format: 1, owner: 'test', onMade: () => undefined });
  onTestFinished(() => store.close());
  const fill = async (from: number, to: number): Promise<void> => {
    const builder = createSegmentBuilder(sha256, from);
    for (const record of await source.read(1, from, to)) builder.add(record);
    expect(await store.put(1, { from, to, pages: builder.finish() })).toBe(true);
  };
  for (const from of [0, 10, 20]) await fill(from, from + 10);
  const erasures = createSqliteErasureStore(storage.db);
  const erase = async (index: number): Promise<void> => {
    const erasure = { id: `erasure-${index}`, ledgerNo: 1, index, sections: ['details'] as const };
    await erasures.note({ ...erasure, requestedBy: 't', event: '{}', requestedAt: 1 });
    await erasures.apply(erasure.id, 1);
  };
  const ends = async (): Promise<readonly number[]> => (await store.list(1)).map(({ to }) => to);
  return { deps: { store, source, sha256 }, store, folder, fill, erase, ends };
}

describe('what was erased', () => {
  it('is taken out of its segment, which is put anew, and the others stay; once and not again', async () => {
    const { deps, store, erase, ends } = await indexedLedger();
    const idsBefore = (await store.list(1)).map(({ id }) => id);
    await erase(13);
    expect(await removeErased(deps, 1, [13])).toBe(true);
    expect(await ends()).toEqual([10, 20, 30]);
    const ids = (await store.list(1)).map(({ id }) => id);
    expect(ids.map((id, at) => id === idsBefore[at])).toEqual([true, false, true]);
    expect(await removeErased(deps, 1, [13])).toBe(false);
  });

  it('is looked for in the segments of the records that are named', async () => {
    const { deps, erase, ends } = await indexedLedger();
    await erase(25);
    await erase(12);
    expect(await removeErased(deps, 1, [3, 40])).toBe(false);
    expect(await removeErased(deps, 1, [25, 3, 12])).toBe(true);
    expect(await ends()).toEqual([10, 20, 30]);
    expect(await removeErased(deps, 1, [25, 3, 12])).toBe(false);
  });

  it('is removed with all that follow where somebody else puts segments meanwhile', async () => {
    const { deps, erase, ends } = await indexedLedger();
    await erase(13);
    const store: SegmentStore = { ...deps.store, put: async () => false };
    expect(await removeErased({ ...deps, store }, 1, [13])).toBe(true);
    expect(await ends()).toEqual([10]);
  });

  it('is waited for while another process builds segments of the ledger, and the claim ends', async () => {
    const { deps, erase, ends } = await indexedLedger();
    await erase(5);
    let [refusals, released] = [2, 0];
    const store: SegmentStore = {
      ...deps.store,
      claim: async () => {
        if (refusals-- > 0) return null;
        return async () => void (released += 1);
      },
    };
    expect(await removeErased({ ...deps, store }, 1, [5])).toBe(true);
    expect([await ends(), released, refusals]).toEqual([[10, 20, 30], 1, -1]);
  });

  it('is in no file of the index once that is scrubbed, and the rest is as it was', async () => {
    const { deps, store, folder, erase, ends } = await indexedLedger();
    const traces = new Map([['the word', Buffer.from(wordOf(25))]]);
    expect(findTraces(folder, traces).join('\n')).toMatch(/index\.db/);
    await erase(25);
    await removeErased(deps, 1, [25]);
    const infos = await store.list(1);
    const pages = await store.read(1, [{ segment: infos[0]!.id, page: 0 }]);
    await store.scrub();
    expect(findTraces(folder, traces).filter((trace) => trace.includes('index.db'))).toEqual([]);
    expect(await ends()).toEqual([10, 20, 30]);
    expect(await store.list(1)).toEqual(infos);
    expect(await store.read(1, [{ segment: infos[0]!.id, page: 0 }])).toEqual(pages);
  });
});
