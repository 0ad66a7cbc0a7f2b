import { createSegmentBuilder } from '#server/index/build-segment.ts';
import { SEGMENT_RECORDS_MAX } from '#server/index/segment.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { sha256 } from '#server/sha256.ts';
import { median } from './latency.ts';
import { type Indexing, LEDGER_NO } from './storages.ts';

/** What it took to index records, as the stage does it: in segments, one after the other, on one thread. */
export interface Indexed {
  readonly records: number;
  readonly seconds: number;
  /** Of these: reading the records, building the segments, storing them. */
  readonly readSeconds: number;
  readonly buildSeconds: number;
  readonly putSeconds: number;
  /** What this process needed of a processor, whoever else wanted it. */
  readonly cpuSeconds: number;
  readonly pages: number;
  /** Of the pages' bytes. */
  readonly pageBytes: number;
  /** Records a second in the first quarter of the segments, and in the last, by their medians. */
  readonly firstRate: number;
  readonly lastRate: number;
}

/** Indexes the records up to one, which is not indexed any more: what is behind it stays for the tail. */
export async function indexRecords({ source, store }: Indexing, to: number): Promise<Indexed> {
  const spent = { read: 0, build: 0, put: 0, pages: 0, pageBytes: 0 };
  const times: number[] = [];
  const cpu = process.cpuUsage();
  for (let from = 0; from < to; ) {
    const before = spent.read + spent.build + spent.put;
    const builder = createSegmentBuilder(sha256, from);
    const end = Math.min(to, from + SEGMENT_RECORDS_MAX);
    while (builder.size < end - from && !builder.isFull) {
      const records = await clocked(spent, 'read', () => source.read(LEDGER_NO, from + builder.size, end));
      await clocked(spent, 'build', () => addAll(builder, records));
    }
    const behind = from + builder.size;
    const pages = await clocked(spent, 'build', () => builder.finish());
    const isPut = await clocked(spent, 'put', () => store.put(LEDGER_NO, { from, to: behind, pages }));
    if (!isPut) throw new Error(`The segment from ${from} was not taken.`);
    spent.pages += pages.length;
    spent.pageBytes += pages.reduce((sum, { length }) => sum + length, 0);
    times.push((spent.read + spent.build + spent.put - before) / (behind - from));
    from = behind;
  }
  const quarter = Math.max(1, Math.floor(times.length / 4));
  const { user, system } = process.cpuUsage(cpu);
  const { read, build, put, pages, pageBytes } = spent;
  return {
    records: to,
    seconds: (read + build + put) / 1000,
    readSeconds: read / 1000,
    buildSeconds: build / 1000,
    putSeconds: put / 1000,
    cpuSeconds: (user + system) / 1e6,
    pages,
    pageBytes,
    firstRate: 1000 / median(times.slice(0, quarter)),
    lastRate: 1000 / median(times.slice(-quarter)),
  };
}

function addAll(builder: ReturnType<typeof createSegmentBuilder>, records: readonly ContentRecord[]): void {
  if (records.length === 0) throw new Error('There are fewer records than were to be indexed.');
  for (const record of records) {
    if (builder.isFull) return;
    builder.add(record);
  }
}

/** Adds what the work took, in ms, to one of the sums. */
async function clocked<T>(
  spent: { read: number; build: number; put: number },
  on: 'read' | 'build' | 'put',
  work: () => T | Promise<T>,
): Promise<T> {
  const start = performance.now();
  const done = await work();
  spent[on] += performance.now() - start;
  return done;
}
