import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BUSY_MAX_MS, createTurns } from '#server/index/turns.ts';

describe('turns', () => {
  it('are due once the thread has been busy for long enough, and let waiting callbacks run', async () => {
    const clock = { ms: 0 };
    const turns = createTurns(() => clock.ms);
    let heard = 0;
    const work = async (): Promise<void> => {
      for (let step = 0; step < 30; step++) {
        clock.ms += BUSY_MAX_MS / 10;
        const turn = turns.due();
        if (turn !== null) await turn;
        // Promises alone do not let the event loop turn.
        else await Promise.resolve();
      }
    };
    const over = new AbortController();
    const done = work().then(() => over.abort());
    for (; !over.signal.aborted; heard++) await nextTurn();
    await done;
    expect(heard).toBeGreaterThanOrEqual(2);
    expect(heard).toBeLessThanOrEqual(4);
  });

  it('are all at the same time for whoever waits for one', async () => {
    const clock = { ms: 0 };
    const turns = createTurns(() => clock.ms);
    expect(turns.due()).toBeNull();
    clock.ms = BUSY_MAX_MS;
    const [first, second] = [turns.due(), turns.due()];
    expect(first).not.toBeNull();
    expect(second).toBe(first);
    await first;
    expect(turns.due()).toBeNull();
  });
});
