import { crc32 } from './crc32.ts';
import type { PackPlatform, PackSource } from './pack-platform.ts';
import type { ZipMember } from './zip-directory.ts';

/** A file's content is not what the ZIP says. */
export class ZipContentError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'ZipContentError';
  }
}

/** Bytes that are read from the source at once. */
const READ_BYTES = 262_144;

/**
 * The content of a file in a ZIP, chunk by chunk. Only once it has ended well were size and checksum right.
 * Throws `ZipContentError` where the content is not what the directory says, and whatever `source.read`
 * rejects with.
 */
export async function* zipContent(
  platform: PackPlatform,
  source: PackSource,
  member: ZipMember,
): AsyncGenerator<Uint8Array, void, undefined> {
  const packed = new PackedContent(source, member);
  const checksum = platform.crc32 ?? crc32;
  let crc = 0;
  let size = 0;
  try {
    for await (const chunk of member.isDeflated ? platform.inflate(packed.chunks()) : packed.chunks()) {
      size += chunk.length;
      if (size > member.size) throw new ZipContentError('it is larger than the ZIP says');
      crc = checksum(chunk, crc);
      yield chunk;
    }
  } catch (error) {
    if (packed.failure !== null) throw packed.failure.error;
    // Whatever the platform's inflate says of bad data, it is the pack that is bad.
    throw error instanceof ZipContentError ? error : new ZipContentError('it cannot be inflated');
  }
  if (!packed.isDone) throw new ZipContentError('its compressed data end too early');
  if (size !== member.size) throw new ZipContentError('it is smaller than the ZIP says');
  if (crc !== member.crc32) throw new ZipContentError('it does not match its checksum');
}

class PackedContent {
  /** What the source rejected with: that is not the pack's fault. */
  failure: { readonly error: unknown } | null = null;
  isDone = false;
  private readonly source: PackSource;
  private readonly member: ZipMember;

  constructor(source: PackSource, member: ZipMember) {
    this.source = source;
    this.member = member;
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const { at, packedSize } = this.member;
    for (let done = 0; done < packedSize; done += READ_BYTES) {
      const length = Math.min(READ_BYTES, packedSize - done);
      yield await this.read(at + done, length);
    }
    this.isDone = true;
  }

  private async read(at: number, length: number): Promise<Uint8Array> {
    try {
      return await this.source.read(at, length);
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }
}
