import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { decodeBase64 } from '#server/ledger/base64.ts';
import { emptyRoot } from '#server/ledger/frontier.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { concatHashes, readHash } from '#server/ledger/hash-bytes.ts';
import { rootAt, verifyConsistency, verifyInclusion } from '#server/ledger/proof.ts';
import { sha256 } from '#server/sha256.ts';
import { itWithCorpus } from '#test/support/corpora.ts';
import { TileShelf } from './tile-shelf.ts';

interface InclusionVector {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
  readonly proof: string[] | null;
  readonly wantErr: boolean;
}

interface ConsistencyVector {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
  readonly proof: string[] | null;
  readonly wantErr: boolean;
}

function readVectors<T>(folder: string): [name: string, vector: T][] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.json'),
  );
  return names.map((name) => [name, JSON.parse(readFileSync(join(folder, name), 'utf8')) as T]);
}

describe('the RFC 6962 vectors of transparency-dev/merkle', () => {
  itWithCorpus('rfc6962-merkle', 'the inclusion verifier errs exactly where each vector says', (corpus) => {
    const vectors = readVectors<InclusionVector>(join(corpus, 'testdata/inclusion'));
    expect(vectors.length).toBeGreaterThanOrEqual(98);
    for (const [name, { leafIdx, treeSize, root, leafHash, proof, wantErr }] of vectors) {
      const claim = { index: leafIdx, size: treeSize, leafHash, hashes: proof ?? [], root };
      expect(verifyInclusion(sha256, claim), name).toBe(!wantErr);
    }
  });

  itWithCorpus('rfc6962-merkle', 'the consistency verifier errs exactly where each vector says', (corpus) => {
    const vectors = readVectors<ConsistencyVector>(join(corpus, 'testdata/consistency'));
    expect(vectors.length).toBeGreaterThanOrEqual(98);
    for (const [name, { size1, size2, root1, root2, proof, wantErr }] of vectors) {
      const claim = { from: size1, to: size2, fromRoot: root1, toRoot: root2, hashes: proof ?? [] };
      expect(verifyConsistency(sha256, claim), name).toBe(!wantErr);
    }
  });

  itWithCorpus('rfc6962-merkle', 'the reference tree of 8 leaves has the reference roots', async (corpus) => {
    const text = readFileSync(join(corpus, 'reference-tree-8-leaves.json'), 'utf8');
    const reference = JSON.parse(text) as { leaf_inputs_hex: string[]; roots_by_tree_size_hex: string[] };
    const leaves = reference.leaf_inputs_hex.map((hex) => sha256(Buffer.from(`00${hex}`, 'hex')));
    const tree = new TileShelf();
    tree.append(leaves);
    const roots = reference.roots_by_tree_size_hex.map((hex) => readHash(Buffer.from(hex, 'hex')));
    expect(roots[0]).toBe(emptyRoot(sha256));
    for (const [size, root] of roots.entries()) expect(await rootAt(sha256, tree.readTile, size)).toBe(root);
    expect(decodeBase64(tree.root)).toEqual(concatHashes([roots[8] as Hash]));
  });
});
