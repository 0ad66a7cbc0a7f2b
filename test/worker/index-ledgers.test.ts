import { describe, expect, it } from 'vitest';
import { buildSegment } from '#server/index/build-segment.ts';
import { SEGMENT_RECORDS_MAX as MAX } from '#server/index/segment.ts';
import type { SegmentStore } from '#server/ports/segment-store.ts';
import { sha256 } from '#server/sha256.ts';
import { PARTIAL_DELAY_MS } from '#server/worker/index-ledger.ts';
import { PARTIAL_BYTES_MIN, PARTIAL_RECORDS_MIN as MIN } from '#server/worker/plan-segment.ts';
import { createMemorySegmentStore } from '#test/support/memory-segment-store.ts';
import { LARGE, openStage, outage, POLL_MS, recordsOf } from './index-stage.ts';

const openInMemory = (...sizes: readonly number[]) => openStage(createMemorySegmentStore(), sizes);

describe('the index stage', () => {
  it('makes full segments at once, and a partial one of the rest a second later', async () => {
    const stage = openInMemory(2 * MAX + MIN);
    stage.run();
    expect(await stage.time.untilWaiting()).toBe(PARTIAL_DELAY_MS);
    expect(await stage.ranges()).toEqual([`0-${MAX}`, `${MAX}-${2 * MAX}`]);
    await stage.time.passToNextTimer();
    expect(await stage.time.untilWaiting()).toBe(POLL_MS);
    expect(await stage.ranges()).toEqual([`0-${MAX}`, `${MAX}-${2 * MAX}`, `${2 * MAX}-${2 * MAX + MIN}`]);
  });

  it('leaves fewer records than a partial segment is made for', async () => {
    const stage = openInMemory(MIN - 1);
    const indexing = stage.run();
    expect(await stage.time.untilWaiting()).toBe(POLL_MS);
    expect(await stage.ranges()).toEqual([]);
    expect(indexing.status()).toMatchObject({ state: 'CURRENT', indexed: 0, waiting: MIN - 1, lagMs: 0 });
  });

  it('makes a partial one of fewer records where they have much content, a second later', async () => {
    const enough = Math.ceil(PARTIAL_BYTES_MIN / (LARGE.get('details')?.length ?? 0));
    const stage = openInMemory();
    stage.source.append(1, recordsOf(0, enough - 1, { sections: LARGE }));
    const indexing = stage.run();
    expect(await stage.time.untilWaiting()).toBe(POLL_MS);
    expect(await stage.ranges()).toEqual([]);
    stage.source.append(1, recordsOf(enough - 1, enough, { sections: LARGE }));
    indexing.grown(1);
    await stage.time.passToNextTimer();
    await expect.poll(() => stage.ranges()).toEqual([`0-${enough}`]);
    stage.source.append(1, recordsOf(enough, 2 * enough, { sections: LARGE }));
    indexing.grown(1);
    await stage.time.passToNextTimer();
    expect(await stage.time.untilWaiting()).toBe(PARTIAL_DELAY_MS);
    expect(await stage.ranges()).toEqual([`0-${enough}`]);
    await stage.time.passToNextTimer();
    await expect.poll(() => stage.ranges()).toEqual([`0-${2 * enough}`]);
    const reads = stage.source.reads.length;
    for (let round = 0; round < 3; round++) {
      await stage.time.untilWaiting();
      await stage.time.passToNextTimer();
    }
    expect(stage.source.reads).toHaveLength(reads);
  });

  it('takes ledgers in turn, however far behind one is', async () => {
    const stage = openInMemory(3 * MAX, MAX, MAX);
    stage.run();
    await stage.time.untilWaiting();
    expect(stage.built.slice(0, 3)).toEqual([`1: 0-${MAX}`, `2: 0-${MAX}`, `3: 0-${MAX}`]);
    expect(stage.built).toHaveLength(5);
  });

  it('looks when told that ledgers grew, once for many times, and by itself after some time', async () => {
    const stage = openInMemory(0, 0);
    const indexing = stage.run();
    await stage.time.untilWaiting();
    stage.source.append(1, recordsOf(0, MAX));
    stage.source.append(2, recordsOf(0, MAX));
    for (let i = 0; i < 100; i++) indexing.grown(1);
    expect(stage.time.timersWaiting()).toBe(2);
    expect(await stage.time.passToNextTimer()).toBe(100);
    expect(await stage.time.untilWaiting()).toBe(POLL_MS);
    expect([await stage.ranges(1), await stage.ranges(2)]).toEqual([[`0-${MAX}`], []]);
    await stage.time.passToNextTimer();
    await stage.time.untilWaiting();
    expect(await stage.ranges(2)).toEqual([`0-${MAX}`]);
  });

  it('looks by itself also while another ledger grows all the time', async () => {
    const stage = openInMemory(0, 0);
    const indexing = stage.run();
    await stage.time.untilWaiting();
    stage.source.append(2, recordsOf(0, MAX));
    for (let passed = 0; passed <= POLL_MS; ) {
      indexing.grown(1);
      passed += await stage.time.passToNextTimer();
      expect(await stage.time.untilWaiting()).toBe(POLL_MS);
    }
    expect(await stage.ranges(2)).toEqual([`0-${MAX}`]);
  });

  it('tells how much waits and since when', async () => {
    const stage = openInMemory();
    const recordedAt = stage.time.now() - 60_000;
    stage.source.append(1, recordsOf(0, MIN + 10, { recordedAt }));
    stage.source.append(2, recordsOf(0, 5));
    const indexing = stage.run({ store: { ...stage.store, put: () => Promise.reject(outage()) } });
    await stage.time.untilWaiting();
    expect(indexing.status()).toEqual({
      state: 'WAITING',
      outage: 'The disk is full.',
      ledgers: 1,
      indexed: 0,
      waiting: MIN + 10,
      lateSince: recordedAt + MIN - 1,
      lagMs: 60_000 - MIN + 1,
    });
  });

  it('waits out an outage, tells it once, and goes on', async () => {
    const stage = openInMemory(MAX);
    let isFull = true;
    const indexing = stage.run({
      store: {
        ...stage.store,
        put: async (...given) => (isFull ? Promise.reject(outage()) : stage.store.put(...given)),
      },
    });
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) waits.push(await stage.time.passToNextTimer());
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    expect(indexing.status().state).toBe('WAITING');
    isFull = false;
    await stage.time.passToNextTimer();
    expect(await stage.time.untilWaiting()).toBe(POLL_MS);
    expect(await stage.ranges()).toEqual([`0-${MAX}`]);
    expect(indexing.status()).toMatchObject({ state: 'CURRENT', outage: null });
    expect(stage.lines).toEqual([
      'The storage is unavailable; indexing waits.',
      'The search index of a ledger is whole again.',
      'The storage works again; indexing goes on.',
    ]);
  });

  it('indexes all other ledgers while one cannot be', async () => {
    const stage = openInMemory(MAX, MAX);
    const read: typeof stage.source.read = async (ledgerNo, from, to) => {
      if (ledgerNo === 1) throw new Error('unreadable');
      return stage.source.read(ledgerNo, from, to);
    };
    stage.run({ source: { ...stage.source, read } });
    for (let i = 0; i < 3; i++) await stage.time.passToNextTimer();
    await stage.time.untilWaiting();
    expect(await stage.ranges(2)).toEqual([`0-${MAX}`]);
    expect(stage.lines.filter((line) => line.includes('could not be indexed'))).toHaveLength(1);
  });

  it('puts nothing when it is stopped while it builds', async () => {
    const stage = openInMemory(MAX);
    const reading = Promise.withResolvers<void>();
    const read: typeof stage.source.read = async (...given) => {
      reading.resolve();
      return stage.source.read(...given);
    };
    const indexing = stage.run({ source: { ...stage.source, read } });
    await reading.promise;
    await indexing.stop();
    expect(await stage.ranges()).toEqual([]);
    expect(stage.time.timersWaiting()).toBe(0);
  });

  it('ends a segment where its content does, also inside partial segments that are there', async () => {
    const stage = openInMemory();
    stage.source.append(1, recordsOf(0, 1500, { sections: LARGE }));
    for (const [from, to] of [
      [0, 700],
      [700, 1100],
    ] as const) {
      const pages = buildSegment(sha256, recordsOf(from, to, { sections: LARGE }));
      await stage.store.put(1, { from, to, pages });
    }
    stage.source.append(1, recordsOf(1500, MAX));
    stage.run();
    await stage.time.untilWaiting();
    const segments = await stage.store.list(1);
    const full = Math.ceil((48 * 1024 * 1024) / (LARGE.get('details')?.length ?? 0));
    expect(segments[0]).toMatchObject({ from: 0, to: full });
    segments.forEach(({ from }, i) => expect(from).toBe(segments[i - 1]?.to ?? 0));
  });
});

