import type { TermGatherer } from './gather-terms.ts';
import { startsOf } from './number-buffer.ts';
import { sortTexts } from './sort-texts.ts';
import type { TermKind } from './term.ts';

/** Terms of a kind, from one number (inclusive) to another (exclusive). */
export interface SortedKind {
  readonly kind: TermKind;
  readonly from: number;
  readonly to: number;
}

export interface SortedField {
  readonly key: string;
  readonly kinds: readonly SortedKind[];
}

/** The terms of a segment as they are numbered, and the records of each. */
export interface SortedTerms {
  readonly fields: readonly SortedField[];
  /** By number, when the term came. */
  readonly came: Uint32Array;
  /** By number, where in `records` its records begin; at the end where the last one's end. */
  readonly starts: Uint32Array;
  /** The records of one term after the other, ascending. */
  readonly records: Uint16Array;
}

/** Numbers the terms, field by field, and finds the records of each. */
export function sortTerms(gathered: TermGatherer): SortedTerms {
  const count = gathered.texts.length;
  const came = new Uint32Array(count);
  const fields = sortFields(gathered, came);
  const numbers = new Uint32Array(count);
  const counts = new Uint32Array(count);
  for (let number = 0; number < count; number++) {
    const term = came[number] ?? 0;
    numbers[term] = number;
    counts[number] = gathered.recordCounts.values[term] ?? 0;
  }
  const starts = startsOf(counts, count);
  return { fields, came, starts, records: turnRound(gathered, numbers, starts) };
}

function sortFields({ fields, texts }: TermGatherer, came: Uint32Array): SortedField[] {
  let number = 0;
  const byKey = [...fields.values()].sort((a, b) => (a.path.key < b.path.key ? -1 : 1));
  return byKey.map(({ path, kinds }) => {
    const sorted: SortedKind[] = [];
    for (const gathered of kinds) {
      if (gathered === undefined) continue;
      const { kind, terms } = gathered;
      const from = number;
      for (const place of sortTexts(terms.map((term) => texts[term] ?? '')))
        came[number++] = terms[place] ?? 0;
      sorted.push({ kind, from, to: number });
    }
    return { key: path.key, kinds: sorted };
  });
}

/** From the terms of each record makes the records of each term. */
function turnRound({ terms, ends }: TermGatherer, numbers: Uint32Array, starts: Uint32Array): Uint16Array {
  const records = new Uint16Array(terms.length);
  const next = starts.slice();
  let at = 0;
  for (let record = 0; record < ends.length; record++) {
    const end = ends.values[record] ?? 0;
    for (; at < end; at++) {
      const number = numbers[terms.values[at] ?? 0] ?? 0;
      const place = next[number] ?? 0;
      records[place] = record;
      next[number] = place + 1;
    }
  }
  return records;
}
