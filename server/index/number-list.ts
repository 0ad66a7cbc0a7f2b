import { type ByteReader, damaged } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/** Ascending numbers, of terms or of records. */
export type Numbers = Uint16Array | Uint32Array;

/** Fewer numbers than this are skipped one by one: their length is not worth a byte. */
const LENGTH_FROM = 16;

/** Bytes that the numbers from one place (inclusive) to another (exclusive) take as gaps. */
export function gapBytes(numbers: Numbers, from: number, to: number): number {
  let bytes = 0;
  let expected = 0;
  for (let i = from; i < to; i++) {
    const number = numbers[i] ?? 0;
    bytes += varintBytes(number - expected);
    expected = number + 1;
  }
  return bytes;
}

/** Bytes that they take as runs of neighbouring numbers. */
export function runBytes(numbers: Numbers, from: number, to: number): number {
  let bytes = 0;
  let expected = 0;
  for (let i = from; i < to; ) {
    const first = numbers[i] ?? 0;
    const start = i;
    do i++;
    while (i < to && numbers[i] === first + i - start);
    bytes += varintBytes(first - expected) + varintBytes(i - start - 1);
    // A run ends where a number is missing, so the next one is at least one further.
    expected = first + i - start + 1;
  }
  return bytes;
}

/** Writes how far each is from the one before it, and before that their bytes where they are many. */
export function writeGaps(
  writer: ByteWriter,
  numbers: Numbers,
  from: number,
  to: number,
  bytes: number,
): void {
  if (to - from >= LENGTH_FROM) writer.varint(bytes);
  let expected = 0;
  for (let i = from; i < to; i++) {
    const number = numbers[i] ?? 0;
    writer.varint(number - expected);
    expected = number + 1;
  }
}

/**
 * Writes their bytes, then of each run how far it is from the one before it and how many follow its first.
 */
export function writeRuns(
  writer: ByteWriter,
  numbers: Numbers,
  from: number,
  to: number,
  bytes: number,
): void {
  writer.varint(bytes);
  let expected = 0;
  for (let i = from; i < to; ) {
    const first = numbers[i] ?? 0;
    const start = i;
    do i++;
    while (i < to && numbers[i] === first + i - start);
    writer.varint(first - expected);
    writer.varint(i - start - 1);
    expected = first + i - start + 1;
  }
}

/** Goes on behind gaps; gives where they begin. */
export function skipGaps(reader: ByteReader, count: number): number {
  if (count >= LENGTH_FROM) return skipBytes(reader);
  const start = reader.at;
  for (let i = 0; i < count; i++) reader.varint();
  return start;
}

/** Goes on behind runs; gives where they begin. */
export function skipRuns(reader: ByteReader): number {
  return skipBytes(reader);
}

function skipBytes(reader: ByteReader): number {
  return reader.skip(reader.varint());
}

/** Gives the numbers of gaps. Throws INDEX_DAMAGED where there are not `count` of them below `limit`. */
export function readGaps(
  reader: ByteReader,
  count: number,
  limit: number,
  take: (number: number) => void,
): void {
  let expected = 0;
  for (let i = 0; i < count; i++) {
    const number = expected + reader.varint();
    if (number >= limit) throw damaged();
    take(number);
    expected = number + 1;
  }
  if (reader.at !== reader.end) throw damaged();
}

/**
 * The same numbers as a list, from one place of some bytes to another: without a call for each, as there may
 * be very many.
 */
export function listGaps(
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
  limit: number,
): number[] {
  const numbers: number[] = [];
  let at = start;
  let expected = 0;
  for (let i = 0; i < count && at < end; i++) {
    let gap = bytes[at++] ?? 0;
    if (gap >= 128) {
      gap &= 127;
      for (let shift = 7; ; shift += 7) {
        const byte = bytes[at++] ?? 0;
        gap |= (byte & 127) << shift;
        if (byte < 128) break;
        if (shift > GAP_SHIFT_MAX) throw damaged();
      }
    }
    const number = expected + gap;
    if (gap < 0 || number >= limit) throw damaged();
    numbers.push(number);
    expected = number + 1;
  }
  if (at !== end || numbers.length !== count) throw damaged();
  return numbers;
}

/** A gap has no more than 28 bits: there are fewer terms than that. */
const GAP_SHIFT_MAX = 14;

/** Gives the runs, from a number (inclusive) to another (exclusive). Throws INDEX_DAMAGED as above. */
export function readRuns(
  reader: ByteReader,
  count: number,
  limit: number,
  take: (from: number, to: number) => void,
): void {
  let expected = 0;
  let taken = 0;
  while (taken < count) {
    const first = expected + reader.varint();
    const end = first + reader.varint() + 1;
    if (end > limit) throw damaged();
    take(first, end);
    taken += end - first;
    expected = end + 1;
  }
  if (taken !== count || reader.at !== reader.end) throw damaged();
}

function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}
