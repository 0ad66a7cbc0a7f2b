import { useSignedIn } from '#ui/app/viewer.tsx';
import { Loading } from '#ui/parts/loading.tsx';
import { ageText } from '#ui/parts/age-text.ts';
import { countText, durationText } from '#ui/parts/number-text.ts';
import { Problem } from '#ui/parts/problem.tsx';
import { visibleString } from '#ui/parts/visible-text.ts';
import { useNow } from '#ui/parts/use-now.ts';
import type { Identity } from './ledger-facts.tsx';
import { messages } from './messages.ts';
import type { VerdictState } from './use-verdict.ts';
import { VerdictLine } from './verdict-line.tsx';
import type { Verdict } from './verdict.ts';

const TICK_MS = 10_000;

export interface LedgerVerdictProps {
  readonly ledger: Pick<Identity, 'witnesses'>;
  readonly state: VerdictState;
}

/** What may be said of a ledger, with what its witnesses say; never more than was checked. */
export function LedgerVerdict({ ledger, state }: LedgerVerdictProps) {
  const { may } = useSignedIn();
  const { verdict, error, isLoading, refresh } = state;
  const refusals = ledger.witnesses.filter(({ refusal }) => refusal !== null);
  const reasons = refusals.map(({ name }) => messages.refusedBy(visibleString(name)));
  if (refusals.length > 0) {
    const all = [...reasons, ...(verdict === null ? [] : [verdict.headline, ...verdict.reasons])];
    return <VerdictLine verdict={{ tone: 'BROKEN', headline: messages.refusedHead, reasons: all }} />;
  }
  if (!may('ledgers:verify')) return <VerdictLine verdict={hidden(messages.verdictHidden)} />;
  // What was said before holds no longer where nobody knows what is true now.
  if (error) {
    return (
      <>
        <VerdictLine verdict={hidden(messages.verdictFailed)} />
        <Problem error={error} onRetry={refresh} />
      </>
    );
  }
  if (verdict === null) return isLoading ? <Loading /> : null;
  return (
    <VerdictLine verdict={verdict}>
      <LastFacts state={state} />
    </VerdictLine>
  );
}

function LastFacts({ state: { last } }: { readonly state: VerdictState }) {
  const now = useNow(TICK_MS);
  if (last === null) return null;
  const end = last.finishedAt ?? last.createdAt;
  const age = ageText(end, now);
  const took = last.startedAt === null ? null : Date.parse(end) - Date.parse(last.startedAt);
  const facts = [
    age === null ? messages.justNow : messages.ago(age),
    ...(took === null ? [] : [messages.tookOf(durationText(took))]),
    ...(last.rate === null ? [] : [messages.rateOf(countText(Math.round(last.rate)))]),
  ];
  return <small>{facts.join(' · ')}</small>;
}

function hidden(headline: string): Verdict {
  return { tone: 'NEUTRAL', headline, reasons: [] };
}
