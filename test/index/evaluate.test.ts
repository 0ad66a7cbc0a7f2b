import { describe, expect, it } from 'vitest';
import { evaluate } from '#server/index/evaluate.ts';
import { createMatcher } from '#server/index/matches.ts';
import type { Segment } from '#server/index/segment.ts';
import type { Condition, ValueTest } from '#server/ports/condition.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import { sha256 } from '#server/sha256.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { conditionMaker } from './support/conditions.ts';
import { contentRecord, corpusRecords } from './support/content-record.ts';
import { hostileRecords } from './support/hostile-records.ts';
import { cutAnywhere, NO_LIMIT, SEGMENT_KINDS } from './support/segment-kinds.ts';

const ROW_SIZE_MAX = 80;
const CONDITIONS_PER_ROW = 30;

/** Records that satisfy a condition, by their place. */
function matching(records: readonly ContentRecord[], condition: Condition): number[] {
  const matches = createMatcher(sha256, condition);
  return records.flatMap((record, place) => (matches(record) ? [place] : []));
}

async function found(segment: Segment, condition: Condition): Promise<number[]> {
  return [...(await evaluate(segment, condition, NO_LIMIT))];
}

describe.each(SEGMENT_KINDS)('a condition answered from $name', ({ make }) => {
  const sources = [
    { name: 'the corpora', records: corpusRecords, seed: 1 },
    { name: 'hostile content', records: () => hostileRecords(7, 2_000, new SeededRandom(2)), seed: 3 },
  ];

  it.each(sources)(
    'is met by the records that meet it one by one, of $name',
    async ({ records, seed }) => {
      const random = new SeededRandom(seed);
      let some = 0;
      for (const row of cutAnywhere(records(), ROW_SIZE_MAX, random)) {
        const segment = await make(row);
        const next = conditionMaker(row, random);
        for (let i = 0; i < CONDITIONS_PER_ROW; i++) {
          const condition = next();
          const expected = matching(row, condition);
          if (expected.length > 0 && expected.length < row.length) some++;
          expect(await found(segment, condition), JSON.stringify(condition)).toEqual(expected);
        }
      }
      // Conditions that all or no records meet would prove little.
      expect(some).toBeGreaterThan(200);
    },
    60_000,
  );

  it('is met by the records that meet it one by one, among very many', async () => {
    const random = new SeededRandom(4);
    const records = [...corpusRecords(), ...hostileRecords(corpusRecords().length, 400, random)];
    const segment = await make(records);
    const next = conditionMaker(records, random);
    for (let i = 0; i < 40; i++) {
      const condition = next();
      const expected = matching(records, condition);
      expect(await found(segment, condition), JSON.stringify(condition)).toEqual(expected);
    }
  }, 60_000);

  it('takes texts as equal whose letters differ in case only', async () => {
    const texts = ['Bob', 'BOB', 'bob', 'bobby', 'boa\uffff', 'Σίσυφος', 'ΣΊΣΥΦΟΣ', '\u212a', 'K', 'k'];
    const records = texts.map((id, index) => contentRecord(index, { actor: { id } }));
    const segment = await make(records);
    const equals = (text: string): Condition => {
      const test: ValueTest = { test: 'equals', text, ignoreCase: true };
      return { kind: 'value', path: { kind: 'named', name: 'actor.id' }, test };
    };
    expect(await found(segment, equals('bOB'))).toEqual([0, 1, 2]);
    expect(await found(segment, equals('σίσυφοσ'))).toEqual([5, 6]);
    expect(await found(segment, equals('K'))).toEqual([7, 8, 9]);
    expect(await found(segment, equals('bo'))).toEqual([]);
    expect(await found(segment, equals('bob\ud800'))).toEqual([]);
  });

  it('ends when the time is over', async () => {
    const records = Array.from({ length: 600 }, (_, index) =>
      contentRecord(index, { actor: { id: `${index}` } }),
    );
    const segment = await make(records);
    let checks = 0;
    const work = {
      checkTime(): void {
        checks++;
        if (checks === 4) throw new Error('over');
      },
    };
    const test: ValueTest = { test: 'glob', parts: ['', '1', ''], ignoreCase: false };
    const condition: Condition = { kind: 'value', path: { kind: 'named', name: 'actor.id' }, test };
    await expect(evaluate(segment, condition, work)).rejects.toThrow('over');
  });
});
