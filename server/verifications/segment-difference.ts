import { Bitset } from '#server/index/bitset.ts';
import { openSegment } from '#server/index/open-segment.ts';
import type { Field, Postings, Segment, Term } from '#server/index/segment.ts';

/** The pages of a segment by their number. */
export type Pages = readonly (Uint8Array | null)[];

/**
 * The first record, by its number in the segment, that two segments of the same records tell different things
 * of; `null` where that cannot be told, as where one of them is damaged.
 */
export async function firstDifference(from: number, to: number, a: Pages, b: Pages): Promise<number | null> {
  try {
    const first = await openSegment(from, to, async (page) => a[page] ?? null);
    const second = await openSegment(from, to, async (page) => b[page] ?? null);
    const found = new Difference(to - from);
    await compareTimes(first, second, found);
    await compareFields(first, second, found);
    return found.first;
  } catch {
    // Damaged: it is no segment at all, so it differs in every record.
    return null;
  }
}

class Difference {
  first: number | null = null;
  private readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  at(record: number): void {
    if (this.first === null || record < this.first) this.first = record;
  }

  /** Records that only one of two sets has. */
  between(a: Postings | null, b: Postings | null): void {
    const [x, y] = [Bitset.none(this.size), Bitset.none(this.size)];
    a?.addTo(x);
    b?.addTo(y);
    const end = this.first ?? this.size;
    for (let record = 0; record < end; record++) {
      if (x.has(record) === y.has(record)) continue;
      this.at(record);
      return;
    }
  }
}

async function compareTimes(a: Segment, b: Segment, found: Difference): Promise<void> {
  const [recordedA, recordedB, occurredA, occurredB] = [
    await a.recorded(),
    await b.recorded(),
    await a.occurred(),
    await b.occurred(),
  ];
  for (let record = 0; record < a.size; record++) {
    const isSame =
      recordedA[record] === recordedB[record] &&
      occurredA.ms[record] === occurredB.ms[record] &&
      (occurredA.nanos?.[record] ?? 0) === (occurredB.nanos?.[record] ?? 0);
    if (isSame) continue;
    found.at(record);
    return;
  }
}

async function compareFields(a: Segment, b: Segment, found: Difference): Promise<void> {
  const keys = new Set([...a.fields, ...b.fields].map(({ key }) => key));
  for (const key of keys) {
    const [termsA, termsB] = [termsOf(a, a.field(key)), termsOf(b, b.field(key))];
    let [x, y] = [await termsA.next(), await termsB.next()];
    while (!x.done || !y.done) {
      const [left, right] = [x.done ? null : x.value, y.done ? null : y.value];
      const isSame = left !== null && right !== null && left.term === right.term;
      if (isSame) {
        if (left.records.count !== right.records.count || !(await isEqual(left, right, a.size))) {
          found.between(left.records, right.records);
        }
        [x, y] = [await termsA.next(), await termsB.next()];
      } else if (right === null || (left !== null && (await isBefore(b, key, left.term)))) {
        found.between(left?.records ?? null, null);
        x = await termsA.next();
      } else {
        found.between(null, right.records);
        y = await termsB.next();
      }
    }
  }
}

/** Whether the other segment has no such term: then it is the one that stands alone. */
async function isBefore(other: Segment, key: string, term: string): Promise<boolean> {
  const field = other.field(key);
  return field === null || (await other.find(field, term)) === null;
}

async function isEqual(a: Term, b: Term, size: number): Promise<boolean> {
  const set = Bitset.none(size);
  a.records.addTo(set);
  return b.records.countIn(set) === a.records.count;
}

async function* termsOf(segment: Segment, field: Field | null): AsyncGenerator<Term> {
  if (field === null) return;
  for await (const terms of segment.terms(field, '', null)) yield* terms;
}
