import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, crc32, createDeflateRaw, deflateRaw } from 'node:zlib';

/** Where bytes go, one piece after another. */
export interface ByteSink {
  /** Resolves when more can be taken; the bytes may be changed then. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Writes a ZIP file from front to end, one file in it after another. */
export interface ZipWriter {
  /** Adds a file that is at hand. The name is ASCII and not given twice. */
  add(name: string, content: Uint8Array): Promise<void>;
  /** Adds a file of any size, piece by piece as it comes. Rejects as the source and the sink do. */
  addStream(name: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** Writes the directory. Nothing may be added afterwards. */
  finish(): Promise<void>;
}

export interface ZipOptions {
  /** Time of all files in it, ms since the epoch; years 1980 to 2107. */
  readonly time: number;
  /** Sizes and offsets from here on take 64 bits. The format's own limit unless a test gives another one. */
  readonly wideFrom?: number;
}

const LOCAL = 0x04034b50;
const DESCRIPTOR = 0x08074b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const WIDE_END = 0x06064b50;
const WIDE_LOCATOR = 0x07064b50;
const WIDE_EXTRA = 1;

const VERSION = 20;
/** ZIP64. */
const WIDE_VERSION = 45;
const MADE_ON_UNIX = 3 << 8;
/** A regular file, readable by all, writable by its owner. */
const FILE_MODE = (0o100644 << 16) >>> 0;
/** Sizes and CRC come behind the content. */
const HAS_DESCRIPTOR = 8;
const DEFLATED = 8;
const MAX_16 = 0xffff;
const MAX_32 = 0xffffffff;

/** Records compress well by what they share with their neighbours, which the fastest level finds. */
const LEVEL = constants.Z_BEST_SPEED;
const CHUNK_BYTES = 128 * 1024;

interface Added {
  readonly name: Buffer;
  readonly version: number;
  readonly flags: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/**
 * Starts a ZIP file. Content is deflated in the thread pool, so that it costs the caller little.
 *
 * What is streamed is written as ZIP64 with a data descriptor, since its size is not known before; everything
 * else takes the old form, which the oldest readers know, as long as it fits.
 */
export function createZipWriter(sink: ByteSink, options: ZipOptions): ZipWriter {
  return new FrontToEndZip(sink, options);
}

const deflate = promisify<Uint8Array, { level: number }, Buffer>(deflateRaw);

class FrontToEndZip implements ZipWriter {
  private readonly sink: ByteSink;
  private readonly time: number;
  private readonly wideFrom: number;
  private readonly added: Added[] = [];
  private offset = 0;

  constructor(sink: ByteSink, { time, wideFrom = MAX_32 }: ZipOptions) {
    this.sink = sink;
    this.time = dosTime(time);
    this.wideFrom = wideFrom;
  }

  async add(name: string, content: Uint8Array): Promise<void> {
    const packed = await deflate(content, { level: LEVEL });
    const isWide = Math.max(content.length, packed.length) >= this.wideFrom;
    const file: Added = {
      name: Buffer.from(name, 'ascii'),
      // The same in both headers, though the offset stands only in the second one.
      version: isWide || this.offset >= this.wideFrom ? WIDE_VERSION : VERSION,
      flags: 0,
      crc: crc32(content),
      packed: packed.length,
      size: content.length,
      offset: this.offset,
    };
    await this.write(this.localHeader(file, isWide));
    await this.write(packed);
    this.added.push(file);
  }

  async addStream(name: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const begun = {
      name: Buffer.from(name, 'ascii'),
      version: WIDE_VERSION,
      flags: HAS_DESCRIPTOR,
      offset: this.offset,
    };
    await this.write(this.localHeader({ ...begun, crc: 0, packed: 0, size: 0 }, true));
    const start = this.offset;
    let crc = 0;
    let size = 0;
    const deflating = createDeflateRaw({ level: LEVEL, chunkSize: CHUNK_BYTES });
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const piece of content) {
        crc = crc32(piece, crc);
        size += piece.length;
        yield piece;
      }
    };
    await pipeline(counted, deflating, async (pieces: AsyncIterable<Uint8Array>) => {
      for await (const piece of pieces) await this.write(piece);
    });
    const file: Added = { ...begun, crc, packed: this.offset - start, size };
    await this.write(descriptor(file));
    this.added.push(file);
  }

