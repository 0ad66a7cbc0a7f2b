import type { ReactNode } from 'react';
import { ArrowLeft, ChevronDown, ChevronUp, X } from 'lucide-react';
import { usePreferences } from '#ui/app/preferences.ts';
import { CopyButton } from '#ui/parts/copy-button.tsx';
import { countText } from '#ui/parts/number-text.ts';
import { PlainButton } from '#ui/parts/plain-button.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { timeText } from '#ui/parts/time-text.ts';
import type { RecordFacts } from './panel-content.ts';
import { messages } from './panel-messages.ts';
import { RecordSentenceLine } from './record-sentence-line.tsx';
import './panel-head.css';

export interface PanelBarProps {
  readonly index: number;
  /** Records in the ledger, as far as is known. */
  readonly size: number;
  readonly onOpen: (index: number) => void;
  readonly onClose: () => void;
}

/** Which record it is, the way to its neighbours in the ledger, and out. */
export function PanelBar({ index, size, onOpen, onClose }: PanelBarProps) {
  return (
    <div className="panel-head-bar">
      <span className="panel-head-back">
        <PlainButton label={messages.back} onPress={onClose}>
          <ArrowLeft aria-hidden size={16} />
        </PlainButton>
      </span>
      <span className="panel-head-index">{messages.recordNo(countText(index))}</span>
      <PlainButton label={messages.previous} onPress={() => onOpen(index - 1)} isDisabled={index === 0}>
        <ChevronUp aria-hidden size={16} />
      </PlainButton>
      <PlainButton label={messages.next} onPress={() => onOpen(index + 1)} isDisabled={index + 1 >= size}>
        <ChevronDown aria-hidden size={16} />
      </PlainButton>
      <span className="panel-head-close">
        <PlainButton label={messages.close} onPress={onClose}>
          <X aria-hidden size={16} />
        </PlainButton>
      </span>
    </div>
  );
}

/** What happened in a sentence, and the facts that every record has. */
export function PanelHead({ facts }: { readonly facts: RecordFacts }) {
  const { zone } = usePreferences();
  return (
    <header className="panel-head">
      <h2 className="panel-head-sentence">
        <RecordSentenceLine facts={facts} />
      </h2>
      {facts.description !== null && facts.description !== '' && (
        <p className="panel-head-description">
          <ShownText text={facts.description} />
        </p>
      )}
      <dl className="panel-head-facts">
        <Fact name={messages.status}>
          {facts.status === null ? (
            <span className="muted">{messages.notKnown}</span>
          ) : (
            <span className="panel-head-status" data-status={facts.status}>
              <ShownText text={messages.statusWord(facts.status)} />
            </span>
          )}
        </Fact>
        <Fact name={messages.occurred}>
          {facts.occurredAt === null ? (
            <span className="muted">{messages.notKnown}</span>
          ) : (
            <time dateTime={facts.occurredAt}>{timeText(facts.occurredAt, zone)}</time>
          )}
        </Fact>
        <Fact name={messages.recorded}>
          <time dateTime={facts.recordedAt}>{timeText(facts.recordedAt, zone)}</time>
        </Fact>
        <Fact name={messages.eventId}>
          <code>
            <ShownText text={facts.eventId} />
          </code>
          <CopyButton text={facts.eventId} what={messages.theEventId} />
        </Fact>
      </dl>
    </header>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
