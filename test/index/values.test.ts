import { describe, expect, it } from 'vitest';
import { readLeaves } from '#server/index/leaves.ts';
import { createPathTree, nameOf } from '#server/index/path.ts';
import { fold } from '#server/index/fold.ts';
import { termHash } from '#server/index/term-hash.ts';
import { topValues } from '#server/index/values.ts';
import type { ContentRecord } from '#server/ports/record-source.ts';
import type { ValueCount } from '#server/ports/search.ts';
import { sha256 } from '#server/sha256.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { contentRecord, corpusRecords } from './support/content-record.ts';
import { hostileRecords } from './support/hostile-records.ts';
import { type WantedRecords, wantSome } from './support/matched-parts.ts';
import { naiveSegment } from './support/naive-segment.ts';
import { NO_LIMIT, SEGMENT_KINDS, storedSegment } from './support/segment-kinds.ts';

/** With so few values by name it has to go through the dictionaries side by side. */
const SMALL = { valuesMax: 3, unitsMax: 1_000 };

/** The strings of a record by their named paths. */
function stringsOf(record: ContentRecord): ReadonlyMap<string, ReadonlySet<string>> {
  const strings = new Map<string, Set<string>>();
  readLeaves(sha256, record, createPathTree(), ({ key }, kind, text) => {
    if (kind !== 's') return;
    const name = nameOf(key);
    strings.set(name, (strings.get(name) ?? new Set()).add(text));
  });
  return strings;
}

type Strings = ReturnType<typeof stringsOf>;

function naiveValues(all: readonly Strings[], path: string, prefix: string, first: number): ValueCount[] {
  const counts = new Map<string, number>();
  for (const strings of all) {
    for (const text of strings.get(path) ?? []) {
      if (fold(text).startsWith(fold(prefix))) counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  }
  return Array.from(counts, ([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, first);
}

async function expectSame({ parts, wanted }: WantedRecords, random: SeededRandom, times: number) {
  const all = wanted.map(stringsOf);
  for (let i = 0; i < times; i++) {
    const [path, texts] = random.pick([...random.pick(all)]);
    const text = random.pick([...texts]);
    const cut = text.slice(0, random.below(4));
    const prefix = random.pick(['', cut, cut.toUpperCase(), text]);
    const first = random.pick([1, 2, 5, 20, 1_000]);
    const expected = prefix.isWellFormed() ? naiveValues(all, path, prefix, first) : [];
    const wish = { path, prefix, first };
    expect(await topValues(parts, wish, NO_LIMIT), JSON.stringify(wish)).toEqual(expected);
    expect(await topValues(parts, wish, NO_LIMIT, SMALL), JSON.stringify(wish)).toEqual(expected);
  }
}

describe.each(SEGMENT_KINDS)('the most frequent values of $name', ({ make }) => {
  it.each([
    { name: 'the corpora', records: corpusRecords, seed: 1 },
    { name: 'hostile content', records: () => hostileRecords(0, 600, new SeededRandom(5)), seed: 2 },
  ])('are those that counting $name one by one gives', async ({ records, seed }) => {
    const random = new SeededRandom(seed);
    await expectSame(await wantSome(records(), 300, make, random), random, 150);
  });
});

/**
 * Records whose actors and targets are so many that there are columns of them, some more frequent than
 * others.
 */
function manyValued(count: number, random: SeededRandom): ContentRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const skewed = Math.floor(1_500 * random.fraction() ** 3);
    return contentRecord(index, {
      action: `action.${random.below(40)}`,
      actor: { id: random.pick([`User-${skewed}`, `user-${skewed}`]) },
      target: { id: `target-${random.below(3_000)}` },
      context: { ipAddress: `10.${random.below(200)}.0.${random.below(8)}` },
    });
  });
}

describe('the most frequent values of columns', () => {
  it('are exact where some segments have a column and others do not', async () => {
    const random = new SeededRandom(11);
    const records = manyValued(6_000, random);
    const found = await wantSome(records, 2_500, storedSegment, random);
    await expectSame(found, random, 60);
  });

  it('are exact where every field of such a path has one', async () => {
    const random = new SeededRandom(12);
    const make = (row: readonly ContentRecord[]) => Promise.resolve(naiveSegment(row, { columnTermsMin: 0 }));
    const found = await wantSome(hostileRecords(0, 800, random), 100, make, random);
    await expectSame(found, random, 100);
  });

  it('are exact where nothing comes twice', async () => {
    const records = Array.from({ length: 2_000 }, (_, index) =>
      contentRecord(index, { actor: { id: `${index % 2 === 0 ? 'B' : 'a'}${index}` } }),
    );
    const random = new SeededRandom(13);
    await expectSame(await wantSome(records, 1_000, storedSegment, random), random, 20);
  });

  it('are told apart by the hash that columns have', async () => {
    const segment = await storedSegment(manyValued(1_000, new SeededRandom(1)));
    const field = segment.field('actor.id');
    const column = field && (await segment.column(field));
    if (!field || !column) throw new Error('There is no column');
    const hashes: number[] = [];
    await segment.visitTerms(field, '!', null, ({ term }) => hashes.push(termHash(term)) > 0);
    expect([...column.hashes]).toEqual(hashes);
  });
});
