import type { ValueCount } from '#server/ports/search.ts';

/** Most frequent first; equally frequent ones by their code units. */
export function compareValueCounts(a: ValueCount, b: ValueCount): number {
  return b.count - a.count || (a.value < b.value ? -1 : Number(a.value > b.value));
}

/** The best ones of any number of values, each of which comes once. */
export interface BestValues {
  add(value: string, count: number): void;
  /** In their order. */
  readonly values: readonly ValueCount[];
}

/** Keeps so many of the values that come. */
export function createBestValues(countMax: number): BestValues {
  const values: ValueCount[] = [];
  const placeOf = (added: ValueCount): number => {
    let [from, end] = [0, values.length];
    while (from < end) {
      const middle = (from + end) >>> 1;
      const other = values[middle];
      if (other !== undefined && compareValueCounts(other, added) < 0) from = middle + 1;
      else end = middle;
    }
    return from;
  };
  return {
    values,
    add(value, count) {
      const isFull = values.length >= countMax;
      if (isFull && count < (values.at(-1)?.count ?? Number.POSITIVE_INFINITY)) return;
      const added = { value, count };
      const place = placeOf(added);
      if (place === countMax) return;
      values.splice(place, 0, added);
      if (isFull) values.pop();
    },
  };
}

/** Values counted by name, as long as they do not take too much memory. */
export interface ValueTally {
  add(value: string, count: number): void;
  /** There were too many values: it has not taken all of them. */
  readonly isOver: boolean;
  /** All of them. */
  readonly counts: ReadonlyMap<string, number>;
  /** The best ones of all. */
  best(first: number): readonly ValueCount[];
}

export interface TallyLimits {
  readonly valuesMax: number;
  /** Of all values together, in UTF-16 code units. */
  readonly unitsMax: number;
}

export function createValueTally({ valuesMax, unitsMax }: TallyLimits): ValueTally {
  const counts = new Map<string, number>();
  let units = 0;
  let isOver = false;
  return {
    counts,
    get isOver() {
      return isOver;
    },
    add(value, count) {
      const before = counts.get(value);
      if (before === undefined) {
        units += value.length;
        if (units > unitsMax || counts.size === valuesMax) isOver = true;
      }
      if (!isOver) counts.set(value, (before ?? 0) + count);
    },
    best(first) {
      const best = createBestValues(first);
      for (const [value, count] of counts) best.add(value, count);
      return best.values;
    },
  };
}
