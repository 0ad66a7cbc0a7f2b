import { describe, expect, it } from 'vitest';
import { nodePlatform } from '#server/cli/verify/node-platform.ts';
import { type Hash, isHash } from '#server/ledger/hash.ts';
import { checkPack } from '#server/ledger/pack/check-pack.ts';
import { readRecordLine, recordLine } from '#server/ledger/pack/record-line.ts';
import { checkTlogProof, formatTlogProof } from '#server/ledger/tlog-proof.ts';
import { readSpecJson } from '#test/support/corpora.ts';
import { buildPack, bytesSource } from '#test/support/evidence-pack.ts';

interface VectorRecord {
  readonly entry: string;
  readonly sections: Readonly<Record<string, { salt: string; json: string }>>;
  readonly proof: readonly string[];
}

interface Vectors {
  readonly vkey: string;
  readonly pack: {
    readonly manifest: Record<string, unknown>;
    readonly checkpoint: string;
    readonly records: readonly VectorRecord[];
  };
  readonly brokenPacks: readonly {
    readonly name: string;
    readonly break: string;
    readonly index: number;
    readonly records: readonly VectorRecord[];
  }[];
}

const found = readSpecJson('ledger-vectors.json') as Vectors | null;
const vectors: Vectors = found ?? {
  vkey: '',
  pack: { manifest: {}, checkpoint: '', records: [] },
  brokenPacks: [{ name: 'no pack (ledger-vectors.json is absent)', break: '', index: 0, records: [] }],
};
const options = { vkey: vectors.vkey, witnesses: [], seen: [] };

describe.skipIf(found === null)('a pack of the vectors', () => {
  const { pack } = vectors;

  it('is verified whole, with the key from elsewhere', async () => {
    const outcome = await checkPack(nodePlatform, bytesSource(buildPack(pack)), options);
    expect(outcome.breaks).toEqual([]);
    expect(outcome).toMatchObject({ verified: true, trust: 'GIVEN', checked: 13, links: 13 });
  });

  it('is self-consistent only, with the key inside', async () => {
    const outcome = await checkPack(nodePlatform, bytesSource(buildPack(pack)), { ...options, vkey: null });
    expect(outcome).toMatchObject({ verified: true, trust: 'SELF', breakCount: 0 });
    expect(outcome.unchecked.join()).toContain('self-consistent only');
  });

  it.each(vectors.brokenPacks)('is refused with $name', async ({ break: kind, index, records }) => {
    const broken = { ...pack, manifest: { ...pack.manifest, count: records.length }, records };
    const outcome = await checkPack(nodePlatform, bytesSource(buildPack(broken)), options);
    expect(outcome.verified).toBe(false);
    const named = outcome.breaks.map((one) => `${one.kind} ${one.index}`);
    expect(named).toContain(`${kind.toUpperCase()} ${index}`);
  });

  it('has records whose lines come out as they were, each also as a proof on its own', () => {
    for (const [index, record] of pack.records.entries()) {
      const line = readRecordLine(JSON.stringify(record));
      if ('problem' in line) throw new Error(line.problem);
      expect(JSON.parse(recordLine(line))).toEqual(record);
      const extra = Buffer.from(recordLine({ ...line, proof: null })).toString('base64');
      const text = formatTlogProof({ extra, index, hashes: hashesOf(record), checkpoint: pack.checkpoint });
      const outcome = checkTlogProof(nodePlatform, text, options);
      expect(outcome.breaks).toEqual([]);
      expect(outcome).toMatchObject({ verified: true, entry: { index } });
    }
  });
});

function hashesOf({ proof }: VectorRecord): Hash[] {
  return proof.map((hash) => {
    if (!isHash(hash)) throw new Error(`${hash} is not a hash`);
    return hash;
  });
}
