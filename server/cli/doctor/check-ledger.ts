import { whole } from '#server/cli/progress-line.ts';
import { verifyEd25519 } from '#server/ed25519.ts';
import type { LedgerIdentity } from '#server/ports/ledger-store.ts';
import { sha256 } from '#server/sha256.ts';
import { checkStart, type LedgerAtStart } from '#server/worker/check-start.ts';
import { type Finding, fine, problem, reasonOf } from './finding.ts';

export interface LedgerReads {
  readonly read: (identity: LedgerIdentity) => Promise<LedgerAtStart>;
  /** Size of the newest checkpoint in the database; `null` where there is none. */
  readonly checkpointSize: (ledger: string) => Promise<number | null>;
  /** What to do about a ledger that contradicts itself. */
  readonly restore: string;
}

/**
 * As every start does: head against last record, tiles and newest checkpoints. It is no verification of all
 * records.
 */
export async function checkLedger(
  { read, checkpointSize, restore }: LedgerReads,
  identity: LedgerIdentity,
): Promise<Finding> {
  const what = `Ledger ${identity.id}`;
  try {
    const ledger = await read(identity);
    const size = await checkpointSize(identity.id);
    const problems = await checkStart(sha256, verifyEd25519, ledger);
    if (problems.length > 0) {
      return problem(what, problems.join('; '), `${restore} It is evidence: change nothing.`);
    }
    const covered = size === null ? 'no checkpoint yet' : `checkpoint at ${whole(size)}`;
    return fine(
      what,
      `${whole(ledger.head.size)} records, ${covered}; head, last record and checkpoint agree`,
    );
  } catch (error) {
    return problem(what, reasonOf(error), restore);
  }
}
