import { describe, expect, it } from 'vitest';
import { AppError } from '#server/errors.ts';
import { FOLLOW_PAGE_RECORDS, type Followed, follow } from '#server/records/follow.ts';

/** A ledger that grows when it is told to, and knows what is read of it. */
function growingLedger(size = 0) {
  const listeners = new Set<() => void>();
  const reads: number[] = [];
  const ledger = {
    size,
    reads,
    listeners,
    grow: (count: number): void => {
      ledger.size += count;
      for (const wake of listeners) wake();
    },
    /** Told at each read, before it answers. */
    onRead: (): void => undefined,
    follow: (given: Partial<Followed<number>> = {}) =>
      follow<number>({
        from: 0,
        to: null,
        indexOf: (index) => index,
        matches: () => true,
        signal: new AbortController().signal,
        onGrowth: (wake) => {
          listeners.add(wake);
          return () => listeners.delete(wake);
        },
        read: async (from, count) => {
          reads.push(count);
          const known = ledger.size;
          ledger.onRead();
          return Array.from({ length: Math.max(0, Math.min(count, known - from)) }, (_, i) => from + i);
        },
        ...given,
      }),
  };
  return ledger;
}

async function take(stream: AsyncIterator<number>, count: number): Promise<number[]> {
  const taken: number[] = [];
  while (taken.length < count) {
    const { done, value } = await stream.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('following a ledger', () => {
  it('gives every record once, in order, over many pages and while it grows', async () => {
    const ledger = growingLedger(250);
    const stream = ledger.follow();
    expect(await take(stream, 250)).toEqual(numbers(0, 250));
    const next = take(stream, 130);
    ledger.grow(1);
    ledger.grow(129);
    expect(await next).toEqual(numbers(250, 380));
    await stream.return();
  });

  it('misses nothing that is recorded while it reads', async () => {
    const ledger = growingLedger(3);
    const stream = ledger.follow();
    expect(await take(stream, 3)).toEqual([0, 1, 2]);
    // The wake-up comes after the reader looked and before it waits.
    ledger.onRead = () => {
      ledger.onRead = () => undefined;
      ledger.grow(1);
    };
    expect(await take(stream, 1)).toEqual([3]);
    await stream.return();
  });

  it('holds at most one page, however far the ledger is ahead', async () => {
    const ledger = growingLedger(10_000);
    const stream = ledger.follow();
    await take(stream, FOLLOW_PAGE_RECORDS);
    expect(ledger.reads).toEqual([FOLLOW_PAGE_RECORDS]);
    await take(stream, 1);
    expect(ledger.reads).toEqual([FOLLOW_PAGE_RECORDS, FOLLOW_PAGE_RECORDS]);
    await stream.return();
  });

  it('ends at once when it is returned while it waits, and listens no more', async () => {
    const ledger = growingLedger();
    const stream = ledger.follow();
    const waiting = stream.next();
    await stream.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(ledger.listeners.size).toBe(0);
  });

  it('ends with the reason of its signal, also while it waits', async () => {
    const ledger = growingLedger(1);
    const stopping = new AbortController();
    const stream = ledger.follow({ signal: stopping.signal });
    await take(stream, 1);
    const waiting = stream.next();
    stopping.abort(new AppError('APPLIANCE_STOPPING'));
    await expect(waiting).rejects.toMatchObject({ code: 'APPLIANCE_STOPPING' });
    expect(ledger.listeners.size).toBe(0);
  });

  it('ends before the index it is told to end before', async () => {
    const ledger = growingLedger(10);
    const stream = ledger.follow({ from: 2, to: 5 });
    expect(await take(stream, 9)).toEqual([2, 3, 4]);
  });

  it('waits for a first index that is not there yet', async () => {
    const ledger = growingLedger(2);
    const stream = ledger.follow({ from: 4 });
    const next = take(stream, 1);
    ledger.grow(1);
    ledger.grow(3);
    expect(await next).toEqual([4]);
    await stream.return();
  });

  it('passes over what does not match', async () => {
    const stream = growingLedger(300).follow({ matches: (index) => index % 100 === 99 });
    expect(await take(stream, 3)).toEqual([99, 199, 299]);
    await stream.return();
  });

  it('fails where a record is missing rather than leave it out', async () => {
    const stream = growingLedger(9).follow({ read: async () => [0, 1, 3] });
    expect(await take(stream, 2)).toEqual([0, 1]);
    await expect(stream.next()).rejects.toThrow('The ledger lacks record 2');
  });
});
