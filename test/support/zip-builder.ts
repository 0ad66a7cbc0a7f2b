import { crc32, deflateRawSync } from 'node:zlib';

/** A file for `buildZip`; what is left out is as an honest writer has it. */
export interface ZipFile {
  readonly name: string;
  readonly content: Uint8Array | string;
  readonly isStored?: boolean;
  /** Sizes and checksum follow the content: `32` or `64` bits, without a signature where it says so. */
  readonly descriptor?: '32' | '64' | '32 unsigned' | '64 unsigned';
  /** Sizes stand in ZIP64 extra fields of both headers. */
  readonly isZip64?: boolean;
  readonly flags?: number;
  readonly method?: number;
  readonly crc32?: number;
  readonly size?: number;
  readonly localName?: string;
  readonly comment?: string;
  /** Extra fields of both headers, behind ZIP64's. */
  readonly extra?: Uint8Array;
  readonly externalAttributes?: number;
  /** Bytes instead of the deflated ones. */
  readonly packed?: Uint8Array;
}

export interface ZipShape {
  readonly prefix?: Uint8Array;
  /** Between the files and the directory. */
  readonly gap?: Uint8Array;
  readonly comment?: string;
  readonly suffix?: Uint8Array;
  /** With a ZIP64 end record. */
  readonly isZip64?: boolean;
}

const MAX32 = 0xffffffff;

/** Writes a ZIP, a wrong one where it is asked to: independent of what the product writes and reads. */
export function buildZip(files: readonly ZipFile[], shape: ZipShape = {}): Uint8Array {
  const parts: Buffer[] = [Buffer.from(shape.prefix ?? [])];
  const centrals: Buffer[] = [];
  for (const file of files) {
    const at = lengthOf(parts);
    const content = Buffer.from(file.content);
    const method = file.method ?? (file.isStored === true ? 0 : 8);
    const packed = Buffer.from(file.packed ?? (method === 0 ? content : deflateRawSync(content)));
    const crc = file.crc32 ?? crc32(content);
    const size = file.size ?? content.length;
    const flags = file.flags ?? (file.descriptor === undefined ? 0 : 8);
    const fields = { method, flags, crc, size, packedSize: packed.length, at };
    parts.push(localHeader(file, fields), packed, descriptorOf(file, fields));
    centrals.push(centralHeader(file, fields));
  }
  parts.push(Buffer.from(shape.gap ?? []));
  parts.push(...endOf(lengthOf(parts), centrals, shape), Buffer.from(shape.suffix ?? []));
  return new Uint8Array(Buffer.concat(parts));
}

interface Fields {
  readonly method: number;
  readonly flags: number;
  readonly crc: number;
  readonly size: number;
  readonly packedSize: number;
  readonly at: number;
}

function lengthOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function extraOf(file: ZipFile, values: readonly number[]): Buffer {
  const zip64 = file.isZip64 === true ? [u16(1), u16(values.length * 8), ...values.map(u64)] : [];
  return Buffer.concat([...zip64, Buffer.from(file.extra ?? [])]);
}

function localHeader(file: ZipFile, { method, flags, crc, size, packedSize }: Fields): Buffer {
  const name = Buffer.from(file.localName ?? file.name, 'latin1');
  const later = file.descriptor !== undefined;
  const sizes = later ? [0, 0] : [size, packedSize];
  const extra = extraOf(file, sizes);
  const [size32 = 0, packed32 = 0] = file.isZip64 === true ? [MAX32, MAX32] : sizes;
  const head = [u32(0x04034b50), u16(45), u16(flags), u16(method), u32(0x5a210000), u32(later ? 0 : crc)];
  return Buffer.concat([
    ...head,
    u32(packed32),
    u32(size32),
    u16(name.length),
    u16(extra.length),
    name,
    extra,
  ]);
}

function descriptorOf({ descriptor }: ZipFile, { crc, size, packedSize }: Fields): Buffer {
  if (descriptor === undefined) return Buffer.alloc(0);
  const number = descriptor.startsWith('64') ? u64 : u32;
  const signature = descriptor.endsWith('unsigned') ? [] : [u32(0x08074b50)];
  return Buffer.concat([...signature, u32(crc), number(packedSize), number(size)]);
}

function centralHeader(file: ZipFile, { method, flags, crc, size, packedSize, at }: Fields): Buffer {
  const name = Buffer.from(file.name, 'latin1');
  const comment = Buffer.from(file.comment ?? '');
  const extra = extraOf(file, [size, packedSize, at]);
  const in32 = (value: number): Buffer => u32(file.isZip64 === true ? MAX32 : value);
  const head = [u32(0x02014b50), u16(0x032d), u16(45), u16(flags), u16(method), u32(0x5a210000), u32(crc)];
  return Buffer.concat([
    ...head,
    in32(packedSize),
    in32(size),
    u16(name.length),
    u16(extra.length),
    u16(comment.length),
    u32(0),
    u32(file.externalAttributes ?? 0x81a40000),
    in32(at),
    name,
    extra,
    comment,
  ]);
}

function endOf(at: number, centrals: readonly Buffer[], shape: ZipShape): Buffer[] {
  const directory = Buffer.concat(centrals);
  const comment = Buffer.from(shape.comment ?? '');
  const count = centrals.length;
  const counts = [u16(count), u16(count)];
  const tail = [u16(comment.length), comment];
  if (shape.isZip64 !== true) {
    return [directory, u32(0x06054b50), u32(0), ...counts, u32(directory.length), u32(at), ...tail];
  }
  const end64 = [u32(0x06064b50), u64(44), u16(45), u16(45), u32(0), u32(0), u64(count), u64(count)];
  const locator = [u32(0x07064b50), u32(0), u64(at + directory.length), u32(1)];
  const end = [u32(0x06054b50), u32(0), u16(0xffff), u16(0xffff), u32(MAX32), u32(MAX32), ...tail];
  return [directory, ...end64, u64(directory.length), u64(at), ...locator, ...end];
}
