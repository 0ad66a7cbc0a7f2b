import { describe, expect, test } from 'vitest';
import { ApiError } from '#ui/graphql/api-error.ts';
import { LIVE_ROWS_MAX, LiveBuffer } from '#ui/records/live-buffer.ts';
import { followLive, type LiveFeedState, WAIT_FIRST_MS, WAIT_MAX_MS } from '#ui/records/live-feed.ts';

/** A ledger that grows by three records with each connection, which then ends as told. */
async function follow(after: number, endings: (Error | null)[]) {
  let length = after + 1;
  const asked: number[] = [];
  const rows: number[] = [];
  const states: LiveFeedState[] = [];
  const waits: number[] = [];
  await followLive<number>({
    after,
    indexOf: (row) => row,
    async *follow(last, _signal, onOpen) {
      asked.push(last);
      const ending = endings.shift();
      if (ending instanceof ApiError && ending.code === 'UNREACHABLE') throw ending;
      onOpen();
      length += 3;
      // A server may repeat itself: the feed must not.
      for (let index = Math.max(last, 0); index < length; index++) yield await Promise.resolve(index);
      if (ending) throw ending;
    },
    onRow: (row) => void rows.push(row),
    onState: (state) => void states.push(state),
    wait: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
    signal: new AbortController().signal,
  });
  return { asked, rows, states, waits };
}

const gone = new ApiError('UNAUTHENTICATED', 'revoked');
const away = new ApiError('UNREACHABLE', 'away');

describe('the live feed', () => {
  test('goes on behind the last record after every break, with none missed and none twice', async () => {
    const stopping = new ApiError('APPLIANCE_STOPPING', 'stopping');
    const { asked, rows, states } = await follow(59, [null, stopping, gone]);
    expect(asked).toEqual([59, 62, 65]);
    expect(rows).toEqual([60, 61, 62, 63, 64, 65, 66, 67, 68]);
    expect(states.at(-1)).toEqual({ kind: 'FAILED', code: 'UNAUTHENTICATED', reason: 'revoked' });
  });

  test('begins an empty ledger at its first record', async () => {
    expect((await follow(-1, [gone])).rows).toEqual([0, 1, 2]);
  });

  test('waits longer and longer while nothing comes, and anew once something came', async () => {
    const { waits } = await follow(9, [away, away, away, away, away, away, away, null, away, gone]);
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, WAIT_MAX_MS, WAIT_MAX_MS, WAIT_FIRST_MS, 1_000]);
  });

  test('ends when it is told to, without another state', async () => {
    const ended = new AbortController();
    const states: string[] = [];
    await followLive<number>({
      after: 0,
      indexOf: (row) => row,
      async *follow(_last, _signal, onOpen) {
        onOpen();
        yield await Promise.resolve(1);
        ended.abort();
        throw new Error('aborted');
      },
      onRow: () => undefined,
      onState: ({ kind }) => void states.push(kind),
      wait: () => Promise.resolve(),
      signal: ended.signal,
    });
    expect(states).toEqual(['CONNECTING', 'LIVE']);
  });
});

describe('live rows', () => {
  test('are shown newest first, and wait while paused', () => {
    const buffer = new LiveBuffer<number>();
    for (const row of [1, 2]) buffer.add(row);
    expect(buffer.show()).toBe(2);
    buffer.pause();
    for (const row of [3, 4, 5]) buffer.add(row);
    expect(buffer.show()).toBe(0);
    expect([buffer.rows, buffer.waitingCount]).toEqual([[2, 1], 3]);
    buffer.resume();
    expect(buffer.show()).toBe(3);
    expect([buffer.rows, buffer.waitingCount]).toEqual([[5, 4, 3, 2, 1], 0]);
  });

  test('are all kept up to the limit, and one more is counted and said not to be there', () => {
    const buffer = new LiveBuffer<number>();
    buffer.pause();
    for (let row = 0; row < LIVE_ROWS_MAX; row++) buffer.add(row);
    expect([buffer.waitingCount, buffer.isOverfull]).toEqual([LIVE_ROWS_MAX, false]);
    buffer.add(LIVE_ROWS_MAX);
    expect([buffer.waitingCount, buffer.isOverfull]).toEqual([LIVE_ROWS_MAX + 1, true]);
    buffer.resume();
    buffer.show();
    expect(buffer.rows).toHaveLength(LIVE_ROWS_MAX);
  });
});
