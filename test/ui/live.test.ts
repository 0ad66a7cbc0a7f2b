import { expect, test } from 'vitest';
import type { JsonObject } from '#server/ledger/json.ts';
import { type Api, ApiError } from '#ui/app/api.ts';
import { followLive, type LiveState, WAIT_FIRST_MS, WAIT_MAX_MS } from '#ui/app/live.ts';
import { RowBuffer } from '#ui/app/row-buffer.ts';

/** A ledger that grows by `step` records with each connection, which then ends as told. */
function scriptedApi(size: number, endings: (Error | null)[]): Api & { readonly asked: number[] } {
  let length = size;
  const asked: number[] = [];
  return {
    asked,
    query: () => {
      const newest = Array.from({ length }, (_, at): JsonObject => ({ index: length - 1 - at }));
      return Promise.resolve({ records: { nodes: newest.slice(0, 50) } });
    },
    async *subscribe(_document, variables, _signal, onOpen) {
      const after = Number(variables['after']);
      asked.push(after);
      const ending = endings.shift();
      if (ending instanceof ApiError && ending.code === 'UNREACHABLE') throw ending;
      onOpen();
      length += 3;
      // A server may repeat itself: the view must not.
      for (let index = Math.max(after, 0); index < length; index++) yield { recordAppended: { index } };
      if (ending) throw ending;
    },
  };
}

async function follow(api: Api) {
  const buffer = new RowBuffer();
  const states: LiveState[] = [];
  const waits: number[] = [];
  await followLive({
    api,
    ledger: 'l',
    last: () => buffer.last,
    onRow: (row) => void buffer.add(row),
    onState: (state) => states.push(state),
    wait: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
    signal: new AbortController().signal,
  });
  return { rows: buffer.rows.map(({ index }) => index).toReversed(), states, waits };
}

const gone = new ApiError('UNAUTHENTICATED', 'revoked');
const away = new ApiError('UNREACHABLE', 'away');

test('after every break it goes on from the last record, with none missed and none twice', async () => {
  const api = scriptedApi(60, [null, new ApiError('APPLIANCE_STOPPING', 'stopping'), gone]);
  const { rows, states } = await follow(api);
  expect(api.asked).toEqual([59, 62, 65]);
  expect(rows).toEqual(Array.from({ length: 59 }, (_, at) => at + 10));
  expect(states.at(-1)).toEqual({ kind: 'FAILED', code: 'UNAUTHENTICATED', reason: 'revoked' });
});

test('an empty ledger is followed from its beginning', async () => {
  const api = scriptedApi(0, [gone]);
  expect((await follow(api)).rows).toEqual([0, 1, 2]);
  expect(api.asked).toEqual([-1]);
});

test('waits grow to a limit while nothing comes, and begin anew once something came', async () => {
  const { waits } = await follow(
    scriptedApi(0, [away, away, away, away, away, away, away, null, away, gone]),
  );
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, WAIT_MAX_MS, WAIT_MAX_MS, WAIT_FIRST_MS, 1_000]);
});
