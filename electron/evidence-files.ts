import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { type OfferedFile, READ_BYTES_MAX } from './bridge.ts';

/** A file that one window reads, in pieces: never as a whole. */
export interface EvidenceFile extends OfferedFile {
  /**
   * Fewer bytes than asked for only at the file's end. Throws RangeError for a part that may not be asked
   * for.
   */
  read(at: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Opens a file for reading. Throws where it is not there, cannot be read or is no ordinary file. */
export async function openEvidenceFile(path: string): Promise<EvidenceFile> {
  const handle = await open(path, 'r');
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Error(`${path} is not a file`);
    return toFile(handle, basename(path), stats.size);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function toFile(handle: FileHandle, name: string, size: number): EvidenceFile {
  return {
    name,
    size,
    async read(at, length) {
      const isPart = Number.isSafeInteger(at) && at >= 0 && Number.isSafeInteger(length) && length >= 0;
      if (!isPart || length > READ_BYTES_MAX) throw new RangeError('No such part of the file.');
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - at)));
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, at + filled);
        if (bytesRead === 0) return bytes.subarray(0, filled);
        filled += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}
