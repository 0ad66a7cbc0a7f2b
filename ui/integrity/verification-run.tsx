import { useEffect, useRef } from 'react';
import { Button } from 'react-aria-components';
import { CancelVerificationDocument, type VerificationFactsFragment } from '#ui/graphql/generated.ts';
import { useApiMutation } from '#ui/graphql/use-api.ts';
import { announce, notify } from '#ui/parts/announce.ts';
import { countOf, countText } from '#ui/parts/number-text.ts';
import { messages } from './messages.ts';
import { rangeText, resultText } from './result-text.ts';
import { useVerification } from './use-verification.ts';
import { isUnderWay } from './verdict.ts';
import './verification-run.css';

export interface VerificationRunProps {
  readonly verification: VerificationFactsFragment;
  /** It came to its end, whatever it found. */
  readonly onEnd: () => void;
}

/** A verification that is under way: how far, how fast, what it found so far, and how to end it. */
export function VerificationRun({ verification: initial, onEnd }: VerificationRunProps) {
  const { verification, isLive } = useVerification(initial);
  const cancel = useApiMutation(CancelVerificationDocument);
  const told = useRef(false);
  const isRunning = isUnderWay(verification);
  useEffect(() => {
    if (isRunning || told.current) return;
    told.current = true;
    announce(messages.ended(rangeText(verification), resultText(verification)));
    onEnd();
  }, [isRunning, verification, onEnd]);
  const { id, checked, total, rate, breakCount } = verification;
  const stop = (): void =>
    cancel.mutate({ id }, { onError: ({ message }) => notify(message, 'PROBLEM'), onSuccess: onEnd });
  return (
    <div className="verification-run">
      <div className="verification-run-top">
        <span>
          <strong>{rangeText(verification)}</strong> · {phaseText(verification)}
        </span>
        <Button
          className="button"
          isDisabled={!isRunning || cancel.isPending}
          aria-label={messages.cancelVerification(rangeText(verification))}
          onPress={stop}
        >
          {messages.cancel}
        </Button>
      </div>
      <progress aria-label={rangeText(verification)} {...(total > 0 ? { value: checked, max: total } : {})} />
      <p className="verification-run-facts">
        <span>{messages.progress(countText(checked), countText(total))}</span>
        {rate !== null && <span>{messages.rateOf(countText(Math.round(rate)))}</span>}
        {breakCount > 0 && (
          <strong className="verification-run-breaks">
            {messages.breaksSoFar(countOf(breakCount, 'break', 'breaks'))}
          </strong>
        )}
        {!isLive && isRunning && <span className="muted">{messages.polling}</span>}
      </p>
    </div>
  );
}

function phaseText({ state, phase }: VerificationFactsFragment): string {
  if (state === 'QUEUED') return messages.waiting;
  switch (phase) {
    case 'RECORDS':
      return messages.phaseRecords;
    case 'INDEX':
      return messages.phaseIndex;
    case null:
      return messages.beginning;
  }
}
