import type { PackSource } from '#server/ledger/pack/check-pack.ts';
import { buildZip, type ZipFile, type ZipShape } from './zip-builder.ts';

/** A pack's parts, in a form that a test can falsify. */
export interface PackParts {
  manifest: Record<string, unknown>;
  checkpoint: string;
  /** Objects or whole lines. */
  records: readonly (object | string)[];
  /** Further files, or others in the place of the five. */
  files?: readonly ZipFile[];
}

/** Writes a pack out of its parts. */
export function buildPack(parts: PackParts, shape: ZipShape = {}): Uint8Array {
  return buildZip(packFiles(parts), shape);
}

/** The files of a pack. */
export function packFiles({ manifest, checkpoint, records, files = [] }: PackParts): ZipFile[] {
  const lines = records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record)));
  const five: ZipFile[] = [
    { name: 'manifest.json', content: JSON.stringify(manifest) },
    { name: 'checkpoint', content: checkpoint },
    { name: 'records.ndjson', content: lines.map((line) => `${line}\n`).join('') },
    { name: 'README.txt', content: 'How to verify\n' },
    { name: 'verify.html', content: '<!doctype html><title>Verify</title>' },
  ];
  const others = new Map(files.map((file) => [file.name, file]));
  const kept = five.map((file) => {
    const other = others.get(file.name);
    others.delete(file.name);
    return other ?? file;
  });
  return [...kept, ...others.values()];
}

/** Bytes in memory as a source that refuses to be read beyond its ends. */
export function bytesSource(bytes: Uint8Array): PackSource {
  return {
    size: bytes.length,
    async read(at, length) {
      if (at < 0 || length < 0 || at + length > bytes.length)
        throw new RangeError(`No ${length} bytes at ${at}`);
      return bytes.slice(at, at + length);
    },
  };
}
