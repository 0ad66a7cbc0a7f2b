import { describe, expect, it } from 'vitest';
import { createReveals, REVEAL_RANGES_MAX, SYSTEM_REVEALS_MAX } from '#server/erasures/create-reveals.ts';
import type { Operation } from '#server/ports/system-log.ts';

const CALLER = { tokenId: 'token-1', name: 'auditor' };

function revealing(fails: (operation: Operation) => boolean = () => false) {
  const recorded: Operation[] = [];
  const revealed = createReveals(async (operation) => {
    if (fails(operation)) throw new Error('the disk is full');
    recorded.push(operation);
  }, CALLER);
  return { recorded, revealed };
}

describe('salts that are revealed', () => {
  it('are recorded as one event a ledger for all records that are asked for at once', async () => {
    const { recorded, revealed } = revealing();
    const asked = [5, 3, 4, 9, 4].map((index) => revealed('acme', [index]));
    await Promise.all([...asked, revealed('other', [0]), revealed('acme', [6, 100])]);
    expect(recorded).toEqual([
      {
        action: 'salts.reveal',
        status: 'SUCCESS',
        caller: CALLER,
        ledger: 'acme',
        details: {
          ranges: [
            { from: 3, to: 7 },
            { from: 9, to: 10 },
            { from: 100, to: 101 },
          ],
          count: 6,
        },
      },
      expect.objectContaining({ ledger: 'other', details: { ranges: [{ from: 0, to: 1 }], count: 1 } }),
    ]);
  });

  it('of the ledger `system` come to an end, though recording that they are shown makes more', async () => {
    const { recorded, revealed } = revealing();
    for (let index = 0; index < SYSTEM_REVEALS_MAX; index++) await revealed('system', [index]);
    await expect(revealed('system', [SYSTEM_REVEALS_MAX])).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(recorded).toHaveLength(SYSTEM_REVEALS_MAX);
    for (let index = 0; index <= SYSTEM_REVEALS_MAX; index++) await revealed('acme', [index]);
    expect(recorded).toHaveLength(2 * SYSTEM_REVEALS_MAX + 1);
  });

  it('are not given before they are recorded, and not at all where that fails', async () => {
    const { recorded, revealed } = revealing(({ ledger }) => ledger === 'broken');
    let isGiven = false;
    const given = revealed('acme', [1]).then(() => (isGiven = true));
    expect([isGiven, recorded.length]).toEqual([false, 0]);
    await given;
    expect(recorded).toHaveLength(1);
    for (const promise of [revealed('broken', [1]), revealed('broken', [2])]) {
      await expect(promise).rejects.toThrow('the disk is full');
    }
    // It may be asked for again, and fails again.
    await expect(revealed('broken', [1])).rejects.toThrow('the disk is full');
  });

  it('are recorded again when they are asked for later', async () => {
    const { recorded, revealed } = revealing();
    await revealed('acme', [1]);
    await revealed('acme', [1]);
    expect(recorded).toHaveLength(2);
  });

  it('make nothing of nothing, and several events of very many ranges', async () => {
    const { recorded, revealed } = revealing();
    await revealed('acme', []);
    expect(recorded).toEqual([]);
    const everySecond = (count: number) => Array.from({ length: count }, (_, i) => i * 2);
    await revealed('acme', everySecond(REVEAL_RANGES_MAX));
    expect(recorded.map(({ details }) => details['count'])).toEqual([REVEAL_RANGES_MAX]);
    await revealed('acme', everySecond(REVEAL_RANGES_MAX + 1));
    expect(recorded.slice(1).map(({ details }) => details['count'])).toEqual([REVEAL_RANGES_MAX, 1]);
  });
});
