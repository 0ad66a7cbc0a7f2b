import type { CommandContext } from '#server/cli/command.ts';
import { CannotRunError, UsageError } from '#server/cli/exit-codes.ts';
import { whole } from '#server/cli/progress-line.ts';
import { checkPack, type PackProgress } from '#server/ledger/pack/check-pack.ts';
import type { CheckOutcome } from '#server/ledger/pack/pack-outcome.ts';
import { checkTlogProof, TLOG_PROOF_LENGTH_MAX } from '#server/ledger/tlog-proof.ts';
import { openFileSource } from './file-source.ts';
import { nodePlatform } from './node-platform.ts';
import { checkOptions, type Subject, type VerifyContext } from './subject.ts';

/** Status lines a second; where there is no terminal, a line at most each few seconds. */
const SHOW_MS = 100;
const LINE_EVERY_MS = 5_000;
/** Of less time nothing can be told. */
const RATE_SECONDS_MIN = 0.5;

/**
 * Verifies an evidence pack.
 *
 * @throws CannotRunError where the file cannot be read
 */
export async function verifyPackFile(path: string, context: VerifyContext): Promise<Subject> {
  const { clock, interrupted, output } = context.command;
  const source = await openFileSource(path);
  const startedAt = clock();
  try {
    const outcome = await checkPack(nodePlatform, source, {
      ...checkOptions(context),
      signal: interrupted,
      onProgress: showProgress(path, context.command),
    });
    const { manifest } = outcome;
    const asked =
      manifest === null
        ? []
        : [`Exported at ${manifest.createdAt} by ${JSON.stringify(manifest.createdBy)}.`];
    const seconds = (clock() - startedAt) / 1000;
    const rate = seconds >= RATE_SECONDS_MIN ? outcome.checked / seconds : null;
    return { ...subjectOf(path, 'PACK', outcome, asked), rate };
  } finally {
    output.status('');
    await source.close();
  }
}

/**
 * Verifies a proof of one record.
 *
 * @throws CannotRunError where the file cannot be read; UsageError where nothing says with which key
 */
export async function verifyProofFile(path: string, context: VerifyContext): Promise<Subject> {
  const source = await openFileSource(path);
  try {
    if (source.size > TLOG_PROOF_LENGTH_MAX) throw new CannotRunError(`${path} is too large for a proof.`);
    const bytes = await source.read(0, source.size);
    const outcome = checkTlogProof(
      nodePlatform,
      new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
      checkOptions(context),
    );
    if (outcome.trust === 'NONE' && outcome.breakCount === 0) {
      throw new UsageError(
        `${path} carries no key, and none is pinned: say with --vkey which one is the ledger's.`,
      );
    }
    const about = outcome.entry === null ? [] : [`Record ${outcome.entry.index} of ${outcome.entry.ledger}.`];
    return subjectOf(path, 'PROOF', outcome, about);
  } finally {
    await source.close();
  }
}

function subjectOf(
  name: string,
  kind: 'PACK' | 'PROOF',
  outcome: CheckOutcome,
  about: readonly string[],
): Subject {
  const { verified, trust, note, checked, breakCount, breaks, unchecked, links, disclosed, seen } = outcome;
  const facts = [...about];
  if (breakCount === 0)
    facts.push(`${counted(disclosed, 'section')} read, each as its record commits to it.`);
  if (breakCount === 0 && links > 0)
    facts.push(`${counted(links, 'record')} compared with the record before.`);
  for (const { size, state } of seen) {
    if (state === 'SAME')
      facts.push(`It contains the checkpoint of size ${whole(size)} that was seen before.`);
  }
  return {
    name,
    kind,
    verified,
    trust,
    checked,
    breakCount,
    breaks,
    unchecked,
    facts,
    rate: null,
    origin: note?.checkpoint?.origin ?? null,
    vkey: note?.vkey ?? null,
    size: note?.checkpoint?.size ?? null,
    root: note?.checkpoint?.root ?? null,
    note: note?.note ?? null,
    witnesses: note?.witnesses ?? [],
  };
}

function showProgress(path: string, { clock, output }: CommandContext): (progress: PackProgress) => void {
  let shownAt = clock();
  let saidAt = shownAt;
  return ({ checked, total, breakCount }) => {
    const now = clock();
    if (now - shownAt < SHOW_MS) return;
    shownAt = now;
    const breaks = breakCount === 0 ? '' : `, ${whole(breakCount)} breaks`;
    const text = `${path}: ${whole(checked)} of ${whole(total)} records${breaks}`;
    output.status(text);
    if (output.isTerminal || now - saidAt < LINE_EVERY_MS) return;
    saidAt = now;
    output.note(text);
  };
}

function counted(count: number, what: string): string {
  return `${whole(count)} ${what}${count === 1 ? '' : 's'}`;
}
