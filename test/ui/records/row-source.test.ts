import { describe, expect, test } from 'vitest';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { ApiError } from '#ui/graphql/api-error.ts';
import {
  JUMP_SPACING_MS,
  PAGE_ROWS,
  PAGES_MAX,
  REQUESTS_MAX,
  type RowPage,
  type RowPageRequest,
  RowSource,
} from '#ui/records/row-source.ts';

/** An appliance that has this many rows and answers when told; a row is its own place. */
function applianceOf(total: number) {
  const open: {
    readonly request: RowPageRequest;
    readonly answer: () => void;
    readonly isGone: () => boolean;
  }[] = [];
  const timers: { at: number; run: () => void }[] = [];
  const state = { total, now: 0, failure: null as ApiError | null, asked: 0, maxOpen: 0 };
  const pageOf = (request: RowPageRequest): RowPage<number> => {
    const { first, after, last, before, skip = 0 } = request;
    const from = after === undefined ? skip : Number(after) + 1;
    const to = before === undefined ? state.total : Number(before);
    const start = last === undefined ? from : Math.max(from, to - last);
    const end = first === undefined ? to : Math.min(to, start + first);
    const rows = Array.from({ length: Math.max(0, end - start) }, (_, at) => start + at);
    const [head, tail] = [rows.at(0), rows.at(-1)];
    return {
      rows,
      totalCount: state.total,
      indexedThrough: 41,
      startCursor: head === undefined ? null : String(head),
      endCursor: tail === undefined ? null : String(tail),
    };
  };
  const source = new RowSource<number>({
    fetchPage(request, signal) {
      state.asked += 1;
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
        const failure = state.failure;
        const answer = (): void => (failure === null ? resolve(pageOf(request)) : reject(failure));
        open.push({ request, answer, isGone: () => signal.aborted });
        state.maxOpen = Math.max(state.maxOpen, open.filter(({ isGone }) => !isGone()).length);
      });
    },
    schedule(ms, run) {
      const timer = { at: state.now + ms, run };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
  });
  /** Answers everything that is open, and what is asked because of it, and lets timers run out. */
  const settle = async (): Promise<void> => {
    while (open.length > 0 || timers.length > 0) {
      for (const { answer, isGone } of open.splice(0)) if (!isGone()) answer();
      await new Promise((resolve) => setImmediate(resolve));
      if (open.length === 0) tick(JUMP_SPACING_MS);
    }
  };
  const tick = (ms: number): void => {
    state.now += ms;
    for (const timer of timers.filter(({ at }) => at <= state.now)) {
      timers.splice(timers.indexOf(timer), 1);
      timer.run();
    }
  };
  return { source, state, open, settle, tick };
}

/** What is there of these places. */
function rowsAt(source: RowSource<number>, from: number, to: number): (number | undefined)[] {
  return Array.from({ length: to - from }, (_, at) => source.rowAt(from + at));
}

const places = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => from + at);

describe('the rows of a question', () => {
  test.each([0, 1, 99, 100, 101, 250, 4_321, 1_000_000])(
    'of %i are all there, wherever one looks, in any order',
    async (total) => {
      const { source, state, settle } = applianceOf(total);
      source.want(0, 1);
      await settle();
      expect(source.total).toBe(total);
      const random = new SeededRandom(total + 1);
      let at = 0;
      for (let move = 0; move < 60; move++) {
        const isJump = random.fraction() < 0.4;
        at = isJump
          ? Math.floor(random.fraction() * total)
          : at + Math.floor((random.fraction() - 0.5) * 300);
        const from = Math.min(Math.max(0, at), Math.max(0, total - 30));
        const to = Math.min(total, from + 30);
        source.want(from, to);
        await settle();
        expect(rowsAt(source, from, to)).toEqual(places(from, to));
        at = from;
      }
      expect(state.maxOpen).toBeLessThanOrEqual(REQUESTS_MAX);
    },
  );

  test('are asked for by the page beside them where there is one, else by their place', async () => {
    const { source, open, settle } = applianceOf(100_000);
    source.want(0, 30);
    expect(open[0]?.request).toEqual({ first: PAGE_ROWS, indexTo: null });
    await settle();
    source.want(110, 140);
    expect(open[0]?.request).toEqual({ first: PAGE_ROWS, after: '99', indexTo: 42 });
    await settle();
    source.want(50_010, 50_030);
    expect(open[0]?.request).toEqual({ first: PAGE_ROWS, skip: 50_000, indexTo: 42 });
    await settle();
    source.want(49_970, 49_980);
    await settle();
    source.want(49_870, 49_879);
    expect(open[0]?.request).toEqual({ last: PAGE_ROWS, before: '49900', indexTo: 42 });
    await settle();
    source.want(99_970, 100_000);
    expect(open[0]?.request).toEqual({ last: 100, indexTo: 42 });
  });

  test('are kept up to a number of pages, those looked at last', async () => {
    const { source, settle } = applianceOf(100_000);
    for (let page = 0; page < PAGES_MAX + 20; page++) {
      source.want(page * 100 + 20, page * 100 + 50);
      await settle();
    }
    expect([...source.loaded()].length).toBeLessThanOrEqual(PAGES_MAX * PAGE_ROWS);
    expect(source.rowAt(0)).toBeUndefined();
    expect(source.rowAt((PAGES_MAX + 19) * 100)).toBe((PAGES_MAX + 19) * 100);
  });
});

