import { createPrivateKey, sign as signBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '#server/ledger/base64.ts';
import { isCanonicalJson } from '#server/ledger/canonical.ts';
import { checkpointText, openCheckpoint, readCheckpoint, signCheckpoint } from '#server/ledger/checkpoint.ts';
import { entryJson, entryLeafHash, genesisPrev, readEntry } from '#server/ledger/entry.ts';
import { emptyRoot } from '#server/ledger/frontier.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { parseJson } from '#server/ledger/json.ts';
import { makeVkey, parseVkey } from '#server/ledger/note.ts';
import {
  consistencyProof,
  inclusionProof,
  rootAt,
  verifyConsistency,
  verifyInclusion,
} from '#server/ledger/proof.ts';
import { checkRecord } from '#server/ledger/record-check.ts';
import {
  commitment,
  readPreimage,
  type SectionName,
  sectionJson,
  sectionPreimage,
} from '#server/ledger/section.ts';
import { verifyEd25519 } from '#server/ed25519.ts';
import { sha256 } from '#server/sha256.ts';
import { readSpecJson } from '#test/support/corpora.ts';
import { TileShelf } from './tile-shelf.ts';

interface Vectors {
  readonly origin: string;
  readonly ledger: string;
  readonly ed25519Seed: string;
  readonly vkey: string;
  readonly genesisPrev: Hash;
  readonly records: readonly VectorRecord[];
  readonly roots: readonly Hash[];
  readonly checkpoints: Readonly<Record<string, string>>;
  readonly inclusion: readonly { index: number; size: number; proof: Hash[] }[];
  readonly consistency: readonly { from: number; to: number; proof: Hash[] }[];
  readonly pack: { readonly records: readonly PackRecord[] };
  readonly brokenPacks: readonly BrokenPack[];
}

interface VectorRecord {
  readonly recordedAt: string;
  readonly sections: Readonly<Record<SectionName, { salt: string; json: string; commitment: Hash }>>;
  readonly entry: string;
  readonly leafHash: Hash;
}

interface PackRecord {
  readonly entry: string;
  readonly sections: Readonly<Record<string, { salt: string; json: string }>>;
  readonly proof: readonly string[];
}

interface BrokenPack {
  readonly name: string;
  readonly break: string;
  readonly index: number;
  readonly records: readonly PackRecord[];
}

const found = readSpecJson('ledger-vectors.json') as Vectors | null;
/** Without the vectors every test below is skipped by name. */
const describeVectors = describe.skipIf(found === null);
const NO_PACK = { name: 'no pack (ledger-vectors.json is absent)', break: '', index: 0, records: [] };
const vectors: Vectors = found ?? {
  origin: '',
  ledger: '',
  ed25519Seed: '',
  vkey: '',
  genesisPrev: emptyRoot(sha256),
  records: [],
  roots: [],
  checkpoints: {},
  inclusion: [],
  consistency: [],
  pack: { records: [] },
  brokenPacks: [NO_PACK],
};

function bytes(base64: string): Uint8Array {
  const decoded = decodeBase64(base64);
  if (decoded === null) throw new Error(`not base64: ${base64}`);
  return decoded;
}

const sectionsOf = (record: VectorRecord) =>
  Object.entries(record.sections) as [SectionName, VectorRecord['sections'][SectionName]][];

function shelf(): TileShelf {
  const tree = new TileShelf();
  tree.append(vectors.records.map(({ leafHash }) => leafHash));
  return tree;
}

/** An Ed25519 private key in PKCS #8 is these bytes and the seed (RFC 8410). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

function sign(message: Uint8Array): Uint8Array {
  const der = Buffer.concat([PKCS8_HEAD, bytes(vectors.ed25519Seed)]);
  return signBytes(null, message, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

describeVectors('the vectors of the ledger format', () => {
  it('every section has the json, the preimage and the commitment of the vectors', () => {
    for (const record of vectors.records) {
      for (const [name, { salt, json, commitment: expected }] of sectionsOf(record)) {
        const { [name]: value } = parseJson(json) as Record<string, never>;
        expect(sectionJson(name, value as never)).toBe(json);
        expect(isCanonicalJson(json)).toBe(true);
        const preimage = sectionPreimage(bytes(salt), json);
        expect(commitment(sha256, preimage)).toBe(expected);
        expect(readPreimage(preimage)).toEqual({ salt, json });
      }
    }
  });

  it('every entry, leaf hash and link of the chain is that of the vectors', () => {
    let prev = genesisPrev(sha256, vectors.origin);
    expect(prev).toBe(vectors.genesisPrev);
    for (const [index, record] of vectors.records.entries()) {
      const sections = new Map(sectionsOf(record).map(([name, section]) => [name, section.commitment]));
      const recordedAt = Date.parse(record.recordedAt);
      const entry = { ledger: vectors.ledger, index, recordedAt, prev, sections };
      expect(entryJson(entry)).toBe(record.entry);
      expect(readEntry(record.entry)).toEqual(entry);
      prev = entryLeafHash(sha256, record.entry);
      expect(prev).toBe(record.leafHash);
    }
  });

  it('the tree has the root of the vectors at every size', async () => {
    const tree = shelf();
    expect(emptyRoot(sha256)).toBe(vectors.roots[0]);
    for (const [size, root] of vectors.roots.entries()) {
      expect(await rootAt(sha256, tree.readTile, size)).toBe(root);
    }
  });

  it('signing with the seed gives the checkpoints of the vectors byte for byte', () => {
    const { publicKey } = parseVkey(sha256, vectors.vkey) as { publicKey: Uint8Array };
    expect(makeVkey(sha256, vectors.origin, publicKey)).toBe(vectors.vkey);
    for (const [size, note] of Object.entries(vectors.checkpoints)) {
      const root = vectors.roots[Number(size)] as Hash;
      const checkpoint = { origin: vectors.origin, size: Number(size), root };
      expect(note.startsWith(`${checkpointText(checkpoint)}\n`)).toBe(true);
      expect(signCheckpoint(sha256, checkpoint, publicKey, sign)).toBe(note);
      expect(readCheckpoint(note)).toEqual(checkpoint);
      expect(openCheckpoint(sha256, verifyEd25519, note, vectors.vkey)).toEqual({ ok: true, checkpoint });
    }
  });

  it('inclusion proofs are those of the vectors and verify', async () => {
    const tree = shelf();
    for (const { index, size, proof } of vectors.inclusion) {
      expect(await inclusionProof(sha256, tree.readTile, { index, size })).toEqual(proof);
      const { leafHash } = vectors.records[index] as VectorRecord;
      const root = vectors.roots[size] as Hash;
      expect(verifyInclusion(sha256, { index, size, leafHash, hashes: proof, root })).toBe(true);
    }
  });

  it('consistency proofs are those of the vectors and verify', async () => {
    const tree = shelf();
    for (const { from, to, proof } of vectors.consistency) {
      expect(await consistencyProof(sha256, tree.readTile, { from, to })).toEqual(proof);
      const fromRoot = vectors.roots[from] as Hash;
      const toRoot = vectors.roots[to] as Hash;
      expect(verifyConsistency(sha256, { from, to, fromRoot, toRoot, hashes: proof })).toBe(true);
    }
  });
});

/**
 * What is wrong with a pack's records as far as records, proofs and neighbours tell: `kind` and `index` of
 * each.
 */
function breaksOf(records: readonly PackRecord[]): string[] {
  const breaks: string[] = [];
  let before: { index: number; leafHash: Hash } | null = null;
  for (const { entry, sections, proof } of records) {
    const read = readEntry(entry);
    const index: number = 'problem' in read ? (before?.index ?? -1) + 1 : read.index;
    const preimages = new Map(
      Object.entries(sections).map(([name, { salt, json }]) => [name, sectionPreimage(bytes(salt), json)]),
    );
    const record = { index, entry, sections: preimages };
    const checked = checkRecord(sha256, vectors.ledger, record, (kind) => breaks.push(`${kind} ${index}`));
    const claim = {
      index,
      size: 13,
      leafHash: checked.leafHash,
      hashes: proof,
      root: vectors.roots[13] as Hash,
    };
    if (!verifyInclusion(sha256, claim)) breaks.push(`ROOT_MISMATCH ${index}`);
    if (before && index <= before.index) breaks.push(`order ${index}`);
    else if (before?.index === index - 1 && checked.entry && checked.entry.prev !== before.leafHash) {
      breaks.push(`CHAIN_BROKEN ${index}`);
    }
    before = { index, leafHash: checked.leafHash };
  }
  return breaks;
}

describeVectors('the records of broken packs', () => {
  it.each(vectors.brokenPacks)('$name is found as $break at $index', (pack) => {
    expect(breaksOf(pack.records)).toContain(`${pack.break} ${pack.index}`);
  });

  it('the records of the genuine pack have no break', () => {
    expect(breaksOf(vectors.pack.records)).toEqual([]);
  });

  it('bytes survive base64 both ways', () => {
    expect(encodeBase64(bytes(vectors.ed25519Seed))).toBe(vectors.ed25519Seed);
  });
});
