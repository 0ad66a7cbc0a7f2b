import type { EvidenceFile } from './evidence-file.ts';

/** What the desktop app gives this page; anywhere else there is nothing of the kind. */
interface EvidenceDesktop {
  offeredFile(): Promise<{ readonly name: string; readonly size: number } | null>;
  /** Gives at most `PART_BYTES_MAX`; less only at the file's end. */
  readOffered(at: number, length: number): Promise<Uint8Array>;
}

/** The most that the app reads at once. */
const PART_BYTES_MAX = 4 * 1024 * 1024;

/**
 * The file that the page was opened for; `null` where it was opened for none. Rejects where the app fails.
 */
export async function takeOfferedFile(): Promise<EvidenceFile | null> {
  const { indelibleDesktop: desktop } = globalThis as { readonly indelibleDesktop?: EvidenceDesktop };
  const offered = desktop === undefined ? null : await desktop.offeredFile();
  if (desktop === undefined || offered === null) return null;
  const { name, size } = offered;
  return {
    name,
    size,
    slice: (from, to) => ({ arrayBuffer: () => readParts(desktop, from, Math.min(to, size)) }),
  };
}

async function readParts(desktop: EvidenceDesktop, from: number, to: number): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(Math.max(0, to - from));
  let filled = 0;
  while (filled < bytes.length) {
    const length = Math.min(PART_BYTES_MAX, bytes.length - filled);
    const part = await desktop.readOffered(from + filled, length);
    // The file became shorter: whoever reads it sees that.
    if (part.length === 0) return bytes.buffer.slice(0, filled);
    bytes.set(part, filled);
    filled += part.length;
  }
  return bytes.buffer;
}
