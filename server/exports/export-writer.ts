import { createHash, type Hash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readExportName } from './export-name.ts';
import type { ByteSink } from './zip-writer.ts';

/** A file of an export while it is written: nobody is given it before `commit`. */
export interface ExportWriter extends ByteSink {
  /** Bytes written so far. */
  readonly bytes: number;
  /**
   * Makes it durable under its name, in place of an older one.
   *
   * @returns SHA-256 of the whole file, hexadecimal; `null` where it was removed while it was written
   */
  commit(): Promise<string | null>;
  /** Removes it. After `commit`, and again, it does nothing. */
  discard(): Promise<void>;
}

/**
 * Opens a file, readable by its owner only, in the folder, which is made if need be. What an earlier attempt
 * at the same export left unfinished is removed.
 *
 * @param name as `exportName` gives it
 * @throws the file system's error
 */
export async function openExportWriter(folder: string, name: string): Promise<ExportWriter> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const id = readExportName(name)?.id;
  if (id === undefined) throw new Error(`${name} is not the name of an export`);
  for (const found of await readdir(folder)) {
    const read = readExportName(found);
    if (read?.id === id && read.isPart) await rm(join(folder, found), { force: true });
  }
  // A name of its own: an attempt that lost its claim and does not know it yet writes beside this one.
  const part = join(folder, `${name}.${randomBytes(6).toString('hex')}.part`);
  return new HashedFile(await open(part, 'wx', 0o600), part, folder, join(folder, name));
}

class HashedFile implements ExportWriter {
  bytes = 0;
  private readonly hash: Hash = createHash('sha256');
  private readonly handle: FileHandle;
  private readonly part: string;
  private readonly folder: string;
  private readonly file: string;
  private isOpen = true;

  constructor(handle: FileHandle, part: string, folder: string, file: string) {
    this.handle = handle;
    this.part = part;
    this.folder = folder;
    this.file = file;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.hash.update(bytes);
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.handle.write(bytes, done);
      done += bytesWritten;
    }
    this.bytes += bytes.length;
  }

  async commit(): Promise<string | null> {
    await this.handle.sync();
    await this.close();
    try {
      // A crash before this leaves a part, which the next attempt removes; after it, the whole file.
      await rename(this.part, this.file);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
    await syncFolder(this.folder);
    return this.hash.digest('hex');
  }

  async discard(): Promise<void> {
    await this.close();
    await rm(this.part, { force: true });
  }

  private async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders; NTFS journals the rename itself.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
