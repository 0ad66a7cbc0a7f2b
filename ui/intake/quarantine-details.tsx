import { useState } from 'react';
import { Button } from 'react-aria-components';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { DiscardQuarantinedEventDocument, type QuarantineRowFragment } from '#ui/graphql/generated.ts';
import { useApiMutation } from '#ui/graphql/use-api.ts';
import { notify } from '#ui/parts/announce.ts';
import { Moment } from '#ui/parts/moment.tsx';
import { Problem } from '#ui/parts/problem.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { visibleString } from '#ui/parts/visible-text.ts';
import { messages } from './messages.ts';
import { type OriginalPlace, QuarantinedOriginal } from './quarantined-original.tsx';
import './quarantine-details.css';

/** Longest reason that the appliance takes. */
const REASON_MAX = 1_024;

export interface QuarantineDetailsProps {
  readonly event: QuarantineRowFragment;
  readonly place: OriginalPlace;
  readonly isBusy: boolean;
  readonly onReplay: () => void;
  readonly onChange: () => void;
}

/** What was sent, what was decided, and, while it is open, what can be. */
export function QuarantineDetails(props: QuarantineDetailsProps) {
  const { event, place, isBusy, onReplay, onChange } = props;
  const { may } = useSignedIn();
  const name = visibleString(event.eventId ?? messages.noId);
  const [isDiscarding, setDiscarding] = useState(false);
  return (
    <div className="quarantine-details">
      <Closing event={event} />
      {event.state === 'OPEN' && (
        <div className="quarantine-details-acts">
          <Button
            className="button"
            aria-label={messages.replayEvent(name)}
            isDisabled={isBusy}
            onPress={onReplay}
          >
            {messages.replay}
          </Button>
          <Button
            className="button danger"
            aria-label={messages.discardEvent(name)}
            aria-expanded={isDiscarding}
            isDisabled={isBusy}
            onPress={() => setDiscarding(!isDiscarding)}
          >
            {messages.discard}
          </Button>
          <span className="muted">{messages.replayWhat}</span>
        </div>
      )}
      {event.state === 'OPEN' && isDiscarding && (
        <DiscardForm id={event.id} onKeep={() => setDiscarding(false)} onDiscarded={onChange} />
      )}
      {may('records:read') ? (
        <QuarantinedOriginal id={event.id} place={place} />
      ) : (
        <p className="muted">{messages.originalHidden}</p>
      )}
    </div>
  );
}

function Closing({ event }: { readonly event: QuarantineRowFragment }) {
  const { state, closedAt, closedBy, closedReason } = event;
  if (closedAt === null) return null;
  return (
    <p>
      {messages[state]} <Moment at={closedAt} />{' '}
      {closedBy !== null && <ShownText text={messages.closedBy(closedBy)} />}
      {closedReason !== null && (
        <>
          {' · '}
          <ShownText text={closedReason} />
        </>
      )}
    </p>
  );
}

interface DiscardFormProps {
  readonly id: string;
  readonly onKeep: () => void;
  readonly onDiscarded: () => void;
}

/** Asks for the reason: that is the confirmation, too. */
function DiscardForm({ id, onKeep, onDiscarded }: DiscardFormProps) {
  const [reason, setReason] = useState('');
  const discard = useApiMutation(DiscardQuarantinedEventDocument, () => {
    notify(messages.discardedDone);
    onDiscarded();
  });
  const isGiven = reason.trim() !== '';
  return (
    <form
      className="quarantine-details-discard"
      onSubmit={(event) => {
        event.preventDefault();
        if (isGiven && !discard.isPending) discard.mutate({ id, reason: reason.trim() });
      }}
    >
      <label className="field">
        {messages.discardReason}
        <input
          className="input"
          value={reason}
          maxLength={REASON_MAX}
          autoFocus
          onChange={({ target }) => setReason(target.value)}
        />
      </label>
      <p className="muted">{messages.discardWhat}</p>
      {discard.error && <Problem error={discard.error} />}
      <div className="quarantine-details-acts">
        <Button type="submit" className="button danger" isDisabled={!isGiven || discard.isPending}>
          {messages.discardNow}
        </Button>
        <Button className="button" onPress={onKeep}>
          {messages.keep}
        </Button>
      </div>
    </form>
  );
}
