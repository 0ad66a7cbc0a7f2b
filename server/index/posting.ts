import { type Bitset, bitsOf } from './bitset.ts';
import { ByteReader, damaged } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import {
  gapBytes,
  type Numbers,
  readRuns,
  runBytes,
  skipGaps,
  skipRuns,
  writeGaps,
  writeRuns,
} from './number-list.ts';
import { type Postings, SEGMENT_RECORDS_MAX } from './segment.ts';

/** The forms of a set of records: the lowest two bits of its first number. Above them: */
/** the one record; */
const ONE = 0;
/** how many there are, and they follow as gaps; */
const GAPS = 1;
/** how many there are, and they follow as runs of neighbours; */
const RUNS = 2;
/** how many there are, and a bit for each record of the segment follows. */
const BITS = 3;

/** Writes a set of records, ascending, from one place of an array to another, in its shortest form. */
export function writePostings(
  writer: ByteWriter,
  records: Numbers,
  from: number,
  to: number,
  size: number,
): void {
  const count = to - from;
  if (count === 1) {
    writer.varint((records[from] ?? 0) * 4 + ONE);
    return;
  }
  const gaps = gapBytes(records, from, to);
  const runs = runBytes(records, from, to);
  const bits = (size + 7) >>> 3;
  if (gaps <= runs && gaps <= bits) {
    writer.varint(count * 4 + GAPS);
    writeGaps(writer, records, from, to, gaps);
  } else if (runs <= bits) {
    writer.varint(count * 4 + RUNS);
    writeRuns(writer, records, from, to, runs);
  } else {
    writer.varint(count * 4 + BITS);
    writeBits(writer, records, from, to, bits);
  }
}

function writeBits(writer: ByteWriter, records: Numbers, from: number, to: number, length: number): void {
  writer.reserve(length);
  const { bytes, length: start } = writer;
  bytes.fill(0, start, start + length);
  for (let i = from; i < to; i++) {
    const record = records[i] ?? 0;
    const at = start + (record >>> 3);
    bytes[at] = (bytes[at] ?? 0) | (1 << (record & 7));
  }
  writer.length += length;
}

/** Reads a set of records of a segment of `size`; the reader goes on behind it. */
export function readPostings(reader: ByteReader, size: number): Postings {
  const postings = new StoredPostings(size);
  postings.read(reader);
  return postings;
}

const NO_BYTES: Buffer = Buffer.alloc(0);
/** No set begins with more: it has no more records than a segment. */
const HEAD_MAX = SEGMENT_RECORDS_MAX * 4 + BITS;

/** A set of records that stays as it is stored until somebody wants the records. */
export class StoredPostings implements Postings {
  count = 0;
  /** Records of the segment. */
  private readonly size: number;
  private form = ONE;
  private bytes = NO_BYTES;
  /** Where its records begin in the bytes; of one record the record. */
  private start = 0;
  private end = 0;

  constructor(size: number) {
    this.size = size;
  }

  /** Reads the next set in place of the last one; the reader goes on behind it. */
  read(reader: ByteReader): void {
    const head = reader.varint();
    if (head > HEAD_MAX) throw damaged();
    const form = head & 3;
    const rest = head >>> 2;
    this.form = form;
    if (form === ONE) {
      if (rest >= this.size) throw damaged();
      this.count = 1;
      this.start = rest;
      return;
    }
    if (rest === 0 || rest > this.size) throw damaged();
    this.count = rest;
    if (form === GAPS) this.start = skipGaps(reader, rest);
    else if (form === RUNS) this.start = skipRuns(reader);
    else this.start = reader.skip((this.size + 7) >>> 3);
    this.bytes = reader.bytes;
    this.end = reader.at;
  }

  /** The same set, which stays when the next one is read. */
  copy(): StoredPostings {
    const copy = new StoredPostings(this.size);
    copy.count = this.count;
    copy.form = this.form;
    copy.bytes = this.bytes;
    copy.start = this.start;
    copy.end = this.end;
    return copy;
  }

  addTo(set: Bitset): void {
    const { form, start } = this;
    if (form === ONE) set.add(start);
    else if (form === GAPS) this.addGaps(set);
    else if (form === BITS) this.addBits(set);
    else this.readRuns((from, to) => set.addRange(from, to));
  }

  countIn(set: Bitset): number {
    const { form, start } = this;
    if (form === ONE) return set.has(start) ? 1 : 0;
    if (form === GAPS) return this.countGaps(set);
    if (form === BITS) return this.countBits(set);
    let count = 0;
    this.readRuns((from, to) => {
      count += set.countRange(from, to);
    });
    return count;
  }

  private readRuns(take: (from: number, to: number) => void): void {
    readRuns(new ByteReader(this.bytes, this.start, this.end), this.count, this.size, take);
  }

  private addBits({ words, size }: Bitset): void {
    const { bytes, start, end } = this;
    const whole = size >>> 5;
    let at = start;
    for (let i = 0; i < whole; i++, at += 4) {
      const word =
        (bytes[at] ?? 0) |
        ((bytes[at + 1] ?? 0) << 8) |
        ((bytes[at + 2] ?? 0) << 16) |
        ((bytes[at + 3] ?? 0) << 24);
      words[i] = (words[i] ?? 0) | word;
    }
    for (let record = whole << 5; at < end; at++, record += 8) {
      const bits = (bytes[at] ?? 0) & (size - record < 8 ? (1 << (size - record)) - 1 : 0xff);
      words[whole] = (words[whole] ?? 0) | (bits << (record & 31));
    }
  }

  /** As `readGaps`, without a call for each: most of the work of a search is here. */
  private addGaps(set: Bitset): void {
    const { bytes, end, count, start } = this;
    const { words, size } = set;
    // Nearly all gaps have one byte or two, which need no reader.
    let at = start;
    let record = -1;
    for (let i = 0; i < count; i++) {
      let gap = bytes[at++] ?? 0;
      if (gap >= 128) {
        const second = bytes[at++] ?? 0;
        gap = (gap & 127) | ((second & 127) << 7);
        if (second >= 128) gap |= (bytes[at++] ?? 0) << 14;
      }
      record += gap + 1;
      if (record >= size) throw damaged();
      const word = record >>> 5;
      words[word] = (words[word] ?? 0) | (1 << (record & 31));
    }
    if (at !== end) throw damaged();
  }

  private countBits({ words }: Bitset): number {
    const { bytes, start } = this;
    let count = 0;
    // Bits behind the last record are 0 in the set, whatever the bytes are there.
    for (let i = 0, at = start; i < words.length; i++, at += 4) {
      const word =
        (bytes[at] ?? 0) |
        ((bytes[at + 1] ?? 0) << 8) |
        ((bytes[at + 2] ?? 0) << 16) |
        ((bytes[at + 3] ?? 0) << 24);
      count += bitsOf(word & (words[i] ?? 0));
    }
    return count;
  }

  /** As `addGaps`. */
  private countGaps({ words, size }: Bitset): number {
    const { bytes, end, count, start } = this;
    let at = start;
    let record = -1;
    let found = 0;
    for (let i = 0; i < count; i++) {
      let gap = bytes[at++] ?? 0;
      if (gap >= 128) {
        const second = bytes[at++] ?? 0;
        gap = (gap & 127) | ((second & 127) << 7);
        if (second >= 128) gap |= (bytes[at++] ?? 0) << 14;
      }
      record += gap + 1;
      if (record >= size) throw damaged();
      found += ((words[record >>> 5] ?? 0) >>> (record & 31)) & 1;
    }
    if (at !== end) throw damaged();
    return found;
  }
}
