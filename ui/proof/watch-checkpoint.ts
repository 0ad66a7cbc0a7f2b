import { type ConsistencyClaim, verifyConsistency } from '#server/ledger/proof.ts';
import { ApiError } from '#ui/graphql/api-error.ts';
import { checkNote, type CheckedCheckpoint, type ShownLedger } from './check-checkpoint.ts';
import {
  type Alarm,
  type AlarmKind,
  type CheckpointStorage,
  isSameRecollection,
  keepAlarm,
  type Recollection,
  recall,
  remember,
  type Remembered,
} from './checkpoint-memory.ts';
import { messages } from './messages.ts';
import { sha256 } from './sha256.ts';

/** How the newest checkpoint stands to the one that this browser remembers. */
export type MemoryFinding =
  /** The ledger has no checkpoint yet. */
  | { readonly kind: 'NO_CHECKPOINT' }
  /** Nothing was remembered; now this is, unless the browser keeps nothing. */
  | { readonly kind: 'FIRST'; readonly isKept: boolean }
  | { readonly kind: 'SAME' }
  /** The newest one is proven to begin with the remembered one. */
  | { readonly kind: 'GROWN'; readonly from: number; readonly to: number }
  /** A copy of the storage that lags shows an older one; the remembered one is proven to begin with it. */
  | { readonly kind: 'OLDER'; readonly from: number; readonly to: number }
  | { readonly kind: 'ALARM' }
  /** The appliance did not give what is needed to compare. */
  | { readonly kind: 'UNCHECKED'; readonly why: string };

/** What came of looking at a ledger's newest checkpoint. */
export interface CheckpointReport {
  readonly ledger: ShownLedger;
  /** `null`: the ledger has no checkpoint yet. */
  readonly checked: CheckedCheckpoint | null;
  /** What was remembered before. */
  readonly remembered: Remembered | null;
  readonly finding: MemoryFinding;
  /** One that was found now, or earlier and nobody has ended. */
  readonly alarm: Alarm | null;
}

