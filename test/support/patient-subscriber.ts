import { setTimeout as delay } from 'node:timers/promises';
import { subscribe } from '#test/http/event-stream.ts';

/** A subscriber that comes back after every break with the index of the last record it got. */
export interface PatientSubscriber {
  /** Event ids in the order they came. */
  readonly eventIds: readonly string[];
  /** Follows until it has this many records. Fails when one is missed or comes twice. */
  readonly until: (count: number) => Promise<void>;
  stop(): void;
}

const RETRY_MS = 20;

/** @param url gives an address to try now; another one each time where there are several. */
export function startSubscriber(url: () => string | null, token: string): PatientSubscriber {
  const eventIds: string[] = [];
  const state: { ended: boolean; failure: Error | null } = { ended: false, failure: null };
  let close: (() => void) | null = null;

  const followOnce = async (at: string): Promise<void> => {
    const query = `subscription { recordAppended(after: ${eventIds.length - 1}) { index eventId } }`;
    const stream = await subscribe(at, token, query);
    close = stream.close;
    for (let result = await stream.next(); result && !state.ended; result = await stream.next()) {
      // The server stops, or its database is gone: come back.
      if (!result.data) break;
      const { index, eventId } = result.data.recordAppended;
      if (index !== eventIds.length) throw new OutOfOrder(index, eventIds.length);
      eventIds.push(eventId ?? '');
    }
    stream.close();
  };

  const run = async (): Promise<void> => {
    while (!state.ended && state.failure === null) {
      const at = url();
      try {
        if (at !== null) await followOnce(at);
      } catch (error) {
        // Anything else is a connection that broke.
        if (error instanceof OutOfOrder) state.failure = error;
      }
      await delay(RETRY_MS);
    }
  };
  const running = run();
  return {
    eventIds,
    async until(count) {
      while (eventIds.length < count && state.failure === null) await delay(RETRY_MS);
      state.ended = true;
      close?.();
      await running;
      if (state.failure !== null) throw state.failure;
    },
    stop() {
      state.ended = true;
      close?.();
    },
  };
}

class OutOfOrder extends Error {
  constructor(index: number, expected: number) {
    super(`Record ${index} came where ${expected} was next.`);
  }
}
