import { useState } from 'react';
import { toApiError } from '#ui/graphql/api-error.ts';
import { type QuarantineRowFragment, ReplayQuarantinedEventDocument } from '#ui/graphql/generated.ts';
import { request } from '#ui/graphql/request.ts';
import { announce } from '#ui/parts/announce.ts';
import { countOf } from '#ui/parts/number-text.ts';
import { messages } from './messages.ts';

/** An event that could not be put back, and why. */
export interface ReplayFailure {
  readonly event: QuarantineRowFragment;
  readonly reason: string;
}

/** How far a replay of one or more events is, or how it ended. */
export interface ReplayProgress {
  readonly all: number;
  readonly replayed: number;
  readonly failures: readonly ReplayFailure[];
}

export interface Replay {
  /** `null` before the first, and once its report was dismissed. */
  readonly progress: ReplayProgress | null;
  readonly isRunning: boolean;
  readonly start: (events: readonly QuarantineRowFragment[]) => void;
  readonly dismiss: () => void;
}

/** Puts events back into the queue, one after the other: one that cannot be does not stop the others. */
export function useReplay(onEnd: () => void): Replay {
  const [progress, setProgress] = useState<ReplayProgress | null>(null);
  const [isRunning, setRunning] = useState(false);
  const run = async (events: readonly QuarantineRowFragment[]): Promise<void> => {
    setRunning(true);
    let now: ReplayProgress = { all: events.length, replayed: 0, failures: [] };
    setProgress(now);
    for (const event of events) {
      const failure = await replayOne(event);
      now =
        failure === null
          ? { ...now, replayed: now.replayed + 1 }
          : { ...now, failures: [...now.failures, failure] };
      setProgress(now);
    }
    setRunning(false);
    announce(messages.replayedAll(countOf(now.replayed, 'event', 'events')));
    onEnd();
  };
  return {
    progress,
    isRunning,
    start: (events) => {
      if (!isRunning) void run(events);
    },
    dismiss: () => setProgress(null),
  };
}

async function replayOne(event: QuarantineRowFragment): Promise<ReplayFailure | null> {
  try {
    await request(ReplayQuarantinedEventDocument, { id: event.id });
    return null;
  } catch (error) {
    // Told with the event; the others are still to be tried.
    return { event, reason: toApiError(error).message };
  }
}
