import { expect, test } from 'vitest';
import { createRecordCheck } from '#schema/record-check.ts';
import type { StoredRecord } from '#schema/record-content.ts';

/** As much of a stored record as the check reads. */
function storedRecord(index: number, bytes: number): StoredRecord {
  const [none, details] = [null, new Uint8Array(bytes)];
  const sections = { event: none, actor: none, target: none, context: none, changes: none, details };
  return {
    ...sections,
    ledgerNo: 1,
    index: BigInt(index),
    eventId: `e${index}`,
    recordedAt: 0n,
    entry: '{}',
    leafHash: new Uint8Array(32),
    digest: new Uint8Array(32),
    ledger: { no: 1, id: 'a', name: null, origin: 'a', vkey: '', createdAt: 0n },
  };
}

test('others have their turn while large records are looked at, and every record is', async () => {
  const turnsOf = async (bytes: number): Promise<number> => {
    let [turns, isEnded] = [0, false];
    const count = (): void => {
      turns++;
      if (!isEnded) setImmediate(count);
    };
    setImmediate(count);
    const seen: number[] = [];
    const check = createRecordCheck(({ index }) => seen.push(index) % 2 === 0);
    const told: boolean[] = [];
    for (let index = 0; index < 20; index++) told.push(await check(storedRecord(index, bytes)));
    isEnded = true;
    expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(told).toEqual(seen.map((index) => index % 2 === 1));
    return turns;
  };
  expect(await turnsOf(1_000)).toBe(0);
  expect(await turnsOf(1_000_000)).toBeGreaterThanOrEqual(19);
});
