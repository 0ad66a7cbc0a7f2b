import { textOf } from '#server/ledger/text-of.ts';
import { openCheckpoint } from '#server/ledger/checkpoint.ts';
import { inclusionProof, verifyInclusion } from '#server/ledger/proof.ts';
import type { ArchivedLedger, ArchivedRecord } from '#server/ports/ledger-archive.ts';
import { createArchivedTiles } from './archived-tiles.ts';
import { base64Of } from './base64-of.ts';
import type { VerifyArchiveDeps } from './verification.ts';

/**
 * Whether a record's leaf hash is in the tree that the first checkpoint signs which covers it; while none
 * does, in that of the head. `false` too where tiles, note or key are not what they should be.
 *
 * Errors: STORAGE_UNAVAILABLE.
 */
export async function isInTree(
  deps: VerifyArchiveDeps,
  ledger: ArchivedLedger,
  { index, leafHash }: Pick<ArchivedRecord, 'index' | 'leafHash'>,
): Promise<boolean> {
  const tree = await treeOver(deps, ledger, index);
  if (tree === null || index >= tree.size) return false;
  const tiles = createArchivedTiles(deps.archive, ledger.no);
  const { size, root } = tree;
  const hashes = await inclusionProof(deps.sha256, tiles.readTile, { index, size }).catch(() => null);
  // An outage is no answer; a tile that is not there is one.
  tiles.check();
  return hashes !== null && verifyInclusion(deps.sha256, { index, size, leafHash, hashes, root });
}

async function treeOver(
  { archive, sha256, verifiers }: VerifyArchiveDeps,
  { no, origin, vkey, head }: ArchivedLedger,
  index: number,
): Promise<{ readonly size: number; readonly root: string } | null> {
  const [covering] = await archive.checkpoints(no, index, 1);
  if (covering === undefined) return head && { size: head.size, root: base64Of(head.root) };
  const opened = openCheckpoint(sha256, verifiers.ed25519, textOf(covering.note), textOf(vkey));
  return opened.ok && opened.checkpoint.origin === origin ? opened.checkpoint : null;
}
