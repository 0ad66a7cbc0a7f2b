import { Button, Disclosure, DisclosurePanel } from 'react-aria-components';
import { ChevronRight } from 'lucide-react';
import type { VerificationFactsFragment } from '#ui/graphql/generated.ts';
import { Moment } from '#ui/parts/moment.tsx';
import { countText, durationText } from '#ui/parts/number-text.ts';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { BreakList } from './break-list.tsx';
import { messages } from './messages.ts';
import { rangeText, resultText } from './result-text.ts';
import { isUnderWay, isWhole } from './verdict.ts';
import './verification-list.css';

export interface VerificationListProps {
  readonly ledger: string;
  readonly verifications: readonly VerificationFactsFragment[];
}

/** Verifications, newest first; what one found opens below it. */
export function VerificationList({ ledger, verifications }: VerificationListProps) {
  if (verifications.length === 0) return <p className="muted">{messages.noVerification}</p>;
  return (
    <ul className="verification-list">
      {verifications.map((verification) => (
        <li key={verification.id}>
          <VerificationEntry ledger={ledger} verification={verification} />
        </li>
      ))}
    </ul>
  );
}

interface VerificationEntryProps {
  readonly ledger: string;
  readonly verification: VerificationFactsFragment;
}

function VerificationEntry({ ledger, verification }: VerificationEntryProps) {
  return (
    <Disclosure className="verification-list-entry">
      {({ isExpanded }) => (
        <>
          <Button slot="trigger" className="verification-list-head">
            <ChevronRight aria-hidden size={14} />
            <span className="verification-list-result" data-tone={toneOf(verification)}>
              <ShownText text={resultText(verification)} />
            </span>
            <span className="verification-list-what">{rangeText(verification)}</span>
            <Moment at={verification.createdAt} />
          </Button>
          <DisclosurePanel className="verification-list-details">
            {isExpanded && <VerificationDetails ledger={ledger} verification={verification} />}
          </DisclosurePanel>
        </>
      )}
    </Disclosure>
  );
}

function VerificationDetails({ ledger, verification }: VerificationEntryProps) {
  const { id, checked, rate, root, scheduled, requestedBy, startedAt, finishedAt, notChecked } = verification;
  const tookMs =
    startedAt === null || finishedAt === null ? null : Date.parse(finishedAt) - Date.parse(startedAt);
  return (
    <>
      <dl className="verification-list-facts">
        <dt>{messages.by}</dt>
        <dd>{scheduled ? messages.bySchedule : <ShownText text={requestedBy ?? messages.byNobody} />}</dd>
        <dt>{messages.checked}</dt>
        <dd>
          {countText(checked)}
          {rate !== null && ` · ${messages.rateOf(countText(Math.round(rate)))}`}
        </dd>
        {tookMs !== null && (
          <>
            <dt>{messages.took}</dt>
            <dd>{durationText(tookMs)}</dd>
          </>
        )}
        {root !== null && (
          <>
            <dt>{messages.root}</dt>
            <dd className="mono">{root}</dd>
          </>
        )}
      </dl>
      {notChecked.length > 0 && (
        <div className="verification-list-doubts">
          <h4>{messages.notChecked}</h4>
          <ul>
            {notChecked.map((sentence) => (
              <li key={sentence}>
                <ShownText text={sentence} />
              </li>
            ))}
          </ul>
        </div>
      )}
      {verification.breakCount > 0 && <BreakList ledger={ledger} id={id} />}
    </>
  );
}

/** Green is only what vouches for the whole ledger, and leaves nothing out. */
function toneOf(verification: VerificationFactsFragment): string {
  const { state, breakCount, notChecked, checked, size } = verification;
  if (breakCount > 0) return 'broken';
  if (state === 'FAILED' || notChecked.length > 0) return 'attention';
  if (isUnderWay(verification) || state === 'CANCELLED') return 'neutral';
  if (isWhole(verification) && size !== null && checked !== size) return 'attention';
  return isWhole(verification) ? 'verified' : 'neutral';
}
