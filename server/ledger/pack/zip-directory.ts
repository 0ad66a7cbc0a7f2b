import type { Problem } from '#server/ledger/note.ts';
import type { PackSource } from './pack-platform.ts';
import { readZipExtra } from './zip-extra.ts';

/** One file in a ZIP, as its central header has it; the local header says the same. */
export interface ZipMember {
  readonly name: string;
  readonly isDeflated: boolean;
  readonly crc32: number;
  /** In bytes, as it lies in the ZIP. */
  readonly packedSize: number;
  /** In bytes. */
  readonly size: number;
  /** Where its content begins. */
  readonly at: number;
}

/** Files in one ZIP that are looked at. */
export const ZIP_MEMBERS_MAX = 100;
/** Bytes of a central directory that is looked at. */
export const ZIP_DIRECTORY_BYTES_MAX = 65_536;

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const END64_SIGNATURE = 0x06064b50;
const END64_BYTES = 56;
const LOCATOR_SIGNATURE = 0x07064b50;
const LOCATOR_BYTES = 20;
const CENTRAL_SIGNATURE = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const DESCRIPTOR_SIGNATURE = 0x08074b50;
const MAX16 = 0xffff;
const MAX32 = 0xffffffff;
/** Sizes behind the content, how much deflate tried, names in UTF-8: all that may be said in the flags. */
const FLAGS_ALLOWED = 0x080e;
const FLAG_DESCRIPTOR = 0x0008;
const VERSION_MAX = 45;
const STORED = 0;
const DEFLATED = 8;
/** Of the file type in Unix permissions: none, or a plain file. */
const FILE_TYPES = [0, 0o10];

/** What is said in a central header. */
interface Central extends Omit<ZipMember, 'at'> {
  /** Version, flags, method and time, as both headers have them. */
  readonly common: readonly number[];
  readonly flags: number;
  readonly localAt: number;
}

interface Directory {
  readonly at: number;
  readonly bytes: number;
  readonly count: number;
}

/**
 * Reads the directory of a ZIP so strictly that all readers see the same files: plain files only, stored or
 * deflated, no byte in front, between or behind that belongs to nothing, no comments, both headers alike,
 * each name once. Says what is wrong with anything else; rejects only where the source does.
 */
export async function readZipDirectory(source: PackSource): Promise<readonly ZipMember[] | Problem> {
  const directory = await findDirectory(source);
  if ('problem' in directory) return directory;
  if (directory.bytes > ZIP_DIRECTORY_BYTES_MAX || directory.count > ZIP_MEMBERS_MAX) {
    return { problem: 'the ZIP has too many files' };
  }
  const centrals = readCentrals(viewOf(await source.read(directory.at, directory.bytes)), directory.count);
  if ('problem' in centrals) return centrals;
  centrals.sort((a, b) => a.localAt - b.localAt);
  const members: ZipMember[] = [];
  let at = 0;
  for (const [i, central] of centrals.entries()) {
    const end = centrals[i + 1]?.localAt ?? directory.at;
    if (end > directory.at) return { problem: 'the directory of the ZIP is damaged' };
    if (central.localAt !== at) return { problem: `the ZIP has bytes at ${at} that belong to no file` };
    const member = await readLocal(source, central, end);
    if ('problem' in member)
      return { problem: `${JSON.stringify(central.name)} in the ZIP: ${member.problem}` };
    members.push(member);
    at = end;
  }
  return at === directory.at ? members : { problem: 'the ZIP has bytes that belong to no file' };
}

