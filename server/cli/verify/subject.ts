import type { CommandContext } from '#server/cli/command.ts';
import type { CheckOptions, PackBreak, Trust, WitnessOutcome } from '#server/ledger/pack/pack-outcome.ts';
import { type Hash, isHash } from '#server/ledger/hash.ts';
import type { Pins } from './pins.ts';

/** What every kind of verification is given. */
export interface VerifyContext {
  readonly command: CommandContext;
  /** `--vkey`. */
  readonly vkey: string | null;
  /** `--witness`. */
  readonly witnesses: readonly string[];
  /** `null`: `--no-pin`. */
  readonly pins: Pins | null;
}

/** What was verified, and what came of it: a pack, a proof, or a ledger. */
export interface Subject {
  /** As the person named it; of a ledger also its id. */
  readonly name: string;
  readonly kind: 'PACK' | 'PROOF' | 'LEDGER';
  readonly verified: boolean;
  readonly trust: Trust;
  readonly origin: string | null;
  /** Under which the checkpoint verified. */
  readonly vkey: string | null;
  readonly size: number | null;
  readonly root: Hash | null;
  /** Of the checkpoint; `null` where it cannot be read. */
  readonly note: string | null;
  readonly checked: number;
  readonly breakCount: number;
  readonly breaks: readonly PackBreak[];
  readonly witnesses: readonly WitnessOutcome[];
  /** Sentences of what else was seen to be right. */
  readonly facts: readonly string[];
  /** Sentences of what this does not show. */
  readonly unchecked: readonly string[];
  /** Records a second; `null` where it took too little time to tell. */
  readonly rate: number | null;
}

/** Keys, witnesses and pins as the checks of packs and proofs take them. */
export function checkOptions({ vkey, witnesses, pins }: VerifyContext): CheckOptions {
  return { vkey, witnesses, seen: [], pinOf: (origin) => pinOf(pins, origin) };
}

function pinOf(pins: Pins | null, origin: string): ReturnType<NonNullable<CheckOptions['pinOf']>> {
  const pinned = pins?.get(origin) ?? null;
  if (pinned === null) return null;
  const seen = pinned.checkpoints.flatMap(({ size, root }) => (isHash(root) ? [{ size, root }] : []));
  return { vkey: pinned.vkey, seen };
}
