import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createPageReader, PAGES_AT_ONCE_MAX } from '#server/index/page-reader.ts';
import { createTurns } from '#server/index/turns.ts';
import type { PageAddress, SegmentInfo } from '#server/ports/segment-store.ts';

/** A store of pages of 100 bytes, that lacks segment 0. */
function pageStore() {
  const calls: [ledgerNo: number, pages: readonly PageAddress[]][] = [];
  let failure: Error | null = null;
  return {
    calls,
    failNext(error: Error) {
      failure = error;
    },
    async read(ledgerNo: number, pages: readonly PageAddress[]) {
      calls.push([ledgerNo, pages]);
      const error = failure;
      failure = null;
      if (error) throw error;
      return pages.map(({ segment, page }) => (segment === 0 ? null : new Uint8Array(100).fill(page)));
    },
  };
}

const infoOf = (id: number): SegmentInfo => ({ id, from: 0, to: 100 });

describe('pages', () => {
  it('that several ask for before they need an answer are read together, each once', async () => {
    const store = pageStore();
    const reader = createPageReader(
      store,
      1e6,
      createTurns(() => 0),
    );
    const ask = async (depth: number, page: number): Promise<number | undefined> => {
      // Some come to their first question later than others, without waiting for anything real.
      for (let step = 0; step < depth; step++) await Promise.resolve();
      return (await reader.read(1, infoOf(5), page))?.[0];
    };
    await nextTurn();
    expect(await Promise.all([ask(0, 1), ask(20, 2), ask(3, 1), ask(7, 3)])).toEqual([1, 2, 1, 3]);
    expect(store.calls).toHaveLength(1);
    expect(store.calls[0]?.[1].map(({ page }) => page).toSorted()).toEqual([1, 2, 3]);
  });

  it('of several ledgers are read apart', async () => {
    const store = pageStore();
    const reader = createPageReader(
      store,
      1e6,
      createTurns(() => 0),
    );
    await Promise.all([1, 2].map(async (ledgerNo) => await reader.read(ledgerNo, infoOf(5), 1)));
    expect(store.calls.map(([ledgerNo]) => ledgerNo)).toEqual([1, 2]);
  });

  it('are asked for in parts where they are many', async () => {
    const store = pageStore();
    const reader = createPageReader(
      store,
      1e6,
      createTurns(() => 0),
    );
    const ask = (count: number) =>
      Promise.all(
        Array.from({ length: count }, async (_, page) => await reader.read(count, infoOf(5), page)),
      );
    await ask(PAGES_AT_ONCE_MAX);
    await ask(PAGES_AT_ONCE_MAX + 1);
    expect(store.calls.map(([, pages]) => pages.length)).toEqual([PAGES_AT_ONCE_MAX, PAGES_AT_ONCE_MAX, 1]);
  });

  it('that were read last stay, but not first ones and not those that are gone', async () => {
    const store = pageStore();
    const reader = createPageReader(
      store,
      250,
      createTurns(() => 0),
    );
    const read = (segment: number, page: number) => reader.read(1, infoOf(segment), page);
    for (const page of [1, 2, 1, 3]) await read(5, page);
    expect(store.calls).toHaveLength(3);
    await read(5, 1);
    expect(store.calls).toHaveLength(3);
    await read(5, 2);
    expect(store.calls).toHaveLength(4);
    for (const [segment, page] of [
      [5, 0],
      [5, 0],
      [0, 1],
      [0, 1],
    ] as const)
      await read(segment, page);
    expect(store.calls).toHaveLength(8);
    expect(await read(0, 1)).toBeNull();
  });

  it('that could not be read are asked for again', async () => {
    const store = pageStore();
    const reader = createPageReader(
      store,
      1e6,
      createTurns(() => 0),
    );
    store.failNext(new Error('down'));
    await expect(reader.read(1, infoOf(5), 1)).rejects.toThrow('down');
    expect((await reader.read(1, infoOf(5), 1))?.[0]).toBe(1);
  });
});
