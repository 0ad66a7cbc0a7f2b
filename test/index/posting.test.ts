import { describe, expect, it } from 'vitest';
import { Bitset } from '#server/index/bitset.ts';
import { ByteReader } from '#server/index/byte-reader.ts';
import { ByteWriter } from '#server/index/byte-writer.ts';
import { readPostings, StoredPostings, writePostings } from '#server/index/posting.ts';
import { WordValue, writeWordTerms } from '#server/index/word-entry.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { damageOf, damageOrNone } from './support/damage.ts';

const SIZES = [1, 7, 8, 9, 31, 32, 33, 100, 256, 5000, 16_383, 16_384];

/** Written between other bytes, as in a page. */
function written(records: readonly number[], size: number): { bytes: Buffer; from: number; to: number } {
  const writer = new ByteWriter(1);
  writer.byte(0xff);
  writePostings(writer, Uint16Array.from([9, ...records, 9]), 1, 1 + records.length, size);
  const to = writer.length;
  writer.byte(0xff);
  return { bytes: Buffer.from(writer.taken()), from: 1, to };
}

function readBack(
  records: readonly number[],
  size: number,
): { read: number[]; count: number; bytes: number } {
  const { bytes, from, to } = written(records, size);
  const reader = new ByteReader(bytes, from, bytes.length);
  const postings = readPostings(reader, size);
  expect(reader.at).toBe(to);
  const set = Bitset.none(size);
  postings.addTo(set);
  for (const part of [Bitset.all(size), everyThird(size)]) {
    expect(postings.countIn(part)).toBe(part.countAnd(set));
  }
  return { read: [...set], count: postings.count, bytes: to - from };
}

function everyThird(size: number): Bitset {
  const set = Bitset.none(size);
  for (let record = 0; record < size; record += 3) set.add(record);
  return set;
}

/** Records by chance: spread, in rows, all but a few. */
function someRecords(size: number, random: SeededRandom): number[] {
  const shape = random.below(4);
  const density = random.fraction() ** 3;
  const length = 1 + random.below(50);
  const isIn = (record: number): boolean => {
    if (shape === 0) return random.fraction() < density;
    if (shape === 1) return random.fraction() >= density;
    if (shape === 2) return Math.floor(record / length) % 3 === 0;
    return record === length % size;
  };
  const records = Array.from({ length: size }, (_, i) => i).filter(isIn);
  return records.length > 0 ? records : [random.below(size)];
}

describe('postings', () => {
  it.each(SIZES)('of a segment of %i records come back as they were, whatever their form', (size) => {
    const random = new SeededRandom(size);
    for (let round = 0; round < 60; round++) {
      const records = someRecords(size, random);
      const { read, count } = readBack(records, size);
      expect(read).toEqual(records);
      expect(count).toBe(records.length);
    }
  });

  it('take few bytes where they are few, all, neighbours or all but a few', () => {
    const size = 16_384;
    const all = Array.from({ length: size }, (_, i) => i);
    const bytesOf = (records: readonly number[]): number => readBack(records, size).bytes;
    expect(bytesOf([0])).toBe(1);
    expect(bytesOf([size - 1])).toBe(3);
    expect(bytesOf([100, 200])).toBe(3);
    expect(bytesOf(all)).toBeLessThan(10);
    expect(bytesOf(all.slice(1000, 3000))).toBeLessThan(10);
    expect(bytesOf(all.filter((record) => record !== 5000))).toBeLessThan(14);
    expect(bytesOf(all.filter((record) => record % 2 === 0))).toBe(size / 8 + 3);
    expect(bytesOf(all.filter((record) => record % 100 === 0))).toBeLessThan(170);
  });

  it('add to what a set has', () => {
    for (const records of [
      [5],
      [5, 90],
      [5, 6, 7, 8, 9],
      [5, 7, 9, 11, 13, 15, 17, 20, 22, 24, 26, 28, 30],
    ]) {
      const { bytes, from } = written(records, 100);
      const set = Bitset.none(100);
      set.add(3);
      readPostings(new ByteReader(bytes, from, bytes.length), 100).addTo(set);
      expect([...set]).toEqual([3, ...records]);
    }
  });

  it('that are damaged give INDEX_DAMAGED or other records of the segment, and nothing else', () => {
    const random = new SeededRandom(4);
    let refused = 0;
    for (let round = 0; round < 20_000; round++) {
      const size = random.pick(SIZES);
      const { bytes } = written(someRecords(Math.min(size, 300), random), size);
      for (let changes = random.below(4); changes >= 0; changes--)
        bytes[random.below(bytes.length)] = random.below(256);
      const end = random.below(bytes.length) + 1;
      const set = Bitset.none(size);
      const damage = damageOrNone(() => {
        const postings = readPostings(new ByteReader(bytes, 0, end), size);
        postings.addTo(set);
        expect(postings.countIn(set)).toBeLessThanOrEqual(size);
      });
      if (damage !== null) refused += 1;
      expect([...set].every((record) => record < size)).toBe(true);
      expect(set.words.length).toBe(Math.ceil(size / 32));
    }
    expect(refused).toBeGreaterThan(1000);
  });
});

describe('the terms of a word', () => {
  it('come back as they were, with records where they are many', () => {
    const random = new SeededRandom(5);
    for (let round = 0; round < 300; round++) {
      const terms = someRecords(random.pick([3, 50, 5000]), random).map(
        (term) => term + random.below(2) * 100_000,
      );
      terms.sort((a, b) => a - b);
      const writer = new ByteWriter();
      writeWordTerms(writer, Uint32Array.from(terms), 0, terms.length);
      if (terms.length > 2) writePostings(writer, Uint16Array.of(1, 4), 0, 2, 10);
      const reader = new ByteReader(Buffer.from(writer.taken()), 0, writer.length);
      const value = new WordValue(new StoredPostings(10), 200_000);
      value.read(reader);
      expect(reader.at).toBe(reader.end);
      expect(value.readTerms()).toEqual([...new Set(terms)]);
      expect(value.records?.count ?? null).toBe(terms.length > 2 ? 2 : null);
    }
  });

  it('are refused where they are none of the segment', () => {
    const writer = new ByteWriter();
    writeWordTerms(writer, Uint32Array.of(3, 7), 0, 2);
    const read = (termCount: number) => () => {
      const value = new WordValue(new StoredPostings(10), termCount);
      value.read(new ByteReader(writer.bytes, 0, writer.length));
      return value.readTerms();
    };
    expect(read(8)()).toEqual([3, 7]);
    expect(damageOf(read(7))).toBe('INDEX_DAMAGED');
    expect(damageOf(read(1))).toBe('INDEX_DAMAGED');
  });
});
