import { parseWitnessVkey, verifyCosignature } from '#server/ledger/cosignature.ts';
import type { WitnessOutcome } from '#server/ledger/pack/pack-outcome.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import { sha256 } from '#server/sha256.ts';
import { nodePlatform } from './node-platform.ts';

/** Checkpoints that are read at once. */
const PAGE = 500;

/**
 * How the witnesses that were asked for stand to a ledger: when each last cosigned one of its checkpoints of
 * at most this size. Cosignatures that do not verify do not count; verification reports them as breaks.
 */
export async function ledgerWitnesses(
  archive: LedgerArchive,
  ledgerNo: number,
  size: number,
  vkeys: readonly string[],
): Promise<WitnessOutcome[]> {
  const outcomes = new Map<string, WitnessOutcome>();
  for (const vkey of vkeys) {
    const key = parseWitnessVkey(sha256, vkey);
    const name = 'problem' in key ? vkey : key.name;
    outcomes.set(vkey, { vkey, name, state: 'ABSENT', timestamp: null });
  }
  // Below the first there can be one of size 0.
  for (let after = -1; outcomes.size > 0; ) {
    const checkpoints = await archive.checkpoints(ledgerNo, after, PAGE);
    const last = checkpoints.at(-1)?.size;
    if (last === undefined || last <= after) break;
    const notes = new Map(checkpoints.map((one) => [one.size, one.note]));
    for (const { size: at, vkey, line } of await archive.cosignatures(
      ledgerNo,
      after,
      Math.min(last, size),
    )) {
      const [outcome, note] = [outcomes.get(vkey), notes.get(at)];
      if (outcome === undefined || note === undefined) continue;
      const verdict = verifyCosignature(sha256, nodePlatform.verify, note, line, vkey);
      if (verdict.verdict === 'INVALID') continue;
      const state = verdict.verdict === 'VALID' ? 'COSIGNED' : verdict.verdict;
      const timestamp = Math.max(verdict.timestamp, outcome.timestamp ?? 0);
      outcomes.set(vkey, { ...outcome, state, timestamp });
    }
    after = last;
  }
  return [...outcomes.values()];
}
