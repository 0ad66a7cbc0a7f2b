import type { CommandContext } from '#server/cli/command.ts';
import { CannotRunError } from '#server/cli/exit-codes.ts';
import { whole } from '#server/cli/progress-line.ts';
import type { Config } from '#server/config.ts';
import type { Break } from '#server/ledger/break.ts';
import { type Checkpoint, readCheckpoint } from '#server/ledger/checkpoint.ts';
import { parseVkey } from '#server/ledger/note.ts';
import type { Trust, WitnessOutcome } from '#server/ledger/pack/pack-outcome.ts';
import type { ArchivedLedger } from '#server/ports/ledger-archive.ts';
import { sha256 } from '#server/sha256.ts';
import type { VerificationProgress, VerificationResult } from '#server/verifications/verification.ts';
import { verifyArchive } from '#server/verifications/verify-archive.ts';
import { ledgerWitnesses } from './ledger-witnesses.ts';
import { nodePlatform } from './node-platform.ts';
import { type OpenArchive, openArchive } from './open-archive.ts';
import type { Subject, VerifyContext } from './subject.ts';

/** Where there is no terminal, a line at most this often. */
const LINE_EVERY_MS = 5_000;

const KEY_BESIDE =
  'Whoever can write here may also have the signing key, which lies beside the database: only pins, ' +
  'witnesses and checkpoints kept elsewhere show that nobody signed anew.';

/**
 * Verifies every ledger of a data folder, or of a Postgres, one after another; `tell` hears of each.
 *
 * @throws CannotRunError where there are none; AppError STORAGE_UNAVAILABLE
 */
export async function verifyLedgers(
  config: Config,
  context: VerifyContext,
  tell: (subject: Subject) => Promise<void>,
): Promise<void> {
  const open = await openArchive(config);
  try {
    const ledgers = await open.archive.ledgers();
    const witnessVkeys = [...config.witnesses.map(({ vkey }) => vkey), ...context.witnesses];
    for (const ledger of ledgers) await tell(await verifyOne(ledger, open, witnessVkeys, context));
    const absent = absentLedgers(ledgers, open, context);
    if (absent !== null) await tell(absent);
    if (ledgers.length === 0 && absent === null)
      throw new CannotRunError(`There are no ledgers in ${open.place}.`);
  } finally {
    context.command.output.status('');
    await open.close();
  }
}

async function verifyOne(
  ledger: ArchivedLedger,
  { archive, segments, remembered, place }: OpenArchive,
  witnessVkeys: readonly string[],
  context: VerifyContext,
): Promise<Subject> {
  const { id, no, origin, vkey } = ledger;
  const pinned = context.pins?.get(origin) ?? null;
  const kept = remembered?.get(id) ?? null;
  const seen = [...(kept === null ? [] : [kept]), ...(pinned?.checkpoints ?? []).map(({ note }) => note)];
  const result = await verifyArchive(
    { archive, segments, sha256, verifiers: nodePlatform.verify, seen, witnessVkeys },
    { ledger: id, from: null, to: null },
    { resume: null, report: showProgress(id, context.command), signal: context.command.interrupted },
  );
  const note = (await archive.checkpointUpTo(no, result.size))?.note ?? null;
  const read = readNote(note);
  const { trust, breaks: keyBreaks } = trustIn(ledger, pinned?.vkey ?? null, context, {
    size: result.size,
    signed: read?.size ?? 0,
  });
  const witnesses = await ledgerWitnesses(archive, no, result.size, context.witnesses);
  const breaks = [...keyBreaks, ...witnessBreaks(witnesses), ...result.breaks];
  const breakCount = result.breakCount + breaks.length - result.breaks.length;
  return {
    name: `${place}, ledger ${id}`,
    kind: 'LEDGER',
    verified: breakCount === 0,
    trust,
    origin,
    vkey: trust === 'NONE' ? null : vkey,
    size: read?.size ?? null,
    root: read?.root ?? null,
    note,
    checked: result.checked,
    rate: result.rate,
    breaks,
    breakCount,
    witnesses,
    facts: facts(result, seen.length),
    unchecked: unchecked(result, trust, kept !== null),
  };
}

/** Whatever stands in the column: what is no note was reported as a break. */
function readNote(note: unknown): Checkpoint | null {
  const read = typeof note === 'string' ? readCheckpoint(note) : null;
  return read === null || 'problem' in read ? null : read;
}

/**
 * The ledger's own row says which key it has: it counts only where somebody outside says the same, and where
 * that key signed something.
 */