describe('dragging the bar', () => {
  test('gives up what was scrolled past, and asks no more than the spacing lets it', async () => {
    const { source, state, tick, settle } = applianceOf(1_000_000);
    source.want(0, 30);
    await settle();
    const before = state.asked;
    for (let frame = 0; frame < 60; frame++) {
      source.want(frame * 10_000 + 20, frame * 10_000 + 50);
      tick(16);
    }
    const drags = Math.ceil((60 * 16) / JUMP_SPACING_MS);
    expect(state.asked - before).toBeLessThanOrEqual(drags + 1);
    await settle();
    expect(rowsAt(source, 590_020, 590_050)).toEqual(places(590_020, 590_050));
  });
});

describe('when something goes wrong', () => {
  test('a page that failed says so, and is there after another try', async () => {
    const { source, state, settle } = applianceOf(10_000);
    source.want(0, 30);
    await settle();
    state.failure = new ApiError('UNREACHABLE', 'away');
    source.want(5_020, 5_050);
    await settle();
    expect(source.error?.code).toBe('UNREACHABLE');
    expect(source.hasFailedAt(5_020)).toBe(true);
    const { asked } = state;
    source.want(5_020, 5_050);
    expect(state.asked, 'it does not try again by itself').toBe(asked);
    state.failure = null;
    source.retry();
    await settle();
    expect(source.error).toBeNull();
    expect(rowsAt(source, 5_020, 5_050)).toEqual(places(5_020, 5_050));
  });

  test('a total that changes is taken over with rows that are all of it', async () => {
    const { source, state, settle } = applianceOf(10_000);
    source.want(0, 30);
    await settle();
    state.total = 9_990;
    source.want(5_020, 5_050);
    await settle();
    source.want(5_020, 5_050);
    await settle();
    expect(source.total).toBe(9_990);
    expect(rowsAt(source, 5_020, 5_050)).toEqual(places(5_020, 5_050));
  });

  test('a total that changes while the appliance goes away is told, wherever one looks', async () => {
    const { source, state, open, settle } = applianceOf(10_000);
    source.want(0, 30);
    await settle();
    state.total = 9_990;
    source.want(5_020, 5_050);
    // The answer with the other total makes it begin anew; what it asks for then is not answered any more.
    const [far] = open.splice(0);
    state.failure = new ApiError('UNREACHABLE', 'away');
    far?.answer();
    await settle();
    expect(source.total).toBeNull();
    expect(source.error?.code).toBe('UNREACHABLE');
  });

  test('of a list that became shorter, no page behind its end is asked for', async () => {
    const { source, state, open, settle } = applianceOf(10_000);
    source.want(0, 30);
    await settle();
    state.total = 250;
    source.want(5_020, 5_050);
    const asked: RowPageRequest[] = [];
    while (open.length > 0) {
      for (const { request, answer, isGone } of open.splice(0)) {
        if (!isGone()) asked.push(request);
        answer();
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(source.total).toBe(250);
    const [, ...later] = asked;
    expect(later.length).toBeGreaterThan(0);
    for (const { first, last, skip = 0 } of later) {
      expect(Math.max(first ?? 0, last ?? 0)).toBeGreaterThan(0);
      expect(skip).toBeLessThan(250);
    }
  });

  test('a page with too few rows is an error, not a hole', async () => {
    const source = new RowSource<number>({
      fetchPage: () =>
        Promise.resolve({ rows: [1, 2], totalCount: 3, indexedThrough: 2, startCursor: '1', endCursor: '2' }),
      schedule: () => () => undefined,
    });
    const told = new Promise<void>((resolve) => void source.subscribe(resolve));
    source.want(0, 3);
    await told;
    expect(source.error?.message).toBe('The appliance gave 2 of 3 rows.');
  });

  test('what was given up is asked for when it is looked at again', async () => {
    const { source, settle, open } = applianceOf(500);
    source.want(0, 30);
    source.stop();
    expect(open.every(({ isGone }) => isGone())).toBe(true);
    source.want(0, 30);
    await settle();
    expect(source.total).toBe(500);
  });
});
