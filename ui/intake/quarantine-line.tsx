import { ChevronRight } from 'lucide-react';
import { Button } from 'react-aria-components';
import type { QuarantineRowFragment } from '#ui/graphql/generated.ts';
import { Moment } from '#ui/parts/moment.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { visibleString } from '#ui/parts/visible-text.ts';
import { messages } from './messages.ts';
import { QuarantineDetails } from './quarantine-details.tsx';
import type { OriginalPlace } from './quarantined-original.tsx';
import './quarantine-line.css';

export interface QuarantineLineProps {
  readonly event: QuarantineRowFragment;
  readonly place: OriginalPlace;
  readonly isOpen: boolean;
  readonly isSelected: boolean;
  readonly isBusy: boolean;
  readonly onOpen: () => void;
  readonly onSelect: () => void;
  readonly onReplay: () => void;
  readonly onChange: () => void;
}

/** One quarantined event, and below it, once it is opened, all that is known of it and can be done. */
export function QuarantineLine(props: QuarantineLineProps) {
  const { event, place, isOpen, isSelected, isBusy, onOpen, onSelect, onReplay, onChange } = props;
  const name = visibleString(event.eventId ?? messages.noId);
  return (
    <>
      <tr className="quarantine-line" data-event={event.id} data-selected={isSelected} tabIndex={-1}>
        <td>
          <input
            type="checkbox"
            aria-label={messages.selectEvent(name)}
            checked={isSelected}
            disabled={event.state !== 'OPEN'}
            onChange={onSelect}
          />
        </td>
        <td>
          <Button className="quarantine-line-name" aria-expanded={isOpen} onPress={onOpen}>
            <ChevronRight aria-hidden size={14} />
            {event.eventId === null ? (
              <em>{messages.noId}</em>
            ) : (
              <span className="mono">
                <ShownText text={event.eventId} />
              </span>
            )}
          </Button>
        </td>
        <td>
          <code>{event.code}</code>{' '}
          <span>
            <ShownText text={event.message} />
          </span>
        </td>
        <td>
          <Moment at={event.quarantinedAt} />
        </td>
        <td>{messages[event.state]}</td>
      </tr>
      {isOpen && (
        <tr className="quarantine-line-more">
          <td />
          <td colSpan={4}>
            <QuarantineDetails
              event={event}
              place={place}
              isBusy={isBusy}
              onReplay={onReplay}
              onChange={onChange}
            />
          </td>
        </tr>
      )}
    </>
  );
}