async function findDirectory(source: PackSource): Promise<Directory | Problem> {
  const { size } = source;
  if (size < END_BYTES) return { problem: 'it is not a ZIP file' };
  const tailBytes = Math.min(size, END_BYTES + LOCATOR_BYTES + END64_BYTES);
  const tail = viewOf(await source.read(size - tailBytes, tailBytes));
  const end = tailBytes - END_BYTES;
  if (tail.getUint32(end, true) !== END_SIGNATURE) {
    return { problem: 'it does not end as a ZIP file does: it is cut off, or something follows' };
  }
  if (tail.getUint16(end + 20, true) !== 0) return { problem: 'the ZIP has a comment' };
  if (tail.getUint32(end + 4, true) !== 0) return { problem: 'the ZIP is one of several disks' };
  const count = tail.getUint16(end + 10, true);
  if (tail.getUint16(end + 8, true) !== count) return { problem: 'the ZIP is one of several disks' };
  const small = { at: tail.getUint32(end + 16, true), bytes: tail.getUint32(end + 12, true), count };
  const is64 = small.at === MAX32 || small.bytes === MAX32 || count === MAX16;
  if (!is64 && small.at + small.bytes === size - END_BYTES) return small;
  return readEnd64(tail, size - tailBytes, small);
}

/** The ZIP64 end record, which must stand right in front of its locator and the end record. */
function readEnd64(tail: DataView, tailAt: number, small: Directory): Directory | Problem {
  const wrong = { problem: 'the end of the ZIP does not fit its directory' };
  const locator = tail.byteLength - END_BYTES - LOCATOR_BYTES;
  const end = locator - END64_BYTES;
  if (end < 0 || tail.getUint32(locator, true) !== LOCATOR_SIGNATURE) return wrong;
  if (tail.getUint32(locator + 4, true) !== 0 || tail.getUint32(locator + 16, true) !== 1) return wrong;
  if (uint64(tail, locator + 8) !== tailAt + end || tail.getUint32(end, true) !== END64_SIGNATURE)
    return wrong;
  if (uint64(tail, end + 4) !== END64_BYTES - 12 || tail.getUint32(end + 16, true) !== 0) return wrong;
  if (tail.getUint32(end + 20, true) !== 0 || uint64(tail, end + 24) !== uint64(tail, end + 32)) return wrong;
  const directory = {
    at: uint64(tail, end + 48),
    bytes: uint64(tail, end + 40),
    count: uint64(tail, end + 32),
  };
  const agrees =
    (small.at === MAX32 || small.at === directory.at) &&
    (small.bytes === MAX32 || small.bytes === directory.bytes) &&
    (small.count === MAX16 || small.count === directory.count);
  return agrees && directory.at + directory.bytes === tailAt + end ? directory : wrong;
}

function readCentrals(view: DataView, count: number): Central[] | Problem {
  const centrals: Central[] = [];
  const names = new Set<string>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > view.byteLength || view.getUint32(at, true) !== CENTRAL_SIGNATURE) {
      return { problem: 'the directory of the ZIP is damaged' };
    }
    const end = at + CENTRAL_BYTES + view.getUint16(at + 28, true) + view.getUint16(at + 30, true);
    if (end > view.byteLength) return { problem: 'the directory of the ZIP is damaged' };
    const central = readCentral(view, at);
    if ('problem' in central) return central;
    const shown = JSON.stringify(central.name);
    if (names.has(central.name)) return { problem: `the ZIP has the file ${shown} twice` };
    names.add(central.name);
    centrals.push(central);
    at = end;
  }
  return at === view.byteLength ? centrals : { problem: 'the directory of the ZIP is damaged' };
}

function readCentral(view: DataView, at: number): Central | Problem {
  const nameBytes = view.getUint16(at + 28, true);
  const name = asciiText(view, at + CENTRAL_BYTES, nameBytes);
  if (name === null) return { problem: 'a file in the ZIP has a name that is not plain ASCII' };
  const shown = `${JSON.stringify(name)} in the ZIP`;
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  if (view.getUint16(at + 6, true) > VERSION_MAX || (flags & ~FLAGS_ALLOWED) !== 0) {
    return { problem: `${shown} is encrypted, or of a kind that is not read` };
  }
  if (method !== STORED && method !== DEFLATED) return { problem: `${shown} is neither stored nor deflated` };
  if (view.getUint16(at + 32, true) !== 0) return { problem: `${shown} has a comment` };
  if (view.getUint16(at + 34, true) !== 0) return { problem: `${shown} is on another disk` };
  if (!FILE_TYPES.includes(view.getUint16(at + 40, true) >> 12)) return { problem: `${shown} is not a file` };
  const size = view.getUint32(at + 24, true);
  const packedSize = view.getUint32(at + 20, true);
  const localAt = view.getUint32(at + 42, true);
  const extra = readZipExtra(view, at + CENTRAL_BYTES + nameBytes, view.getUint16(at + 30, true), [
    size,
    packedSize,
    localAt,
  ]);
  if (extra === null) return { problem: `${shown} has extra fields that are not read` };
  const [size64 = 0, packed64 = 0, local64 = 0] = extra;
  const [isDeflated, crc32] = [method === DEFLATED, view.getUint32(at + 16, true)];
  const common = commonFields(view, at + 6);
  return { name, isDeflated, crc32, common, flags, size: size64, packedSize: packed64, localAt: local64 };
}

