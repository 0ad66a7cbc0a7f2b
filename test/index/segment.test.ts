import { describe, expect, it } from 'vitest';
import { buildSegment, createSegmentBuilder } from '#server/index/build-segment.ts';
import { openSegment } from '#server/index/open-segment.ts';
import { PAGE_BYTES_MAX } from '#server/index/page.ts';
import { SEGMENT_RECORDS_MAX } from '#server/index/segment.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { sha256 } from '#server/sha256.ts';
import { itWithCorpus } from '#test/support/corpora.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { expectSame } from './support/compare-segments.ts';
import { contentRecord, corpusRecords, sectionsRecord, withoutSection } from './support/content-record.ts';
import { hostileRecords } from './support/hostile-records.ts';
import { naiveSegment } from './support/naive-segment.ts';

/** Builds a segment, opens it and compares all of it. Gives its pages. */
async function expectRoundTrip(records: readonly ContentRecord[]): Promise<readonly Uint8Array[]> {
  const pages = buildSegment(sha256, records);
  const from = records[0]?.index ?? 0;
  const segment = await openSegment(from, from + records.length, async (page) => {
    await Promise.resolve();
    return pages[page] ?? null;
  });
  await expectSame(segment, naiveSegment(records), new SeededRandom(records.length));
  return pages;
}

const many = (count: number, make: (index: number) => ContentRecord): ContentRecord[] =>
  Array.from({ length: count }, (_, index) => make(index));

describe('a segment gives back what a plain index has', () => {
  itWithCorpus('cloudtrail-invictus', 'of the corpora', async () => {
    const pages = await expectRoundTrip(corpusRecords());
    expect(pages.length).toBeGreaterThan(100);
  });

  it('of hostile records', async () => {
    const random = new SeededRandom(11);
    for (const count of [1, 2, 31, 33, 700]) {
      await expectRoundTrip(hostileRecords(random.below(1000), count, random));
    }
  }, 30_000);

  it('of one record, of one without content, and of some without a section', async () => {
    await expectRoundTrip([contentRecord(7)]);
    await expectRoundTrip([sectionsRecord(0, {})]);
    await expectRoundTrip(many(40, (index) => sectionsRecord(index, {})));
    await expectRoundTrip(many(40, (index) => sectionsRecord(index, { details: index % 2 ? {} : [] })));
    const erased = many(40, (index) => withoutSection(contentRecord(index, { details: { index } }), 'event'));
    await expectRoundTrip(erased);
  });

  it('of as many records as a segment may have, all different or all equal', async () => {
    const different = (index: number) =>
      sectionsRecord(index, {
        event: { action: `Action-${index % 700}`, occurredAt: occurredAt(index) },
        actor: { id: `user-${index}`, type: index % 2 ? 'User' : 'user' },
        details: { index, half: index >> 1, even: index % 2 === 0, list: [index % 3, `${index % 1000}`] },
      });
    await expectRoundTrip(many(SEGMENT_RECORDS_MAX, different));
    const equal = (index: number) => ({
      ...sectionsRecord(
        0,
        { event: { action: 'same' }, details: { list: [1, 1, 'one'] } },
        { recordedAt: 5 },
      ),
      index,
    });
    const pages = await expectRoundTrip(many(SEGMENT_RECORDS_MAX, equal));
    expect(pages.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(1000);
  }, 60_000);

  it('of a record with thousands of paths, in few pages', async () => {
    const details = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`name-${i}`, i]));
    const pages = await expectRoundTrip([contentRecord(0), contentRecord(1, { details }), contentRecord(2)]);
    expect(pages.length).toBeLessThan(60);
  }, 30_000);

  it('of texts larger than a page that begin alike', async () => {
    const long = (character: string) => character.repeat(PAGE_BYTES_MAX * 2);
    const texts = [long('a'), `${long('a')}b`, `${long('A')}b`, long('😀'), `${long('😀')}x`, long('é')];
    const some = many(60, (index) =>
      sectionsRecord(index, {
        details: { text: `${texts[index % 6] ?? ''}${index}`, words: 'x'.repeat(index) },
      }),
    );
    await expectRoundTrip(some);
  }, 30_000);

  it('of arrays with more values than records', async () => {
    const random = new SeededRandom(12);
    const list = () => Array.from({ length: 1000 }, () => `v${random.below(100_000)}`);
    await expectRoundTrip(many(30, (index) => sectionsRecord(index, { details: { list: list() } })));
  }, 30_000);

  it('of times far apart, before 1970 and with nanoseconds', async () => {
    const times = [
      '0001-01-01T00:00:00.000Z',
      '9999-12-31T23:59:59.999999999Z',
      '1969-12-31T23:59:59.000001Z',
    ];
    await expectRoundTrip(
      times.map((time, index) =>
        sectionsRecord(index, { event: { occurredAt: time } }, { recordedAt: 5 - index }),
      ),
    );
  });
});

