import { describe, expect, it } from 'vitest';
import type { PackBreak } from '#server/ledger/pack/pack-outcome.ts';
import {
  BROKEN_KEPT_MAX,
  type CheckedRecord,
  createRecordWindow,
  WINDOW_RECORDS_MAX,
} from '#ui/verify/record-window.ts';

const BREAK: PackBreak = { kind: 'CONTENT_MISMATCH', index: null, message: '' };
const MIB = 1024 * 1024;

/** A record that is told by its entry. */
function checked(name: string, { length = 0, isBroken = false } = {}): CheckedRecord {
  const sections = new Map([['event', { salt: '', json: 'x'.repeat(length) }]]);
  return { record: { entry: name, sections, proof: [] }, entry: null, breaks: isBroken ? [BREAK] : [] };
}

function windowOf(from: number, records: Iterable<CheckedRecord>) {
  const keeper = createRecordWindow(from);
  for (const record of records) keeper.add(record);
  const { records: kept, broken, total } = keeper.window();
  return {
    kept: kept.map(({ record }) => record.entry),
    broken: broken.map(({ record }) => record.entry),
    total,
  };
}

const many = (count: number) => Array.from({ length: count }, (_, at) => checked(String(at)));

describe('the window of records', () => {
  it(`keeps ${WINDOW_RECORDS_MAX} from its place on, counts all, and not one more`, () => {
    const { kept, total } = windowOf(10, many(WINDOW_RECORDS_MAX + 11));
    expect([kept.length, kept[0], kept.at(-1), total]).toEqual([
      WINDOW_RECORDS_MAX,
      '10',
      String(WINDOW_RECORDS_MAX + 9),
      WINDOW_RECORDS_MAX + 11,
    ]);
    expect(windowOf(5, many(5)).kept).toEqual([]);
  });

  it('keeps no more text than memory should hold, but always the first one, and leaves no gap', () => {
    const long = [checked('a', { length: 40 * MIB }), checked('b', { length: 1 }), checked('c')];
    expect(windowOf(0, long)).toMatchObject({ kept: ['a'], total: 3 });
    expect(windowOf(1, long)).toMatchObject({ kept: ['b', 'c'], total: 3 });
  });

  it(`keeps the first ${BROKEN_KEPT_MAX} broken ones, wherever they are`, () => {
    const broken = Array.from({ length: BROKEN_KEPT_MAX + 1 }, (_, at) =>
      checked(`b${at}`, { isBroken: true }),
    );
    const found = windowOf(BROKEN_KEPT_MAX + 1, [...broken, checked('last')]);
    expect(found.broken.length).toBe(BROKEN_KEPT_MAX);
    expect(found.kept).toEqual(['last']);
  });
});
