import type { VerificationFactsFragment } from '#ui/graphql/generated.ts';
import { countOf, countText } from '#ui/parts/number-text.ts';
import { messages } from './messages.ts';

/** What a verification looks at, e.g. `the whole ledger`, `records 10 to 19`. */
export function rangeText({ from, to, size }: VerificationFactsFragment): string {
  if (from === null && to === null) return messages.wholeLedger;
  const end = to ?? size;
  return messages.rangeOf(countText(from ?? 0), end === null ? '…' : countText(end - 1));
}

/** How a verification stands, or ended, in words. */
export function resultText(verification: VerificationFactsFragment): string {
  const { state, checked, breakCount, notChecked, error } = verification;
  const found = breakCount > 0 ? messages.resultBreaks(countOf(breakCount, 'break', 'breaks')) : null;
  const withBreaks = (text: string): string => (found === null ? text : `${found}. ${text}`);
  switch (state) {
    case 'QUEUED':
    case 'RUNNING':
      return withBreaks(messages.resultUnderWay);
    case 'CANCELLED':
      return withBreaks(messages.resultCancelled);
    case 'FAILED':
      return withBreaks(messages.resultFailed(error?.message ?? messages.noReason));
    case 'DONE': {
      const looked = found ?? messages.resultNone(countOf(checked, 'record', 'records'));
      if (notChecked.length === 0) return looked;
      return `${looked}, ${messages.resultNotChecked(countOf(notChecked.length, 'thing', 'things'))}`;
    }
  }
}
