import { type FileHandle, open } from 'node:fs/promises';
import { CannotRunError } from '#server/cli/exit-codes.ts';
import type { PackSource } from '#server/ledger/pack/pack-platform.ts';

export interface FileSource extends PackSource {
  close(): Promise<void>;
}

/**
 * Opens a file to be read in pieces.
 *
 * @throws CannotRunError where it cannot be opened; its reads reject with one where it cannot be read
 */
export async function openFileSource(path: string): Promise<FileSource> {
  let file: FileHandle;
  let size: number;
  try {
    file = await open(path);
    size = (await file.stat()).size;
  } catch (error) {
    throw unreadable(path, error);
  }
  return {
    size,
    read: async (at, length) => await readWhole(file, path, at, length),
    close: () => file.close(),
  };
}

async function readWhole(file: FileHandle, path: string, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done).catch((error: unknown) => {
      throw unreadable(path, error);
    });
    if (bytesRead === 0) throw new CannotRunError(`${path} became shorter while it was read.`);
    done += bytesRead;
  }
  return bytes;
}

function unreadable(path: string, error: unknown): CannotRunError {
  return new CannotRunError(
    `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
  );
}
