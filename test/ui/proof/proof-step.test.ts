import { describe, expect, it } from 'vitest';
import { PROOF_STEPS, type ProofStep, type ProofSteps, proofVerdict } from '#ui/proof/proof-step.ts';
import { pathLevels } from '#ui/proof/path-levels.ts';
import { treeShape } from '#ui/proof/tree-shape.ts';
import { inclusionProof, rootAt } from '#server/ledger/proof.ts';
import { concatHashes } from '#server/ledger/hash-bytes.ts';
import { sha256 } from '#server/sha256.ts';

function steps(states: Partial<Record<keyof ProofSteps, ProofStep['state']>>): ProofSteps {
  const step = (name: keyof ProofSteps): ProofStep => ({ state: states[name] ?? 'HOLDS', found: '' });
  return {
    CONTENT: step('CONTENT'),
    ENTRY: step('ENTRY'),
    LEAF: step('LEAF'),
    PATH: step('PATH'),
    SIGNATURE: step('SIGNATURE'),
    WITNESSES: step('WITNESSES'),
    MEMORY: step('MEMORY'),
  };
}

const STATES: readonly ProofStep['state'][] = ['CHECKING', 'WAITING', 'HOLDS', 'BROKEN', 'UNCHECKED', 'NONE'];

describe('the final word', () => {
  it('is verified only where every step that there is holds', () => {
    expect(proofVerdict(steps({}))).toBe('VERIFIED');
    expect(proofVerdict(steps({ WITNESSES: 'NONE', MEMORY: 'NONE' }))).toBe('VERIFIED');
    for (const name of PROOF_STEPS) {
      for (const state of STATES) {
        const isFine = state === 'HOLDS' || (state === 'NONE' && (name === 'WITNESSES' || name === 'MEMORY'));
        const verdict = proofVerdict(steps({ [name]: state }));
        expect(verdict === 'VERIFIED', `${name} ${state}`).toBe(isFine);
      }
    }
  });

  it('is broken as soon as one step is, whatever the others are', () => {
    for (const name of PROOF_STEPS) {
      expect(proofVerdict(steps({ CONTENT: 'UNCHECKED', PATH: 'CHECKING', [name]: 'BROKEN' }))).toBe(
        'BROKEN',
      );
    }
  });

  it.each([
    [{ CONTENT: 'UNCHECKED' }, 'CONTENT_UNCHECKED'],
    [{ CONTENT: 'NONE' }, 'CONTENT_GONE'],
    [{ WITNESSES: 'UNCHECKED' }, 'PARTLY'],
    [{ MEMORY: 'UNCHECKED', CONTENT: 'UNCHECKED' }, 'PARTLY'],
    [{ SIGNATURE: 'UNCHECKED' }, 'UNPROVEN'],
    [{ PATH: 'UNCHECKED', CONTENT: 'UNCHECKED' }, 'UNPROVEN'],
    [{ PATH: 'WAITING' }, 'WAITING'],
    [{ PATH: 'WAITING', MEMORY: 'CHECKING' }, 'CHECKING'],
  ] as const)('of %j is %s', (states, verdict) => {
    expect(proofVerdict(steps(states))).toBe(verdict);
  });
});

describe('the path that is drawn', () => {
  const leaves = Array.from({ length: 40 }, (_, at) => sha256(Buffer.from([at])));
  const readTile = async (_level: number, _index: number, width: number) =>
    concatHashes(leaves.slice(0, width));

  it('ends at the root, from every leaf of every tree', async () => {
    for (let size = 1; size <= leaves.length; size++) {
      const root = await rootAt(sha256, readTile, size);
      for (let index = 0; index < size; index++) {
        const leafHash = leaves[index] ?? '';
        const hashes = await inclusionProof(sha256, readTile, { index, size });
        const levels = pathLevels({ index, size, leafHash, hashes });
        expect(levels).toHaveLength(hashes.length);
        expect(levels.at(-1)?.joined ?? leafHash).toBe(root);
      }
    }
  });

  it('bears whatever it is given', () => {
    const hashes = Array.from({ length: 100 }, () => 'no hash');
    expect(pathLevels({ index: 0, size: 4, leafHash: 'x', hashes })).toHaveLength(2);
    expect(pathLevels({ index: 4, size: 4, leafHash: 'x', hashes })).toEqual([]);
    expect(pathLevels({ index: -1, size: 0, leafHash: '', hashes: [] })).toEqual([]);
  });

  it('lies below the root, each pair level with one another, and stays within its bounds', () => {
    const sides = Array.from({ length: 30 }, (_, at) => ({ side: at % 3 === 0 ? 'LEFT' : 'RIGHT' }) as const);
    const { levels, left, right, bottom, leaf } = treeShape(sides);
    for (const { node, neighbour, parent } of levels) {
      expect(node.y).toBe(neighbour.y);
      expect(node.y).toBeGreaterThan(parent.y);
      expect(node.x + neighbour.x).toBeCloseTo(2 * parent.x);
      for (const { x } of [node, neighbour]) expect(x >= left && x <= right).toBe(true);
    }
    expect(levels[0]?.node).toEqual(leaf);
    expect(leaf.y).toBe(bottom);
    expect(treeShape([])).toMatchObject({ levels: [], leaf: { x: 0, y: 0 } });
  });
});
