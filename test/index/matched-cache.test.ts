import { describe, expect, it } from 'vitest';
import { Bitset } from '#server/index/bitset.ts';
import { buildSegment } from '#server/index/build-segment.ts';
import { createMatchedCache } from '#server/index/matched-cache.ts';
import { openSegment } from '#server/index/open-segment.ts';
import type { TimeLimit } from '#server/index/time-limit.ts';
import { type Condition, EVERYTHING } from '#server/ports/condition.ts';
import { sha256 } from '#server/sha256.ts';
import { contentRecord } from './support/content-record.ts';

const LIMIT: TimeLimit = { checkTime: () => undefined, pause: async () => undefined };
const NOTHING: Condition = { kind: 'any', of: [] };
const pages = buildSegment(sha256, [contentRecord(0)]);
const someSegment = () => openSegment(0, 1, async (page) => pages[page] ?? null);
const found = async (): Promise<Bitset> => Bitset.all(1);
const never = (): Promise<Bitset> => Promise.reject(new Error('It was to be there'));

describe('what a condition matched', () => {
  it('is found once for a ledger, a condition and a segment', async () => {
    const cache = createMatchedCache(1e6);
    const [one, other] = [await someSegment(), await someSegment()];
    const set = await cache.of(1, NOTHING).in(one, LIMIT, found);
    expect(await cache.of(1, { kind: 'any', of: [] }).in(one, LIMIT, never)).toBe(set);
    for (const sets of [cache.of(2, NOTHING), cache.of(1, EVERYTHING)]) {
      expect(await sets.in(one, LIMIT, found)).not.toBe(set);
    }
    expect(await cache.of(1, NOTHING).in(other, LIMIT, found)).not.toBe(set);
  });

  it('is found by whoever waits for it, where the one who was finding it fails', async () => {
    const sets = createMatchedCache(1e6).of(1, NOTHING);
    const segment = await someSegment();
    const failing = Promise.withResolvers<Bitset>();
    const first = sets.in(segment, LIMIT, () => failing.promise);
    let finds = 0;
    const others = [1, 2, 3].map(() =>
      sets.in(segment, LIMIT, async () => {
        finds++;
        return await found();
      }),
    );
    failing.reject(new Error('out of time'));
    await expect(first).rejects.toThrow('out of time');
    for (const set of await Promise.all(others)) expect(set.count()).toBe(1);
    expect(finds).toBe(1);
  });

  it('is not waited for any longer than one has time', async () => {
    const sets = createMatchedCache(1e6).of(1, NOTHING);
    const segment = await someSegment();
    const failing = Promise.withResolvers<Bitset>();
    const first = sets.in(segment, LIMIT, () => failing.promise);
    const late: TimeLimit = {
      ...LIMIT,
      checkTime() {
        throw new Error('late');
      },
    };
    const second = sets.in(segment, late, never);
    failing.reject(new Error('failed'));
    await expect(first).rejects.toThrow('failed');
    await expect(second).rejects.toThrow('late');
  });

  it('goes with the conditions that were asked for longest ago', async () => {
    const cache = createMatchedCache(1000);
    const segment = await someSegment();
    const nth = (index: number): Condition => ({ kind: 'index', from: index, to: null });
    for (let index = 0; index < 10; index++) await cache.of(1, nth(index)).in(segment, LIMIT, found);
    await expect(cache.of(1, nth(0)).in(segment, LIMIT, never)).rejects.toThrow();
    expect((await cache.of(1, nth(9)).in(segment, LIMIT, never)).count()).toBe(1);
  });
});
