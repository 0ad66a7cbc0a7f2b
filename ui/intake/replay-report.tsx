import { Button } from 'react-aria-components';
import { countOf, countText } from '#ui/parts/number-text.ts';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { messages } from './messages.ts';
import type { Replay } from './use-replay.ts';
import './replay-report.css';

/** What became of the events that were put back, each that was not with its reason. */
export function ReplayReport({ replay }: { readonly replay: Replay }) {
  const { progress, isRunning, dismiss } = replay;
  if (progress === null) return null;
  const { all, replayed, failures } = progress;
  const events = countOf(replayed, 'event', 'events');
  if (isRunning) {
    const done = replayed + failures.length;
    return <p className="replay-report">{messages.replaying(countText(done), countText(all))}</p>;
  }
  return (
    <div className="replay-report" data-tone={failures.length === 0 ? 'done' : 'attention'}>
      <p>
        {failures.length === 0
          ? messages.replayedAll(events)
          : messages.replayedSome(events, countText(failures.length))}
      </p>
      <ul>
        {failures.map(({ event, reason }) => (
          <li key={event.id}>
            <ShownText text={messages.replayFailed(event.eventId ?? messages.noId, reason)} />
          </li>
        ))}
      </ul>
      <Button className="button" onPress={dismiss}>
        {messages.dismiss}
      </Button>
    </div>
  );
}
