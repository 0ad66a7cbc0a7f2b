import { verifyEd25519 } from '#server/ed25519.ts';
import { type Checkpoint, openCheckpoint } from '#server/ledger/checkpoint.ts';
import { verifyCosignature } from '#server/ledger/cosignature.ts';
import type { ProofCheckpointQuery } from '#ui/graphql/generated.ts';
import { messages } from './messages.ts';
import type { ProofStep } from './proof-step.ts';
import { sha256 } from './sha256.ts';

/** A ledger with its newest checkpoint, as the appliance shows it. Nothing in it is trusted. */
export type ShownLedger = NonNullable<ProofCheckpointQuery['ledger']>;
export type ShownCheckpoint = NonNullable<ShownLedger['checkpoint']>;

/** A checkpoint whose signature was verified, or what is wrong with it. */
export type CheckedCheckpoint = { readonly checkpoint: Checkpoint } | { readonly problem: string };

/**
 * Verifies the note with the key, and that the appliance says nothing else beside it than what was signed.
 * Never throws.
 */
export function checkNote(ledger: ShownLedger, shown: ShownCheckpoint): CheckedCheckpoint {
  const opened = openCheckpoint(sha256, verifyEd25519, shown.note, ledger.vkey);
  if (!opened.ok) return { problem: messages.noteBroken(opened.problem) };
  const { checkpoint } = opened;
  if (checkpoint.origin !== ledger.origin) return { problem: messages.noteOtherOrigin(checkpoint.origin) };
  if (checkpoint.size !== shown.size) return { problem: messages.noteOtherSize(checkpoint.size, shown.size) };
  if (checkpoint.root !== shown.root) return { problem: messages.noteOtherRoot };
  return { checkpoint };
}

/** Step 6: each witness's cosignature is its own, over this very checkpoint. Never throws. */
export function checkCosignatures({ note, cosignatures }: ShownCheckpoint): ProofStep {
  if (cosignatures.length === 0) return { state: 'NONE', found: messages.noWitnesses };
  const unchecked: string[] = [];
  for (const { witness, line, vkey } of cosignatures) {
    const { verdict, ...rest } = verifyCosignature(sha256, { ed25519: verifyEd25519 }, note, line, vkey);
    if (verdict === 'INVALID') {
      const problem = 'problem' in rest ? rest.problem : '';
      return { state: 'BROKEN', found: messages.witnessBroken(witness, problem) };
    }
    if (verdict === 'UNKNOWN_ALGORITHM') unchecked.push(witness);
  }
  if (unchecked.length > 0)
    return { state: 'UNCHECKED', found: messages.witnessUnchecked(unchecked.join(', ')) };
  const names = cosignatures.map(({ witness }) => witness);
  return { state: 'HOLDS', found: messages.witnessesHold(names.join(', ')) };
}
