import { describe, expect, it } from 'vitest';
import { createQuestionLine } from '#server/index/question-line.ts';

const LEDGER = 1;

function lineOf(limits: { atOnce: number; atOncePerLedger?: number; waitingMax: number }) {
  const clock = { ms: 0 };
  return {
    clock,
    line: createQuestionLine(() => clock.ms, { atOncePerLedger: 99, ...limits, waitMaxMs: 100 }),
  };
}

describe('the line of questions', () => {
  it('lets in as many as it may at once, and the others in their order', async () => {
    const { line } = lineOf({ atOnce: 2, waitingMax: 10 });
    const order: number[] = [];
    const enter = (number: number) =>
      line.enter(LEDGER, undefined).then((leave) => {
        order.push(number);
        return leave;
      });
    const [first, second, third, fourth] = [enter(1), enter(2), enter(3), enter(4)];
    const leave = await first;
    await second;
    expect(order).toEqual([1, 2]);
    leave();
    // Twice is once: nobody else's turn ends by it.
    leave();
    await third;
    expect(order).toEqual([1, 2, 3]);
    (await second)();
    (await third)();
    (await fourth)();
    expect(order).toEqual([1, 2, 3, 4]);
  });

  it('turns away who comes when too many wait', async () => {
    const { line } = lineOf({ atOnce: 1, waitingMax: 1 });
    const leave = await line.enter(LEDGER, undefined);
    const waiting = line.enter(LEDGER, undefined);
    await expect(line.enter(LEDGER, undefined)).rejects.toMatchObject({ code: 'SEARCH_BUSY' });
    leave();
    (await waiting)();
    (await line.enter(LEDGER, undefined))();
  });

  it('turns away who has waited too long, and lets in the next', async () => {
    const { line, clock } = lineOf({ atOnce: 1, waitingMax: 3 });
    const leave = await line.enter(LEDGER, undefined);
    const early = line.enter(LEDGER, undefined);
    clock.ms = 1;
    const late = line.enter(LEDGER, undefined);
    clock.ms = 101;
    leave();
    await expect(early).rejects.toMatchObject({ code: 'SEARCH_BUSY' });
    (await late)();
  });

  it('lets those of other ledgers go before where one ledger has as many as it may', async () => {
    const { line } = lineOf({ atOnce: 3, atOncePerLedger: 2, waitingMax: 10 });
    const [first, second] = [await line.enter(1, undefined), await line.enter(1, undefined)];
    let isIn = false;
    const third = line.enter(1, undefined).then((leave) => {
      isIn = true;
      return leave;
    });
    const other = await line.enter(2, undefined);
    other();
    (await line.enter(2, undefined))();
    expect(isIn).toBe(false);
    first();
    (await third)();
    second();
    for (const ledgerNo of [1, 1, 2]) await line.enter(ledgerNo, undefined);
  });

  it('is left by who gives up', async () => {
    const { line } = lineOf({ atOnce: 1, waitingMax: 1 });
    const leave = await line.enter(LEDGER, undefined);
    const leaving = new AbortController();
    const gone = line.enter(LEDGER, leaving.signal);
    leaving.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    await expect(line.enter(LEDGER, leaving.signal)).rejects.toThrow('gone');
    const next = line.enter(LEDGER, undefined);
    leave();
    (await next)();
  });
});
