import { type ByteReader, damaged } from './byte-reader.ts';
import { SHORT_MAX } from './dictionary-writer.ts';
import type { NarrowText } from './segment.ts';

const ROOM = 128;
/** Fewer bytes than this are copied faster one by one. */
const COPIED_AT_ONCE_MIN = 48;

/**
 * The texts of a run of a dictionary, one after the other: each is read on from the one before it. A text all
 * of whose units fit into bytes, as nearly all do, stays bytes until somebody wants more.
 */
export class EntryText implements NarrowText {
  bytes: Buffer = Buffer.allocUnsafe(ROOM);
  length = 0;
  /** The text where it is not in `bytes`. */
  private wide: string | null = null;

  get isNarrow(): boolean {
    return this.wide === null;
  }

  get text(): string {
    return this.wide ?? this.bytes.toString('latin1', 0, this.length);
  }

  /** Before the first text of a run. */
  clear(): void {
    this.length = 0;
    this.wide = null;
  }

  /** Reads the next text; the reader goes on behind it. */
  read(reader: ByteReader): void {
    const head = reader.byte();
    const short = head & SHORT_MAX;
    let shared = head >>> 4;
    if (shared === SHORT_MAX) shared += reader.varint();
    if (shared > this.length) throw damaged();
    const long = short === SHORT_MAX ? reader.varint() : short * 2;
    const count = Math.floor(long / 2);
    const isWide = long % 2 === 1;
    if (shared === 0) this.wide = null;
    if (isWide || this.wide !== null) {
      this.wide = this.text.slice(0, shared) + reader.units(count, isWide);
      this.length = this.wide.length;
    } else this.readNarrow(reader, shared, count);
  }

  /** Whether it is this text. */
  is(text: string): boolean {
    const { bytes, length, wide } = this;
    if (wide !== null) return wide === text;
    if (text.length !== length) return false;
    for (let at = length - 1; at >= 0; at--) if (bytes[at] !== text.charCodeAt(at)) return false;
    return true;
  }

  private readNarrow(reader: ByteReader, shared: number, count: number): void {
    const from = reader.skip(count);
    const source = reader.bytes;
    const end = shared + count;
    this.makeRoom(end, shared);
    const { bytes } = this;
    if (count < COPIED_AT_ONCE_MIN) {
      for (let at = 0; at < count; at++) bytes[shared + at] = source[from + at] ?? 0;
    } else source.copy(bytes, shared, from, from + count);
    this.length = end;
  }

  private makeRoom(length: number, kept: number): void {
    if (length <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(length * 2);
    this.bytes.copy(larger, 0, 0, kept);
    this.bytes = larger;
  }
}

/** Reads the first text of a run, which has nothing in common with one before. */
export function readFirstText(reader: ByteReader): string {
  const head = reader.byte();
  if (head >>> 4 !== 0) throw damaged();
  const short = head & SHORT_MAX;
  if (short !== SHORT_MAX) return reader.units(short, false);
  const long = reader.varint();
  return reader.units(Math.floor(long / 2), long % 2 === 1);
}

/** Goes on behind a text without reading it. */
export function skipText(reader: ByteReader): void {
  const head = reader.byte();
  if (head >>> 4 === SHORT_MAX) reader.varint();
  const short = head & SHORT_MAX;
  if (short !== SHORT_MAX) reader.skip(short);
  else {
    const long = reader.varint();
    reader.skip(long % 2 === 1 ? long - 1 : long / 2);
  }
}
