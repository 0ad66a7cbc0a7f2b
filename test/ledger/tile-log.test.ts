import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { openCheckpoint } from '#server/ledger/checkpoint.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { parseVkey, verifyNote } from '#server/ledger/note.ts';
import {
  consistencyProof,
  inclusionProof,
  type ReadTile,
  rootAt,
  verifyConsistency,
  verifyInclusion,
} from '#server/ledger/proof.ts';
import { verifyEd25519 } from '#server/ed25519.ts';
import { sha256 } from '#server/sha256.ts';
import { itWithCorpus } from '#test/support/corpora.ts';
import { TileShelf } from './tile-shelf.ts';

/** Published with the log. */
const VKEY = 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx';
const SIZES = Array.from({ length: 16 }, (_, size) => size);
const log = (corpus: string): string => join(corpus, 'tessera-testdata/log');

function checkpoints(corpus: string): { size: number; root: Hash }[] {
  return SIZES.map((size) => {
    const note = readFileSync(join(log(corpus), `checkpoint.${size}`), 'utf8');
    const opened = openCheckpoint(sha256, verifyEd25519, note, VKEY);
    if (!opened.ok) throw new Error(`checkpoint.${size}: ${opened.problem}`);
    return opened.checkpoint;
  });
}

const readTile =
  (corpus: string): ReadTile =>
  async (level, index, width) =>
    readFileSync(join(log(corpus), `tile/${level}/${`${index}`.padStart(3, '0')}.p/${width}`));

/** The leaf hashes of an entry bundle: entries with a 16-bit length in front. */
function leavesOfBundle(bundle: Buffer): Hash[] {
  const leaves: Hash[] = [];
  for (let at = 0; at < bundle.length; ) {
    const length = bundle.readUInt16BE(at);
    leaves.push(sha256(Buffer.concat([Buffer.of(0), bundle.subarray(at + 2, at + 2 + length)])));
    at += 2 + length;
  }
  return leaves;
}

describe('the signed tile log of transparency-dev/tessera', () => {
  itWithCorpus(
    'tlog-checkpoints',
    'all 16 checkpoints open with the key of the log, and no other',
    (corpus) => {
      expect(checkpoints(corpus).map(({ size }) => size)).toEqual(SIZES);
      const note = readFileSync(join(log(corpus), 'checkpoint.7'), 'utf8');
      expect(openCheckpoint(sha256, verifyEd25519, note.replace('\n7\n', '\n8\n'), VKEY).ok).toBe(false);
      const other = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
      expect(openCheckpoint(sha256, verifyEd25519, note, other).ok).toBe(false);
    },
  );

  itWithCorpus('tlog-checkpoints', 'its entries give every root and every tile', async (corpus) => {
    for (const { size, root } of checkpoints(corpus)) {
      const tree = new TileShelf();
      if (size > 0) {
        const bundle = readFileSync(join(log(corpus), `tile/entries/000.p/${size}`));
        tree.append(leavesOfBundle(bundle));
        const tile = readFileSync(join(log(corpus), `tile/0/000.p/${size}`));
        expect(Buffer.from(tree.tiles.get('0/0') ?? []).equals(tile)).toBe(true);
      }
      expect([tree.size, tree.root]).toEqual([size, root]);
      expect(await rootAt(sha256, readTile(corpus), size)).toBe(root);
    }
  });

  itWithCorpus(
    'tlog-checkpoints',
    'proofs made of its tiles verify against its checkpoints',
    async (corpus) => {
      const heads = checkpoints(corpus);
      const leaves = leavesOfBundle(readFileSync(join(log(corpus), 'tile/entries/000.p/15')));
      for (const { size, root } of heads) {
        for (let index = 0; index < size; index++) {
          const hashes = await inclusionProof(sha256, readTile(corpus), { index, size });
          const leafHash = leaves[index] as Hash;
          expect(verifyInclusion(sha256, { index, size, leafHash, hashes, root })).toBe(true);
        }
        for (const older of heads.slice(1, size)) {
          const hashes = await consistencyProof(sha256, readTile(corpus), { from: older.size, to: size });
          const claim = { from: older.size, to: size, fromRoot: older.root, toRoot: root, hashes };
          expect(verifyConsistency(sha256, claim)).toBe(true);
        }
      }
    },
  );

  itWithCorpus('tlog-checkpoints', 'the example of the signed-note specification verifies', (corpus) => {
    const page = readFileSync(join(corpus, 'c2sp-specs/signed-note.md'), 'utf8');
    const example = page.slice(page.indexOf('### Example'));
    const [, vkey = ''] = /\n {4}(\S+\+\S+)\n/.exec(example) ?? [];
    const [, note = ''] = /```\n([^`]+)```/.exec(example) ?? [];
    const key = parseVkey(sha256, vkey);
    if ('problem' in key) throw new Error(key.problem);
    const verified = verifyNote(note, [key], verifyEd25519);
    expect(verified).toEqual({ text: 'This is an example message.\n', keys: [key] });
  });
});
