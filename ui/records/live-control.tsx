import { memo, useEffect, useState } from 'react';
import { Button, ToggleButton, Tooltip, TooltipTrigger } from 'react-aria-components';
import type { LiveFeedState } from './live-feed.ts';
import { messages } from './messages.ts';
import type { LiveRows } from './use-live-rows.ts';
import './live-control.css';

/** Follows or not, and says how that goes. */
export const LiveControl = memo(function LiveControl({ live }: { readonly live: LiveRows }) {
  const { state, isPaused, waiting, obstacle } = live;
  const leftMs = useTimeLeft(state);
  const isBlocked = obstacle !== null;
  const reason = state?.kind === 'FAILED' || state?.kind === 'WAITING' ? state.reason : messages.follow;
  return (
    <div className="live-control">
      {state !== null && isPaused && !isBlocked && (
        <Button className="button live-control-show" onPress={live.resume}>
          {waiting === 0 ? messages.liveResume : messages.liveShow(waiting)}
        </Button>
      )}
      <TooltipTrigger delay={500}>
        <ToggleButton
          className="button plain live-control-toggle"
          isSelected={state !== null && !isBlocked}
          onChange={live.toggle}
          data-live={isBlocked ? 'BLOCKED' : dataOf(state, isPaused)}
        >
          <span aria-hidden className="live-control-dot" />
          {isBlocked || state === null ? messages.liveOff : textOf(state, isPaused, waiting, leftMs)}
        </ToggleButton>
        <Tooltip className="tooltip">{obstacle ?? reason}</Tooltip>
      </TooltipTrigger>
    </div>
  );
});

function dataOf(state: LiveFeedState | null, isPaused: boolean): string {
  if (state === null) return 'OFF';
  return isPaused && state.kind === 'LIVE' ? 'PAUSED' : state.kind;
}

function textOf(state: LiveFeedState, isPaused: boolean, waiting: number, leftMs: number): string {
  switch (state.kind) {
    case 'CONNECTING':
      return messages.liveConnecting;
    case 'LIVE':
      return isPaused ? messages.livePaused(waiting) : messages.liveOn;
    case 'WAITING':
      return messages.liveWaiting(leftMs);
    case 'FAILED':
      return messages.liveFailed;
  }
}

const COUNT_MS = 1_000;

/** What is left of the wait, in whole seconds. */
function useTimeLeft(state: LiveFeedState | null): number {
  const [leftMs, setLeft] = useState(0);
  useEffect(() => {
    if (state?.kind !== 'WAITING') return;
    const until = performance.now() + state.waitMs;
    const count = (): void =>
      setLeft(Math.max(COUNT_MS, Math.ceil((until - performance.now()) / COUNT_MS) * COUNT_MS));
    count();
    const timer = setInterval(count, COUNT_MS);
    return () => clearInterval(timer);
  }, [state]);
  return leftMs;
}
