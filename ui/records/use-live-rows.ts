import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { announce, notify } from '#ui/parts/announce.ts';
import { RecordsLiveDocument } from '#ui/graphql/generated.ts';
import { subscribe } from '#ui/graphql/subscribe.ts';
import type { Question } from '#ui/search/view.ts';
import { LiveBuffer } from './live-buffer.ts';
import { followLive, type LiveFeedState } from './live-feed.ts';
import { messages } from './messages.ts';
import { type RecordRow, rowOf } from './record-row.ts';
import type { RowSourceState } from './use-row-source.ts';

export interface LiveRows {
  /** Newest first, above the table's own. */
  readonly rows: readonly RecordRow[];
  /** `null` while not following. */
  readonly state: LiveFeedState | null;
  readonly isPaused: boolean;
  /** Records that came and are not shown yet. */
  readonly waiting: number;
  /** Why following is not offered; `null` where it is. */
  readonly obstacle: string | null;
  readonly toggle: () => void;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Says whether the person looks at something below the top: new rows wait then. */
  readonly setAway: (isAway: boolean) => void;
}

/** New rows are shown together, so often at most. */
const SHOW_MS = 100;
/** With so many live rows the question is asked anew, and they become the table's own. */
const REFRESH_ROWS = 1_000;
const REFRESH_SPACING_MS = 5_000;

type Hold = 'NONE' | 'AWAY' | 'CHOSEN';

/** Follows what is recorded, above the rows of a question with the newest first. */
export function useLiveRows(shown: RowSourceState, isFixed: boolean, onRefresh: () => void): LiveRows {
  const [isOn, setOn] = useState(false);
  const [hold, setHold] = useState<Hold>('NONE');
  const [state, setState] = useState<LiveFeedState>({ kind: 'CONNECTING' });
  const [, redraw] = useState(0);
  const obstacle = obstacleOf(shown, isFixed);
  const { source, question } = shown;
  const isFollowing = isOn && obstacle === null && source.total !== null;
  // Rows of another question, or from before it was asked, are none of this one's.
  const buffer = useMemo(() => new LiveBuffer<RecordRow>(), [source, isFollowing]);
  const isPaused = hold !== 'NONE';
  const show = useCallback(() => {
    if (hold === 'NONE') buffer.resume();
    else buffer.pause();
    buffer.show();
    redraw((count) => count + 1);
  }, [buffer, hold]);
  const latest = useRef(show);
  latest.current = show;

  useEffect(() => show(), [show]);
  useEffect(() => {
    if (!isFollowing) return;
    const after = Math.min(question.size - 1, source.indexedThrough ?? question.size - 1);
    return follow(question, after, buffer, setState, () => latest.current());
  }, [isFollowing, question, source, buffer]);
  const isLong = buffer.rows.length >= REFRESH_ROWS || buffer.isOverfull;
  useRefresh(isFollowing && !isPaused && !shown.isStale && isLong, onRefresh);
  useAnnouncements(isFollowing ? state.kind : null, isPaused);

  const { rows, waitingCount: waiting } = buffer;
  return useMemo(
    () => ({
      rows,
      state: isOn ? state : null,
      isPaused: isOn && isPaused,
      waiting,
      obstacle,
      toggle() {
        if (obstacle !== null) return notify(obstacle);
        setHold('NONE');
        // What failed is tried again.
        if (isOn && state.kind === 'FAILED') onRefresh();
        else setOn(!isOn);
      },
      pause: () => setHold('CHOSEN'),
      resume() {
        setHold('NONE');
        if (buffer.isOverfull) onRefresh();
      },
      setAway: (isAway) => setHold((before) => (before === 'CHOSEN' ? before : isAway ? 'AWAY' : 'NONE')),
    }),
    [rows, waiting, isOn, state, isPaused, obstacle, buffer, onRefresh],
  );
}

function obstacleOf({ order }: RowSourceState, isFixed: boolean): string | null {
  if (order.field !== 'RECORDED' || order.direction !== 'DESC') return messages.liveNewestOnly;
  return isFixed ? messages.liveFixedSize : null;
}

/** Begins to fill the buffer. Gives what ends it. */
function follow(
  { ledger, search, filter }: Question,
  after: number,
  buffer: LiveBuffer<RecordRow>,
  onState: (state: LiveFeedState) => void,
  onRows: () => void,
): () => void {
  const ended = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const { indexTo: _, ...lasting } = filter;
  void followLive<RecordRow>({
    after,
    indexOf: ({ index }) => index,
    async *follow(last, signal, onOpen) {
      const variables = { ledger, search, filter: lasting, after: last };
      for await (const { recordAppended } of subscribe(RecordsLiveDocument, variables, signal, onOpen))
        yield rowOf(recordAppended);
    },
    onRow(row) {
      buffer.add(row);
      timer ??= setTimeout(() => {
        timer = undefined;
        onRows();
      }, SHOW_MS);
    },
    onState: (next) => {
      if (!ended.signal.aborted) onState(next);
    },
    wait: waitOnline,
    signal: ended.signal,
  });
  return () => {
    clearTimeout(timer);
    ended.abort();
  };
}

/** Waits; less when the browser says that there is a network again. */
function waitOnline(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      globalThis.removeEventListener('online', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    globalThis.addEventListener('online', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Many live rows become the table's own: its memory stays bounded, and it can be scrolled as ever. */
function useRefresh(isWanted: boolean, onRefresh: () => void): void {
  const refreshedAt = useRef(-REFRESH_SPACING_MS);
  useEffect(() => {
    if (!isWanted) return;
    // Also where nothing comes any more: rows that were not kept are to be seen.
    const refresh = (): void => {
      refreshedAt.current = performance.now();
      timer = setTimeout(refresh, REFRESH_SPACING_MS);
      onRefresh();
    };
    const waitMs = refreshedAt.current + REFRESH_SPACING_MS - performance.now();
    let timer = setTimeout(refresh, Math.max(0, waitMs));
    return () => clearTimeout(timer);
  }, [isWanted, onRefresh]);
}

function useAnnouncements(kind: LiveFeedState['kind'] | null, isPaused: boolean): void {
  const isLive = kind === 'LIVE';
  const wasOn = useRef(false);
  useEffect(() => {
    if (isLive) announce(isPaused ? messages.livePausedSaid : messages.liveOnSaid);
    else if (kind === 'FAILED') announce(messages.liveFailed);
    else if (kind === null && wasOn.current) announce(messages.liveOffSaid);
    wasOn.current = kind !== null;
  }, [isLive, isPaused, kind]);
}
