import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readExportName } from './export-name.ts';

/** A finished export's file, open for reading. */
export interface OpenedExport {
  readonly bytes: number;
  /**
   * The bytes from `from` on and below `to`, as they are asked for. Ends the file: it is closed when they are
   * at their end or nobody wants more.
   */
  read(from: number, to: number): ReadableStream<Uint8Array>;
  close(): Promise<void>;
}

/** The folder of finished exports. What does not bear an export's name in it is never touched. */
export interface ExportFiles {
  /** Whether the file is there. Its name as `exportName` gives it; any other one is not there. */
  has(file: string): Promise<boolean>;
  /** `null` where there is no such file. Errors: the file system's. */
  open(file: string): Promise<OpenedExport | null>;
  /**
   * Removes all exports of a ledger but finished ones whose id `mayStay` is true of; gives how many finished
   * ones. Unfinished ones too: what is written there may be what must be gone, and whoever writes it begins
   * anew.
   */
  removeOf(ledger: string, mayStay?: (id: string) => Promise<boolean>): Promise<number>;
  /** Removes the exports with these ids. */
  removeIds(ids: ReadonlySet<string>): Promise<void>;
  /** Removes exports, and parts of some, that nobody has written to since `before` (ms since the epoch). */
  removeOlder(before: number, partsBefore: number): Promise<void>;
}

/** Bytes that are read at once. */
const PIECE_BYTES = 256 * 1024;

/** Looks after the folder of exports; it need not be there yet. */
export function createExportFiles(folder: string): ExportFiles {
  const remove = (name: string): Promise<void> => rm(join(folder, name), { force: true });
  return {
    async has(file) {
      const name = readExportName(file);
      if (name === null || name.isPart) return false;
      return (await statOf(join(folder, file)))?.isFile() ?? false;
    },
    async open(file) {
      const name = readExportName(file);
      if (name === null || name.isPart) return null;
      const handle = await openFile(join(folder, file));
      return handle === null ? null : await toOpened(handle);
    },
    async removeOf(ledger, mayStay = async () => false) {
      let removed = 0;
      for (const file of await list(folder)) {
        if (file.ledger !== ledger || (!file.isPart && (await mayStay(file.id)))) continue;
        await remove(file.name);
        if (!file.isPart) removed += 1;
      }
      return removed;
    },
    async removeIds(ids) {
      const found = (await list(folder)).filter(({ id }) => ids.has(id));
      await Promise.all(found.map(({ name }) => remove(name)));
    },
    async removeOlder(before, partsBefore) {
      for (const { name, isPart } of await list(folder)) {
        const stats = await statOf(join(folder, name));
        if (stats !== null && stats.mtimeMs < (isPart ? partsBefore : before)) await remove(name);
      }
    },
  };
}

interface FoundFile {
  readonly name: string;
  readonly ledger: string;
  readonly id: string;
  readonly isPart: boolean;
}

async function list(folder: string): Promise<readonly FoundFile[]> {
  const names = await orNull(readdir(folder));
  return (names ?? []).flatMap((name) => {
    const read = readExportName(name);
    return read === null ? [] : [{ name, ...read }];
  });
}

/** Not through a link: what lies in the folder was written there, or is none of ours. */
async function openFile(path: string): Promise<FileHandle | null> {
  return await orNull(open(path, constants.O_RDONLY | constants.O_NOFOLLOW));
}

async function statOf(path: string) {
  return await orNull(lstat(path));
}

/** `null` where there is no such file, or it is a link. */
async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT' || code === 'ELOOP') return null;
    throw error;
  }
}

async function toOpened(handle: FileHandle): Promise<OpenedExport | null> {
  const stats = await handle.stat();
  if (!stats.isFile()) {
    await handle.close();
    return null;
  }
  return {
    bytes: stats.size,
    read: (from, to) => readRange(handle, from, to),
    close: () => handle.close(),
  };
}

function readRange(handle: FileHandle, from: number, to: number): ReadableStream<Uint8Array> {
  let at = from;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const piece = new Uint8Array(Math.min(PIECE_BYTES, to - at));
          const { bytesRead } = await handle.read(piece, 0, piece.length, at);
          if (bytesRead === 0 && at < to) throw new Error('The file has become shorter.');
          at += bytesRead;
          if (bytesRead > 0) controller.enqueue(piece.subarray(0, bytesRead));
          if (at < to) return;
          await handle.close();
          controller.close();
        } catch (error) {
          await handle.close();
          throw error;
        }
      },
      cancel: () => handle.close(),
    },
    { highWaterMark: 1 },
  );
}
