import { encodeBase64 } from '#server/ledger/base64.ts';
import { inclusionProof, rootAt } from '#server/ledger/proof.ts';
import { readPreimage } from '#server/ledger/section.ts';
import { sha256 } from '#server/sha256.ts';
import type { PackParts } from '#test/support/evidence-pack.ts';
import { checkpointOf, type SampleLedger } from './sample-ledger.ts';

/** A record's line as data, in a form that a test can falsify. */
export interface EditableLine {
  entry: string;
  sections: Record<string, { salt: string; json: string }>;
  proof: string[];
}

export interface SamplePack extends PackParts {
  records: EditableLine[];
}

/** A genuine pack of some of a ledger's records, leading to a checkpoint of `size`. */
export async function makePack(
  ledger: SampleLedger,
  indexes: readonly number[],
  size: number = ledger.head.size,
): Promise<SamplePack> {
  const { origin, vkey, id, tiles, key } = ledger;
  const records: EditableLine[] = [];
  for (const index of indexes) {
    const record = ledger.records[index];
    if (record === undefined) throw new RangeError(`No record ${index}`);
    const sections = [...record.sections].map(([name, bytes]) => [name, readPreimage(bytes)] as const);
    const proof = await inclusionProof(sha256, tiles.readTile, { index, size });
    records.push({ entry: record.entry, sections: Object.fromEntries(sections), proof });
  }
  const root = await rootAt(sha256, tiles.readTile, size);
  const manifest = {
    format: 'indelible-evidence/1',
    ledger: id,
    origin,
    vkey,
    size,
    root,
    createdAt: '2026-01-03T00:00:00.000Z',
    createdBy: 'auditor',
    query: { words: 'all' },
    count: records.length,
  };
  return { manifest, checkpoint: checkpointOf({ size, root }, key), records };
}

/** 32 bytes that are the hash of nothing. */
export function strangeHash(seed: number): string {
  return encodeBase64(new Uint8Array(32).fill(seed));
}

/** 0 up to `count`, which is not among them. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
