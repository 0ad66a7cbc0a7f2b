import { describe, expect, it } from 'vitest';
import { buildSegment, SEGMENT_PATHS_MAX } from '#server/index/build-segment.ts';
import { openSegment } from '#server/index/open-segment.ts';
import { openedBytes } from '#server/index/opened-segments.ts';
import { createTail, PIECE_RECORDS } from '#server/index/tail.ts';
import type { TimeLimit } from '#server/index/time-limit.ts';
import { sha256 } from '#server/sha256.ts';
import { createMemoryRecordSource } from '#test/support/memory-record-source.ts';
import { contentRecord } from './support/content-record.ts';

const LIMIT: TimeLimit = { checkTime: () => undefined, pause: async () => undefined };
const BYTES_MAX = 1e9;
const records = Array.from({ length: 4 * PIECE_RECORDS }, (_, index) => contentRecord(index));
/** What the first piece takes; the others take about as much. */
const pages = buildSegment(sha256, records.slice(0, PIECE_RECORDS));
const opened = await openSegment(0, PIECE_RECORDS, async (page) => pages[page] ?? null);
const pieceBytes = pages.reduce((sum, { length }) => sum + length, openedBytes(opened));

function tailOf(count: number, bytesMax = BYTES_MAX) {
  const source = createMemoryRecordSource();
  source.append(1, records.slice(0, count));
  const tail = createTail(source, sha256, bytesMax);
  const ranges = async (from: number, to: number) =>
    (await tail.read(1, from, to, LIMIT)).map((segment) => [segment.from, segment.to]);
  return { source, tail, ranges };
}

describe('the tail of a ledger', () => {
  it('is cut at multiples of a piece, wherever the index ends', async () => {
    const { ranges } = tailOf(700);
    expect(await ranges(300, 700)).toEqual([
      [300, 512],
      [512, 700],
    ]);
    expect(await ranges(400, 700)).toEqual([
      [300, 512],
      [512, 700],
    ]);
    expect(await ranges(512, 700)).toEqual([[512, 700]]);
    expect(await ranges(700, 700)).toEqual([]);
  });

  it('is read once, but for the last piece when the ledger has grown', async () => {
    const { source, ranges } = tailOf(600);
    await ranges(0, 600);
    await ranges(0, 600);
    await ranges(100, 550);
    expect(source.reads).toHaveLength(3);
    source.append(1, records.slice(600, 800));
    expect((await ranges(100, 800)).at(-1)).toEqual([768, 800]);
    expect(source.reads.slice(3)).toEqual([
      [1, 512, 768],
      [1, 768, 800],
    ]);
  });

  it('gives what there is where the ledger ends before, and looks again the next time', async () => {
    const { source, ranges } = tailOf(300);
    expect(await ranges(0, 400)).toEqual([
      [0, 256],
      [256, 300],
    ]);
    expect(await ranges(0, 900)).toHaveLength(2);
    source.append(1, records.slice(300, 400));
    expect((await ranges(0, 400)).at(-1)).toEqual([256, 400]);
  });

  it('is forgotten where the index has come', async () => {
    const { source, ranges } = tailOf(700);
    await ranges(0, 700);
    await ranges(512, 700);
    expect(source.reads).toHaveLength(3);
    await ranges(0, 700);
    expect(source.reads).toHaveLength(5);
  });

  it('ends where it would take too much memory', async () => {
    const whole = tailOf(1024);
    const segments = await whole.tail.read(1, 0, 1024, LIMIT);
    expect(segments).toHaveLength(4);
    const small = tailOf(1024, 2.5 * pieceBytes);
    expect(await small.ranges(0, 1024)).toEqual([
      [0, 256],
      [256, 512],
    ]);
  });

  it('is read no further than it may be kept, and once, where a single piece takes too much', async () => {
    const text = 'abcdefghij '.repeat(10_000);
    const large = Array.from({ length: 200 }, (_, index) => contentRecord(index, { details: { text } }));
    const source = createMemoryRecordSource({ recordsMax: 10 });
    source.append(1, large);
    const tail = createTail(source, sha256, 500_000);
    for (let round = 0; round < 2; round++) {
      const segments = await tail.read(1, 0, 200, LIMIT);
      expect(segments.at(-1)?.to).toBe(10 * segments.length);
      expect(segments.length).toBeGreaterThan(1);
      expect(source.reads).toHaveLength(segments.length + 1);
    }
  });

  it('is cut where a segment has as many paths as it may', async () => {
    const details = (index: number) =>
      Object.fromEntries(Array.from({ length: 10_000 }, (_, name) => [`n${index}x${name}`, 1]));
    const source = createMemoryRecordSource();
    const odd = Array.from({ length: 10 }, (_, index) => contentRecord(index, { details: details(index) }));
    source.append(1, odd);
    const tail = createTail(source, sha256, BYTES_MAX);
    const segments = await tail.read(1, 0, 10, LIMIT);
    expect(segments.map(({ from, to }) => [from, to])).toEqual([
      [0, Math.ceil(SEGMENT_PATHS_MAX / 10_000)],
      [Math.ceil(SEGMENT_PATHS_MAX / 10_000), 10],
    ]);
    expect(source.reads).toHaveLength(1);
  });

  it('of another ledger goes where all together take too much memory', async () => {
    const { source, tail, ranges } = tailOf(256, 3.5 * pieceBytes);
    for (const ledgerNo of [2, 3, 4, 5]) source.append(ledgerNo, records.slice(0, 256));
    await ranges(0, 256);
    for (const ledgerNo of [2, 3, 4, 5]) await tail.read(ledgerNo, 0, 256, LIMIT);
    expect(source.reads).toHaveLength(5);
    await ranges(0, 256);
    expect(source.reads).toHaveLength(6);
    await ranges(0, 256);
    expect(source.reads).toHaveLength(6);
  });
});