function occurredAt(index: number): string {
  return new Date(1_767_323_045_678 + index * 1001).toISOString();
}

describe('building a segment', () => {
  const random = new SeededRandom(13);
  const records = hostileRecords(100, 300, random);

  it('gives the same bytes for the same records each time, also record by record', () => {
    const builder = createSegmentBuilder(sha256, 100);
    for (const record of records) builder.add(record);
    expect(builder.size).toBe(300);
    expect(builder.isFull).toBe(false);
    const bytes = records
      .flatMap(({ sections }) => [...sections.values()])
      .reduce((sum, s) => sum + s.length, 0);
    expect(builder.contentBytes).toBe(bytes);
    const pages = builder.finish();
    expect(pages).toEqual(buildSegment(sha256, records));
    const reversed = records.map((record) => ({
      ...record,
      sections: new Map([...record.sections].toReversed()),
    }));
    expect(pages).toEqual(buildSegment(sha256, reversed));
  });

  it('takes neighbours only, and no more than a segment may have', () => {
    const builder = createSegmentBuilder(sha256, 5);
    expect(() => builder.finish()).toThrow(RangeError);
    expect(() => builder.add(contentRecord(4))).toThrow(RangeError);
    const record = sectionsRecord(5, {});
    for (let index = 5; index < 5 + SEGMENT_RECORDS_MAX; index++) {
      expect(builder.isFull).toBe(false);
      builder.add({ ...record, index });
    }
    expect(builder.isFull).toBe(true);
    expect(() => builder.add({ ...record, index: 5 + SEGMENT_RECORDS_MAX })).toThrow(RangeError);
  });

  it('is full before that with so much content, so many terms or so many paths', () => {
    const addedUntilFull = (make: (index: number) => ContentRecord): number => {
      const builder = createSegmentBuilder(sha256, 0);
      while (!builder.isFull) builder.add(make(builder.size));
      return builder.size;
    };
    const large = sectionsRecord(0, { details: 'x'.repeat(1_000_000) });
    expect(addedUntilFull((index) => ({ ...large, index }))).toBe(51);
    const list = (index: number) => Array.from({ length: 50_000 }, (_, i) => index * 50_000 + i);
    expect(addedUntilFull((index) => sectionsRecord(index, { details: list(index) }))).toBe(11);
    const names = (index: number) => Object.fromEntries(list(index).map((name) => [`${name}`, null]));
    expect(addedUntilFull((index) => sectionsRecord(index, { details: names(index) }))).toBe(2);
    const deep = (index: number) => ({ ['x'.repeat(490)]: names(index) });
    expect(addedUntilFull((index) => sectionsRecord(index, { details: deep(index) }))).toBe(1);
  }, 30_000);

  it('makes pages that fit into those of a database', () => {
    const some = many(3000, (index) => contentRecord(index, { actor: { id: `a${index}` } }));
    const pages = buildSegment(sha256, some);
    expect(pages.length).toBeGreaterThan(10);
    expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(PAGE_BYTES_MAX);
  });
});
