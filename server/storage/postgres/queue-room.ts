import type { PostgresClient } from './open.ts';

/** How much waits in the queue, or wants to. */
export interface QueueAmount {
  readonly events: number;
  readonly characters: number;
}

/** How old what was read of the queue may get while events come in. */
const READ_AGAIN_MS = 1000;

/**
 * How much room the queue has, as far as this process knows: what was read of the queue last, and what this
 * process added since. It does not see what others add, and what leaves, before it is read again.
 */
export interface QueueRoom {
  /** Whether this fits for certain. */
  fits(amount: QueueAmount): boolean;
  /** Whether the queue was read long ago: others add to it and take from it. */
  isStale(): boolean;
  read(client: PostgresClient): Promise<void>;
  /**
   * Takes room for a transaction.
   *
   * @returns the function that ends it: with what was committed, or `null` where that is not known
   */
  reserve(amount: QueueAmount): (kept: QueueAmount | null) => void;
}

export function createQueueRoom(limits: QueueAmount, now: () => number): QueueRoom {
  /** Nothing is known before the queue was read. */
  let read: QueueAmount | null = null;
  let readAt = 0;
  let committed: QueueAmount = NOTHING;
  let onTheWay: QueueAmount = NOTHING;
  return {
    fits(amount) {
      if (!read) return false;
      const all = [read, committed, onTheWay, amount].reduce(add);
      return all.events <= limits.events && all.characters <= limits.characters;
    },
    isStale: () => Math.abs(now() - readAt) >= READ_AGAIN_MS,
    async read(client) {
      const [before, at] = [committed, now()];
      const { rows } = await client.query<{ events: number; characters: number }>(
        `SELECT coalesce(sum(event_count), 0)::bigint AS events,
           coalesce(sum(characters), 0)::bigint AS characters FROM batch_payload`,
      );
      read = rows[0] ?? null;
      readAt = at;
      // What was committed meanwhile may be in what was read: better counted twice, until the next time.
      committed = subtract(committed, before);
    },
    reserve(amount) {
      onTheWay = add(onTheWay, amount);
      return (kept) => {
        onTheWay = subtract(onTheWay, amount);
        if (kept) committed = add(committed, kept);
        else read = null;
      };
    },
  };
}

/** No events. */
export const NOTHING: QueueAmount = { events: 0, characters: 0 };

/** Both together. */
export function add(a: QueueAmount, b: QueueAmount): QueueAmount {
  return { events: a.events + b.events, characters: a.characters + b.characters };
}

function subtract(a: QueueAmount, b: QueueAmount): QueueAmount {
  return { events: a.events - b.events, characters: a.characters - b.characters };
}
