import { entryJson, entryLeafHash } from '#server/ledger/entry.ts';
import { concatHashes } from '#server/ledger/hash-bytes.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { commitment, SALT_BYTES } from '#server/ledger/section.ts';
import { growTree } from '#server/ledger/tile.ts';
import { sha256 } from '#server/sha256.ts';
import type { EditableArchive } from './editable-archive.ts';
import { LEDGER, signAs, SIZE } from './sample-archive.ts';

const bytes = (hash: string): Buffer => Buffer.from(hash, 'base64');

/**
 * What someone can do who has the database and the ledger's key: gives every record from `from` on other
 * salts, so that all that follows from them is another ledger, and makes everything fit again: entries,
 * chain, tiles, head and the newest checkpoint. What a witness signed he cannot make.
 */
export async function rewriteLedger(target: EditableArchive, from: number): Promise<void> {
  const [identity, ledger] = [await target.storage.catalog.find(LEDGER), await target.archive.ledger(LEDGER)];
  if (identity === null || ledger === null) throw new Error('There is no ledger');
  const leaves: Hash[] = [];
  for (let next = 0; next < SIZE; ) {
    const records = await target.archive.records(ledger.no, next, SIZE);
    for (const record of records) {
      const { index, recordedAt } = record;
      if (index < from) {
        leaves.push(record.leafHash as Hash);
        continue;
      }
      const sections = new Map([...record.sections].map(([name, old]) => [name, resalted(old)] as const));
      const commitments = new Map([...sections].map(([name, one]) => [name, commitment(sha256, one)]));
      const prev = leaves.at(-1);
      if (prev === undefined) throw new Error('The first record stays');
      const entry = entryJson({ ledger: LEDGER, index, recordedAt, prev, sections: commitments });
      const leaf = entryLeafHash(sha256, entry);
      leaves.push(leaf);
      await target.run('UPDATE record SET entry = $1, leaf_hash = $2 WHERE ledger_no = 1 AND idx = $3', [
        entry,
        bytes(leaf),
        index,
      ]);
      for (const [name, one] of sections) {
        await target.run(`UPDATE record SET "${name}" = $1 WHERE ledger_no = 1 AND idx = $2`, [
          Buffer.from(one),
          index,
        ]);
      }
    }
    next += records.length;
  }
  const tree = growTree(sha256, { size: 0, frontier: [], edge: [] }, leaves);
  for (const { level, index, hashes } of tree.tiles) {
    await target.run('UPDATE tile SET hashes = $1 WHERE ledger_no = 1 AND level = $2 AND idx = $3', [
      Buffer.from(hashes),
      level,
      index,
    ]);
  }
  await target.run('UPDATE head SET root = $1, frontier = $2, prev = $3 WHERE ledger_no = 1', [
    bytes(tree.root),
    Buffer.from(concatHashes(tree.frontier)),
    bytes(leaves.at(-1) ?? ''),
  ]);
  await target.run('UPDATE checkpoint SET root = $1, note = $2 WHERE ledger_no = 1 AND size = $3', [
    bytes(tree.root),
    await signAs(identity, SIZE, tree.root),
    SIZE,
  ]);
}

function resalted(preimage: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(preimage);
  for (let at = 0; at < SALT_BYTES; at++) copy[at] = (copy[at] ?? 0) ^ 0x55;
  return copy;
}
