import type { VerificationFactsFragment } from '#ui/graphql/generated.ts';
import { countOf, countText, durationText } from '#ui/parts/number-text.ts';
import { messages } from './messages.ts';

/** How it stands with a ledger; VERIFIED is the only one that may be green. */
export type VerdictTone = 'VERIFIED' | 'ATTENTION' | 'BROKEN' | 'NEUTRAL';

/** What may be said of a ledger, and why no more. */
export interface Verdict {
  readonly tone: VerdictTone;
  readonly headline: string;
  readonly reasons: readonly string[];
}

/** What is known of a ledger's verifications. */
export interface Evidence {
  /** The last one of the whole ledger that came to its end, with its result recorded. */
  readonly last: VerificationFactsFragment | null;
  /** Whatever was asked for lately, newest first. */
  readonly recent: readonly VerificationFactsFragment[];
  /** Records that the ledger has now. */
  readonly size: number;
  /** Hours between two verifications that are due; 0: none is. */
  readonly verifyHours: number;
}

/** A verification is old when as many of its successors should have been there. */
const OLD_AFTER_TIMES = 2;
const HOUR_MS = 3_600_000;

/**
 * What may be said of a ledger. A break that was found since the last whole verification counts, wherever it
 * was found; that nothing was found counts only of the whole ledger, and only where nothing was left out.
 */
export function verdictOf(evidence: Evidence, nowMs: number): Verdict {
  const { last, recent } = evidence;
  const breaks = Math.max(0, ...[last, ...newerThan(last, recent)].map((one) => one?.breakCount ?? 0));
  if (breaks > 0) {
    const headline = messages.broken(countOf(breaks, 'break', 'breaks'));
    return { tone: 'BROKEN', headline, reasons: (last?.notChecked ?? []).map(messages.notCheckedOf) };
  }
  if (last === null || !isWhole(last) || last.state !== 'DONE') {
    return { tone: 'NEUTRAL', headline: messages.neverVerified, reasons: [messages.neverVerifiedWhy] };
  }
  const reasons = doubtsAbout(last, evidence, nowMs);
  const headline = messages.verified(countOf(last.checked, 'record', 'records'));
  if (reasons.length === 0) return { tone: 'VERIFIED', headline, reasons };
  return { tone: 'ATTENTION', headline: headlineOf(last, headline), reasons };
}

/** Whether a verification is of the whole ledger. */
export function isWhole({ from, to }: Pick<VerificationFactsFragment, 'from' | 'to'>): boolean {
  return from === null && to === null;
}

/** Whether it still waits or runs. */
export function isUnderWay({ state }: Pick<VerificationFactsFragment, 'state'>): boolean {
  return state === 'QUEUED' || state === 'RUNNING';
}

function headlineOf(last: VerificationFactsFragment, headline: string): string {
  const { length } = last.notChecked;
  return length === 0 ? headline : messages.verifiedBut(headline, countOf(length, 'thing', 'things'));
}

function doubtsAbout(
  last: VerificationFactsFragment,
  { recent, size, verifyHours }: Evidence,
  nowMs: number,
): readonly string[] {
  const reasons = [...last.notChecked];
  if (last.size !== null && last.checked !== last.size) {
    reasons.push(messages.checkedLess(countText(last.checked), countText(last.size)));
  }
  if (last.size !== null && size < last.size) {
    reasons.push(messages.smallerNow(countText(size), countText(last.size)));
  }
  const failed = newerThan(last, recent).find((one) => isWhole(one) && one.state === 'FAILED');
  if (failed) reasons.push(messages.newerFailed(failed.error?.message ?? messages.noReason));
  const ageMs = nowMs - Date.parse(last.finishedAt ?? last.createdAt);
  const oldAfterMs = verifyHours === 0 ? Infinity : OLD_AFTER_TIMES * verifyHours * HOUR_MS;
  if (!(ageMs <= oldAfterMs)) {
    reasons.push(messages.verifiedLongAgo(durationText(ageMs), durationText(oldAfterMs)));
  }
  return reasons;
}

/** Those that looked at the ledger after the last whole verification did, or still look at it. */
function newerThan(
  last: VerificationFactsFragment | null,
  recent: readonly VerificationFactsFragment[],
): readonly VerificationFactsFragment[] {
  if (last === null) return recent;
  const end = Date.parse(last.finishedAt ?? last.createdAt);
  return recent.filter(
    ({ id, finishedAt }) => id !== last.id && (finishedAt === null || Date.parse(finishedAt) > end),
  );
}