function trustIn(
  { origin, vkey }: ArchivedLedger,
  pinned: string | null,
  context: VerifyContext,
  { size, signed }: { readonly size: number; readonly signed: number },
): { readonly trust: Trust; readonly breaks: readonly Break[] } {
  const given = context.vkey !== null && nameOf(context.vkey) === origin ? context.vkey : null;
  const breaks: Break[] = [];
  for (const [known, what] of [
    [given, 'the verifier key given'],
    [pinned, 'the verifier key that was pinned before'],
  ] as const) {
    if (known === null || known === vkey) continue;
    breaks.push({ kind: 'SIGNATURE_INVALID', index: null, message: `the ledger's key is not ${what}` });
  }
  if (breaks.length === 0 && (given ?? pinned) !== null && size > 0 && signed === 0) {
    const message = `the ledger's key signed none of its ${whole(size)} records`;
    breaks.push({ kind: 'SIGNATURE_INVALID', index: null, message });
  }
  if (breaks.length > 0) return { trust: 'NONE', breaks };
  return { trust: given !== null ? 'GIVEN' : pinned !== null ? 'PINNED' : 'SELF', breaks };
}

function nameOf(vkey: string): string | null {
  const key = parseVkey(sha256, vkey);
  return 'problem' in key ? null : key.name;
}

function witnessBreaks(witnesses: readonly WitnessOutcome[]): Break[] {
  return witnesses.flatMap(({ name, state }) =>
    state === 'ABSENT'
      ? [
          {
            kind: 'SIGNATURE_INVALID' as const,
            index: null,
            message: `the witness ${name} cosigned no checkpoint`,
          },
        ]
      : [],
  );
}

function facts({ indexChecked, indexRate }: VerificationResult, seenCount: number): string[] {
  const sentences: string[] = [];
  if (indexChecked > 0) {
    sentences.push(`Index: ${whole(indexChecked)} records compared, ${whole(indexRate)}/s.`);
  }
  if (seenCount > 0)
    sentences.push(`Compared with ${whole(seenCount)} checkpoints that were kept elsewhere.`);
  return sentences;
}

function unchecked(result: VerificationResult, trust: Trust, hasKept: boolean): string[] {
  const sentences = [...result.notChecked];
  if (trust === 'SELF')
    sentences.push(`It is self-consistent only: its key was not seen before. ${KEY_BESIDE}`);
  if (!hasKept) sentences.push('No checkpoint of it is kept beside the database.');
  return sentences;
}

/** Ledgers that should be there: a checkpoint of them is kept, they were pinned, or their key was given. */
function absentLedgers(
  ledgers: readonly ArchivedLedger[],
  { remembered, place }: OpenArchive,
  { vkey, pins }: VerifyContext,
): Subject | null {
  const breaks: Break[] = [];
  for (const id of remembered?.ledgers() ?? []) {
    if (ledgers.some((ledger) => ledger.id === id)) continue;
    const message = `the ledger ${id} is gone: a checkpoint of it was kept`;
    breaks.push({ kind: 'ROLLED_BACK', index: null, message });
  }
  for (const gone of pinnedElsewhere(ledgers, pins?.origins() ?? [])) {
    const message = `the ledger ${gone} is gone: it was pinned`;
    breaks.push({ kind: 'ROLLED_BACK', index: null, message });
  }
  const origin = vkey === null ? null : nameOf(vkey);
  if (origin !== null && !ledgers.some((ledger) => ledger.origin === origin)) {
    const message = `no ledger here has the origin ${origin}, of which the key was given`;
    breaks.push({ kind: 'SIGNATURE_INVALID', index: null, message });
  }
  if (breaks.length === 0) return null;
  return {
    name: place,
    kind: 'LEDGER',
    verified: false,
    trust: 'NONE',
    origin: null,
    vkey: null,
    size: null,
    root: null,
    note: null,
    checked: 0,
    breaks,
    breakCount: breaks.length,
    witnesses: [],
    facts: [],
    unchecked: [],
    rate: null,
  };
}

/** Pinned origins of the same appliance, by the prefix that all of its ledgers have, that it has not. */
function pinnedElsewhere(ledgers: readonly ArchivedLedger[], pinned: readonly string[]): string[] {
  const prefixes = new Set(ledgers.map(({ origin }) => prefixOf(origin)));
  return pinned.filter(
    (origin) => prefixes.has(prefixOf(origin)) && !ledgers.some((ledger) => ledger.origin === origin),
  );
}

function prefixOf(origin: string): string {
  return origin.slice(0, origin.lastIndexOf('/') + 1);
}

function showProgress(
  id: string,
  { clock, output }: CommandContext,
): (progress: VerificationProgress) => void {
  let saidAt = clock();
  return ({ checked, total, rate, phase, breakCount }) => {
    const what = phase === 'RECORDS' ? 'records' : 'records of the index';
    const breaks = breakCount === 0 ? '' : `, ${whole(breakCount)} breaks`;
    const text = `${id}: ${whole(checked)} of ${whole(total)} ${what}, ${whole(rate)}/s${breaks}`;
    output.status(text);
    if (output.isTerminal || clock() - saidAt < LINE_EVERY_MS) return;
    saidAt = clock();
    output.note(text);
  };
}