/** Reads the local header and what is behind the content; the member's bytes end at `end`. */
async function readLocal(source: PackSource, central: Central, end: number): Promise<ZipMember | Problem> {
  const differs = { problem: 'its two headers differ' };
  const { name, flags, isDeflated, crc32, packedSize, size, localAt } = central;
  if (localAt + LOCAL_BYTES > end) return differs;
  const head = viewOf(await source.read(localAt, Math.min(end - localAt, LOCAL_BYTES + 2 * MAX16)));
  const nameBytes = head.getUint16(26, true);
  const extraBytes = head.getUint16(28, true);
  const headBytes = LOCAL_BYTES + nameBytes + extraBytes;
  if (headBytes > head.byteLength || head.getUint32(0, true) !== LOCAL_SIGNATURE) return differs;
  if (asciiText(head, LOCAL_BYTES, nameBytes) !== name) return differs;
  if (commonFields(head, 4).some((field, i) => field !== central.common[i])) return differs;
  const sizes = [head.getUint32(22, true), head.getUint32(18, true)];
  const extra = readZipExtra(head, LOCAL_BYTES + nameBytes, extraBytes, sizes);
  if (extra === null) return { problem: 'it has extra fields that are not read' };
  const at = localAt + headBytes;
  const rest = end - at - packedSize;
  const hasDescriptor = (flags & FLAG_DESCRIPTOR) !== 0;
  const expected = [size, packedSize, crc32];
  for (const [i, said] of [...extra, head.getUint32(14, true)].entries()) {
    // Where sizes follow the content, the header may leave them out.
    if (said !== expected[i] && !(hasDescriptor && said === 0)) return differs;
  }
  if (hasDescriptor ? !DESCRIPTOR_BYTES.includes(rest) : rest !== 0) {
    return { problem: 'its content does not fill its place' };
  }
  if (hasDescriptor && !fitsDescriptor(viewOf(await source.read(end - rest, rest)), central)) return differs;
  if (!isDeflated && packedSize !== size) return { problem: 'its sizes differ although it is stored' };
  return { name, isDeflated, crc32, packedSize, size, at };
}

/** Version, flags, method, time and date: side by side in both headers. */
function commonFields(view: DataView, at: number): number[] {
  return [0, 2, 4, 6, 8].map((offset) => view.getUint16(at + offset, true));
}

/** With and without its signature, with sizes of 32 and of 64 bits. */
const DESCRIPTOR_BYTES = [12, 16, 20, 24];

function fitsDescriptor(view: DataView, { crc32, packedSize, size }: Central): boolean {
  const bytes = view.byteLength;
  const isSigned = bytes === 16 || bytes === 24;
  if (isSigned && view.getUint32(0, true) !== DESCRIPTOR_SIGNATURE) return false;
  const at = isSigned ? 4 : 0;
  if (view.getUint32(at, true) !== crc32) return false;
  return bytes >= 20
    ? uint64(view, at + 4) === packedSize && uint64(view, at + 12) === size
    : view.getUint32(at + 4, true) === packedSize && view.getUint32(at + 8, true) === size;
}

function asciiText(view: DataView, at: number, length: number): string | null {
  let text = '';
  for (let i = 0; i < length; i++) {
    const code = view.getUint8(at + i);
    if (code < 0x20 || code > 0x7e) return null;
    text += String.fromCharCode(code);
  }
  return text;
}

/** Past 2^53 it is not exact, and larger than any file. */
function uint64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
