/** Records that one read takes, and so all that a slow reader holds in memory. */
export const FOLLOW_PAGE_RECORDS = 32;

export interface Followed<Row> {
  /**
   * Records of the ledger from an index on, in order, at most `count`; none where it has not grown that far.
   */
  readonly read: (from: number, count: number) => Promise<readonly Row[]>;
  readonly indexOf: (row: Row) => number;
  /** Whether a record is to be given; those that are not are only passed over. */
  readonly matches: (row: Row) => boolean | Promise<boolean>;
  /** Calls back whenever the ledger may have grown; gives the function that ends it. */
  readonly onGrowth: (wake: () => void) => () => void;
  /** First index to give. */
  readonly from: number;
  /** Index to end before; `null` follows for ever. */
  readonly to: number | null;
  /** Ends the stream with the signal's reason as its error. */
  readonly signal: AbortSignal;
}

/**
 * Gives every record of a ledger from an index on, in order, each once, and goes on as the ledger grows.
 *
 * It reads only when it is asked for the next record, so a slow reader holds at most one page. A wake-up that
 * comes while it reads is remembered: the listener is registered before the first read. `return()` ends it at
 * once, also while it waits.
 */
export function follow<Row>(followed: Followed<Row>): AsyncGenerator<Row, void, void> {
  const ended = new AbortController();
  const rows = readOn(followed, AbortSignal.any([ended.signal, followed.signal]), ended.signal);
  const stream: AsyncGenerator<Row, void, void> = {
    next: () => rows.next(),
    return: async () => {
      ended.abort();
      return rows.return();
    },
    throw: async (error) => {
      ended.abort();
      return rows.throw(error);
    },
    [Symbol.asyncIterator]: () => stream,
    [Symbol.asyncDispose]: async () => {
      await stream.return();
    },
  };
  return stream;
}

async function* readOn<Row>(
  followed: Followed<Row>,
  signal: AbortSignal,
  ended: AbortSignal,
): AsyncGenerator<Row, void, void> {
  const bell = new Bell(signal);
  const unsubscribe = followed.onGrowth(() => bell.ring());
  try {
    let next = followed.from;
    while (followed.to === null || next < followed.to) {
      if (ended.aborted) return;
      signal.throwIfAborted();
      const count = Math.min(FOLLOW_PAGE_RECORDS, (followed.to ?? Number.POSITIVE_INFINITY) - next);
      bell.clear();
      const rows = await followed.read(next, count);
      for (const row of rows) {
        if (ended.aborted) return;
        const index = followed.indexOf(row);
        if (index !== next) throw new Error(`The ledger lacks record ${next}: the next one is ${index}.`);
        next = index + 1;
        if (await followed.matches(row)) yield row;
      }
      if (rows.length === 0) await bell.rung();
    }
  } finally {
    unsubscribe();
    bell.close();
  }
}

/** Remembers that it was rung until it is cleared, and wakes one waiter; an abort rings it too. */
class Bell {
  private readonly signal: AbortSignal;
  private isRung = false;
  private wake: (() => void) | null = null;

  constructor(signal: AbortSignal) {
    this.signal = signal;
    signal.addEventListener('abort', this.ring);
  }

  readonly ring = (): void => {
    this.isRung = true;
    this.wake?.();
    this.wake = null;
  };

  clear(): void {
    this.isRung = false;
  }

  rung(): Promise<void> {
    if (this.isRung || this.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  close(): void {
    this.signal.removeEventListener('abort', this.ring);
  }
}