describe('an index that does not fit', () => {
  const segment = (from: number, to: number, salt = '') => ({
    from,
    to,
    pages: buildSegment(sha256, recordsOf(from, to, { salt })),
  });

  it('is kept as far as it belongs to the ledger', async () => {
    const stage = openInMemory(5000);
    for (const [from, to, salt] of [
      [0, 3000, ''],
      [3000, 4500, 'other'],
      [4500, 5500, 'other'],
    ] as const) {
      await stage.store.put(1, segment(from, to, salt));
    }
    const [kept] = await stage.store.list(1);
    const indexing = stage.run();
    await stage.time.untilWaiting();
    expect(await stage.ranges()).toEqual(['0-3000', '3000-5000']);
    expect((await stage.store.list(1))[0]).toEqual(kept);
    expect(stage.lines[0]).toContain('records that the ledger has not');
    expect(indexing.status()).toMatchObject({ indexed: 5000, state: 'CURRENT' });
  });

  it('is left as it is where it belongs to the ledger', async () => {
    const stage = openInMemory(5000);
    await stage.store.put(1, segment(0, 4000));
    const before = await stage.store.list(1);
    stage.run();
    await stage.time.untilWaiting();
    expect(await stage.store.list(1)).toEqual(before);
    expect(stage.lines).toEqual([]);
  });

  it('is made anew where it is damaged', async () => {
    const stage = openInMemory(4000);
    await stage.store.put(1, segment(0, 4000));
    const [first] = await stage.store.list(1);
    stage.store.spoil(1, first?.id ?? 0, 0, 40);
    stage.run();
    await expect.poll(() => stage.built).toEqual(['1: 0-4000']);
    expect(await stage.ranges()).toEqual(['0-4000']);
    expect((await stage.store.list(1))[0]?.id).not.toBe(first?.id);
    expect(stage.lines[0]).toMatch(/^The search index was damaged \(.+\) and is being made anew\.$/);
  });

  it('is made anew for each ledger that is reported as damaged, once for many reports', async () => {
    const stage = openInMemory(MAX, MAX);
    const indexing = stage.run();
    await stage.time.untilWaiting();
    for (const ledgerNo of [1, 2, 1, 2]) indexing.rebuild(ledgerNo, 'a page is not what was written');
    const twice = [1, 1, 2, 2].map((ledgerNo) => `${ledgerNo}: 0-${MAX}`);
    await expect.poll(() => stage.built.toSorted()).toEqual(twice);
    expect(stage.lines.filter((line) => line.includes('damaged'))).toHaveLength(2);
  });

  it('is looked at again where somebody else was faster', async () => {
    const stage = openInMemory(MAX);
    const put: SegmentStore['put'] = async (ledgerNo, given) => {
      await stage.store.put(ledgerNo, segment(0, MAX));
      return stage.store.put(ledgerNo, { ...given, from: given.from + 1 });
    };
    stage.run({ store: { ...stage.store, put } });
    expect(await stage.time.untilWaiting()).toBe(POLL_MS);
    expect(await stage.ranges()).toEqual([`0-${MAX}`]);
    expect(stage.built).toEqual([]);
  });

  it('is left to whoever has claimed the ledger, and is claimed only while it is worked on', async () => {
    const stage = openInMemory(2 * MAX);
    let [isClaimed, claims] = [true, 0];
    const claim = async () => {
      if (isClaimed) return null;
      [isClaimed, claims] = [true, claims + 1];
      return async () => {
        isClaimed = false;
      };
    };
    stage.run({ store: { ...stage.store, claim } });
    expect(await stage.time.untilWaiting()).toBe(POLL_MS);
    expect(await stage.ranges()).toEqual([]);
    isClaimed = false;
    await stage.time.passToNextTimer();
    expect(await stage.time.untilWaiting()).toBe(POLL_MS);
    expect(await stage.ranges()).toHaveLength(2);
    expect({ isClaimed, claims }).toEqual({ isClaimed: false, claims: 2 });
  });

  it('is made anew on demand, of one ledger or of all', async () => {
    const stage = openInMemory(MAX, MAX);
    const indexing = stage.run();
    await stage.time.untilWaiting();
    const ids = async () =>
      [...(await stage.store.list(1)), ...(await stage.store.list(2))].map(({ id }) => id);
    const before = await ids();
    indexing.rebuild(2);
    await expect.poll(() => stage.built.length).toBe(3);
    const after = await ids();
    expect([after[0] === before[0], after[1] === before[1]]).toEqual([true, false]);
    indexing.rebuild();
    await expect.poll(() => stage.built.length).toBe(5);
    expect((await ids()).some((id) => after.includes(id))).toBe(false);
  });
});
