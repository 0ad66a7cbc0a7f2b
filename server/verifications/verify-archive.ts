import { AppError } from '#server/errors.ts';
import { BreakList } from '#server/ledger/break.ts';
import type { Sha256 } from '#server/ledger/hash.ts';
import { isWalkState } from '#server/ledger/ledger-walk.ts';
import { BREAKS_KEPT_MAX, readHeadSize } from '#server/ledger/verify.ts';
import type { ArchivedLedger } from '#server/ports/ledger-archive.ts';
import { base64Of } from './base64-of.ts';
import { readResumeState, type ResumeState } from './resume-state.ts';
import { Run } from './run.ts';
import type {
  VerificationContext,
  VerificationRequest,
  VerificationResult,
  VerifyArchiveDeps,
} from './verification.ts';
import { verifyIndex } from './verify-index.ts';
import { verifyRange } from './verify-range.ts';
import { verifyRecords } from './verify-records.ts';

/**
 * Verifies a ledger as it stands in an archive: every record's content, entry and columns, the chain, the
 * tree, head, checkpoints, cosignatures and the search copy. It reads in short reads, so the ledger may grow
 * meanwhile: the head of the start is what is verified. Finds every break and never stops at the first.
 *
 * Of a range: the records in it, the chain to the one before, and the tree above them.
 *
 * Errors: LEDGER_NOT_FOUND, BAD_USER_INPUT for a range that is none or past the size, STORAGE_UNAVAILABLE,
 * and the signal's reason.
 */
export async function verifyArchive(
  deps: VerifyArchiveDeps,
  request: VerificationRequest,
  context: VerificationContext,
): Promise<VerificationResult> {
  context.signal.throwIfAborted();
  const ledger = await deps.archive.ledger(request.ledger);
  if (ledger === null) throw new AppError('LEDGER_NOT_FOUND');
  const breaks = new BreakList(BREAKS_KEPT_MAX);
  const state = resumable(deps.sha256, request, ledger, readResumeState(context.resume));
  const pinned = state ?? pinHead(ledger, breaks);
  const run = new Run(deps, request, context, atSize(ledger, pinned), { ...pinned, breaks });
  if (state !== null) run.restore(state);
  if (run.phase === 'RECORDS') await verifyContent(run, state);
  if (run.phase === 'RECORDS') run.enter('INDEX');
  await verifyIndex(run, state?.phase === 'INDEX' ? state.next : (request.from ?? 0));
  return resultOf(run);
}

/** An earlier run is gone on with where it verified the same, and the ledger still has what it pinned. */
function resumable(
  sha256: Sha256,
  { ledger, from, to }: VerificationRequest,
  { head }: ArchivedLedger,
  state: ResumeState | null,
): ResumeState | null {
  if (state === null || state.ledger !== ledger || state.from !== from || state.to !== to) return null;
  const size: unknown = head?.size;
  if (typeof size !== 'number' || size < state.size) return null;
  if (from !== null || to !== null || state.phase === 'INDEX') return state;
  return state.walk !== null && isWalkState(sha256, state.walk, state.size) ? state : null;
}

function pinHead({ head }: ArchivedLedger, breaks: BreakList): { size: number; root: string } {
  if (head !== null) return { size: readHeadSize(head.size, breaks), root: base64Of(head.root) };
  breaks.add('ROOT_MISMATCH', null, 'the ledger has no head');
  return { size: 0, root: '' };
}

/** A head that has moved since it was pinned tells nothing of the one that was. */
function atSize(
  ledger: ArchivedLedger,
  pinned: { readonly size: number; readonly root: string },
): ArchivedLedger {
  const { head } = ledger;
  const isSame = head !== null && base64Of(head.root) === pinned.root;
  return isSame ? ledger : { ...ledger, head: null };
}

async function verifyContent(run: Run, state: ResumeState | null): Promise<void> {
  const { request, size } = run;
  if (request.from === null && request.to === null) return await verifyRecords(run, state?.walk ?? null);
  const [from, to] = [request.from ?? 0, request.to ?? size];
  if (from >= to || to > size || from < 0) {
    throw new AppError('BAD_USER_INPUT', { message: `The ledger has no records from ${from} to ${to}.` });
  }
  await verifyRange(run, to, Math.max(from, state?.next ?? from));
}

function resultOf(run: Run): VerificationResult {
  if (run.unknownCosignatures > 0) {
    run.notChecked.add(
      `who made ${run.unknownCosignatures} cosignatures: no witness of that key is configured`,
    );
  }
  return {
    checked: run.checked,
    total: run.total,
    rate: run.rateOf('RECORDS'),
    phase: run.phase,
    breaks: run.breaks.kept,
    breakCount: run.breaks.count,
    size: run.size,
    root: run.root,
    indexChecked: run.indexChecked,
    indexRate: run.rateOf('INDEX'),
    notChecked: [...run.notChecked],
  };
}
