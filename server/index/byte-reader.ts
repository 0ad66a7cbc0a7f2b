import { AppError } from '#server/errors.ts';

/** What every reading of the index throws where the bytes are not as they were written. */
export function damaged(cause?: unknown): AppError {
  return new AppError('INDEX_DAMAGED', {
    cause: cause ?? new Error('a page is not as it was written'),
  });
}

/**
 * Reads what a `ByteWriter` wrote, one thing after the other, from one place (inclusive) to another
 * (exclusive). Throws INDEX_DAMAGED rather than reading behind the end.
 */
export class ByteReader {
  readonly bytes: Buffer;
  readonly end: number;
  at: number;

  constructor(bytes: Buffer, at: number, end: number) {
    if (!(at >= 0 && at <= end && end <= bytes.length)) throw damaged();
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** A reader of a part. */
  within(at: number, end: number): ByteReader {
    if (end > this.end) throw damaged();
    return new ByteReader(this.bytes, at, end);
  }

  byte(): number {
    if (this.at >= this.end) throw damaged();
    return this.bytes[this.at++] ?? 0;
  }

  uint16(): number {
    return this.bytes.readUInt16LE(this.skip(2));
  }

  uint32(): number {
    return this.bytes.readUInt32LE(this.skip(4));
  }

  float64(): number {
    return this.bytes.readDoubleLE(this.skip(8));
  }

  varint(): number {
    const first = this.byte();
    if (first < 128) return first;
    let value = first & 127;
    for (let factor = 128; factor <= FACTOR_MAX; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
    }
    throw damaged();
  }

  /** A varint that says how many things of at least `bytesEach` follow. */
  count(bytesEach = 1): number {
    const count = this.varint();
    if (count * bytesEach > this.end - this.at) throw damaged();
    return count;
  }

  text(): string {
    const head = this.varint();
    return this.units(Math.floor(head / 2), head % 2 === 1);
  }

  units(count: number, isWide: boolean): string {
    const at = this.skip(isWide ? count * 2 : count);
    return this.bytes.toString(isWide ? 'utf16le' : 'latin1', at, this.at);
  }

  /** Goes on behind so many bytes; gives where they begin. */
  skip(count: number): number {
    const { at } = this;
    if (count > this.end - at) throw damaged();
    this.at = at + count;
    return at;
  }
}

/** The highest place in a varint of 2^53 − 1. */
const FACTOR_MAX = 128 ** 7;