  async finish(): Promise<void> {
    const start = this.offset;
    for (const file of this.added) await this.write(this.centralHeader(file));
    const size = this.offset - start;
    const count = this.added.length;
    if (count >= MAX_16 || size >= this.wideFrom || start >= this.wideFrom) {
      await this.write(wideEnd(count, size, start, this.offset));
    }
    const end = Buffer.alloc(22);
    end.writeUInt32LE(END, 0);
    end.writeUInt16LE(Math.min(count, MAX_16), 8);
    end.writeUInt16LE(Math.min(count, MAX_16), 10);
    end.writeUInt32LE(this.narrow(size), 12);
    end.writeUInt32LE(this.narrow(start), 16);
    await this.write(end);
  }

  private async write(bytes: Uint8Array): Promise<void> {
    this.offset += bytes.length;
    await this.sink.write(bytes);
  }

  /** The value, or what says that it stands elsewhere in 64 bits. */
  private narrow(value: number): number {
    return value >= this.wideFrom ? MAX_32 : value;
  }

  private localHeader(file: Added, isWide: boolean): Buffer {
    const extra = isWide ? wideExtra([file.size, file.packed]) : Buffer.alloc(0);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(LOCAL, 0);
    header.writeUInt16LE(file.version, 4);
    header.writeUInt16LE(file.flags, 6);
    header.writeUInt16LE(DEFLATED, 8);
    header.writeUInt32LE(this.time, 10);
    header.writeUInt32LE(file.crc, 14);
    header.writeUInt32LE(isWide ? MAX_32 : file.packed, 18);
    header.writeUInt32LE(isWide ? MAX_32 : file.size, 22);
    header.writeUInt16LE(file.name.length, 26);
    header.writeUInt16LE(extra.length, 28);
    return Buffer.concat([header, file.name, extra]);
  }

  private centralHeader(file: Added): Buffer {
    const wide = [file.size, file.packed, file.offset].filter((value) => value >= this.wideFrom);
    const extra = wide.length === 0 ? Buffer.alloc(0) : wideExtra(wide);
    const header = Buffer.alloc(46);
    header.writeUInt32LE(CENTRAL, 0);
    header.writeUInt16LE(MADE_ON_UNIX | WIDE_VERSION, 4);
    header.writeUInt16LE(file.version, 6);
    header.writeUInt16LE(file.flags, 8);
    header.writeUInt16LE(DEFLATED, 10);
    header.writeUInt32LE(this.time, 12);
    header.writeUInt32LE(file.crc, 16);
    header.writeUInt32LE(this.narrow(file.packed), 20);
    header.writeUInt32LE(this.narrow(file.size), 24);
    header.writeUInt16LE(file.name.length, 28);
    header.writeUInt16LE(extra.length, 30);
    header.writeUInt32LE(FILE_MODE, 38);
    header.writeUInt32LE(this.narrow(file.offset), 42);
    return Buffer.concat([header, file.name, extra]);
  }
}

function descriptor({ crc, packed, size }: Added): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(DESCRIPTOR, 0);
  bytes.writeUInt32LE(crc, 4);
  bytes.writeBigUInt64LE(BigInt(packed), 8);
  bytes.writeBigUInt64LE(BigInt(size), 16);
  return bytes;
}

function wideExtra(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + values.length * 8);
  bytes.writeUInt16LE(WIDE_EXTRA, 0);
  bytes.writeUInt16LE(values.length * 8, 2);
  for (const [i, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), 4 + i * 8);
  return bytes;
}

/** The end of the directory with 64 bits, and where it lies. */
function wideEnd(count: number, size: number, start: number, at: number): Buffer {
  const end = Buffer.alloc(56);
  end.writeUInt32LE(WIDE_END, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeUInt16LE(MADE_ON_UNIX | WIDE_VERSION, 12);
  end.writeUInt16LE(WIDE_VERSION, 14);
  end.writeBigUInt64LE(BigInt(count), 24);
  end.writeBigUInt64LE(BigInt(count), 32);
  end.writeBigUInt64LE(BigInt(size), 40);
  end.writeBigUInt64LE(BigInt(start), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(WIDE_LOCATOR, 0);
  locator.writeBigUInt64LE(BigInt(at), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([end, locator]);
}

/** UTC in the form of MS-DOS: date in the upper half, time in steps of two seconds in the lower one. */
function dosTime(ms: number): number {
  const time = new Date(ms);
  const date = ((time.getUTCFullYear() - 1980) << 9) | ((time.getUTCMonth() + 1) << 5) | time.getUTCDate();
  const seconds = time.getUTCSeconds() >> 1;
  const clock = (time.getUTCHours() << 11) | (time.getUTCMinutes() << 5) | seconds;
  return ((date << 16) | clock) >>> 0;
}