/** What the check asks and uses. */
export interface WatchTools {
  /** The ledger as it is now; `null` where there is none. Throws ApiError. */
  readonly askLedger: () => Promise<ShownLedger | null>;
  /** Proof between two sizes; `null` where there is no such ledger. Throws ApiError. */
  readonly askConsistency: (from: number, to: number) => Promise<Pick<ConsistencyClaim, 'hashes'> | null>;
  readonly storage: CheckpointStorage;
  readonly nowMs: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

/** A copy of the storage may lag: a ledger that looks smaller is looked at again before it is an alarm. */
const LOOKS_MAX = 3;
const LOOK_AGAIN_MS = 1_000;

/**
 * Verifies a ledger's newest checkpoint and compares it with the one that this browser remembers: the ledger
 * must have the same key, and must begin with everything that was there. Only what was verified is
 * remembered, and what contradicts never takes the place of what was.
 *
 * @throws ApiError where the appliance does not answer, or has no such ledger
 */
export async function watchCheckpoint(id: string, tools: WatchTools): Promise<CheckpointReport> {
  for (let look = 1; ; look++) {
    // First what is remembered, then the question: what another window learns in between is no contradiction.
    const recollection = recall(tools.storage, id);
    const ledger = await tools.askLedger();
    if (ledger === null) throw new ApiError('LEDGER_NOT_FOUND', messages.noLedger(id));
    const found = await compare(ledger, recollection, tools);
    if (found.alarm === 'SHRUNK' && look < LOOKS_MAX) {
      await tools.wait(LOOK_AGAIN_MS);
      continue;
    }
    // What another window remembered meanwhile was not compared with, and must not be written over.
    const isOvertaken = !isSameRecollection(recollection, recall(tools.storage, id));
    if (isOvertaken && look < LOOKS_MAX) continue;
    return report(id, ledger, recollection, isOvertaken ? uncompared(found) : found, tools);
  }
}

interface Found {
  readonly checked: CheckedCheckpoint | null;
  readonly finding: MemoryFinding;
  readonly alarm: AlarmKind | null;
}

/** A contradiction is one, whatever else became known; anything better was not compared with that. */
function uncompared(found: Found): Found {
  if (found.alarm !== null) return found;
  return { ...found, finding: { kind: 'UNCHECKED', why: messages.overtaken } };
}

async function compare(ledger: ShownLedger, { remembered }: Recollection, tools: WatchTools): Promise<Found> {
  const checked = ledger.checkpoint === null ? null : checkNote(ledger, ledger.checkpoint);
  const alarmed = (alarm: AlarmKind): Found => ({ checked, finding: { kind: 'ALARM' }, alarm });
  if (remembered === 'DAMAGED') return alarmed('MEMORY_DAMAGED');
  if (remembered !== null && remembered.vkey !== ledger.vkey) return alarmed('KEY_CHANGED');
  if (checked === null) {
    if (remembered !== null && remembered.checkpoint.size > 0) return alarmed('SHRUNK');
    return { checked, finding: { kind: 'NO_CHECKPOINT' }, alarm: null };
  }
  if ('problem' in checked) return alarmed('SIGNATURE_INVALID');
  if (remembered === null) return { checked, finding: { kind: 'FIRST', isKept: true }, alarm: null };
  const [old, now] = [remembered.checkpoint, checked.checkpoint];
  if (old.size === now.size) {
    if (old.root !== now.root) return alarmed('ROOT_CHANGED');
    return { checked, finding: { kind: 'SAME' }, alarm: null };
  }
  const [smaller, larger] = old.size < now.size ? [old, now] : [now, old];
  const range = { from: smaller.size, to: larger.size };
  const isGrown = smaller === old;
  const finding: MemoryFinding = isGrown ? { kind: 'GROWN', ...range } : { kind: 'OLDER', ...range };
  // Every tree begins with the empty one.
  if (smaller.size === 0) return { checked, finding, alarm: null };
  const asked = await askProof(range.from, range.to, tools);
  if ('refusal' in asked) {
    if (!isGrown && asked.refusal.code === 'BAD_USER_INPUT') return alarmed('SHRUNK');
    const why = messages.noConsistency(asked.refusal.message);
    return { checked, finding: { kind: 'UNCHECKED', why }, alarm: null };
  }
  const claim = { ...range, fromRoot: smaller.root, toRoot: larger.root, hashes: asked.hashes };
  if (verifyConsistency(sha256, claim)) return { checked, finding, alarm: null };
  return alarmed(isGrown ? 'NOT_CONSISTENT' : 'SHRUNK');
}

async function askProof(
  from: number,
  to: number,
  { askConsistency }: WatchTools,
): Promise<{ readonly hashes: readonly string[] } | { readonly refusal: ApiError }> {
  try {
    const answer = await askConsistency(from, to);
    return answer ?? { refusal: new ApiError('LEDGER_NOT_FOUND', messages.noProofGiven) };
  } catch (error) {
    // Not an answer is not a contradiction: the step says that it could not be checked, and why.
    if (error instanceof ApiError) return { refusal: error };
    throw error;
  }
}

function report(
  id: string,
  ledger: ShownLedger,
  recollection: Recollection,
  found: Found,
  { storage, nowMs }: WatchTools,
): CheckpointReport {
  const { checked } = found;
  const note = ledger.checkpoint?.note ?? '';
  const remembered = recollection.remembered === 'DAMAGED' ? null : recollection.remembered;
  if (found.alarm !== null) {
    const alarm: Alarm = { kind: found.alarm, atMs: nowMs(), note, vkey: ledger.vkey };
    keepAlarm(storage, id, alarm);
    return { ledger, checked, remembered, finding: found.finding, alarm: recollection.alarm ?? alarm };
  }
  if (recollection.alarm !== null) {
    return { ledger, checked, remembered, finding: { kind: 'ALARM' }, alarm: recollection.alarm };
  }
  let { finding } = found;
  const isNew = finding.kind === 'FIRST' || finding.kind === 'GROWN';
  if (isNew && checked !== null && 'checkpoint' in checked) {
    const next = { vkey: ledger.vkey, note, checkpoint: checked.checkpoint };
    const isKept = remember(storage, id, next, nowMs());
    if (finding.kind === 'FIRST') finding = { kind: 'FIRST', isKept };
  }
  return { ledger, checked, remembered, finding, alarm: null };
}
