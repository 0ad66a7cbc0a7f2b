import type { ValueCount } from '#server/ports/search.ts';
import { MatchCounter } from './count-terms.ts';
import { compareValueCounts } from './value-counts.ts';
import { namesFrom } from './find-fields.ts';
import { lastName } from './path.ts';
import type { Field, Postings } from './segment.ts';
import type { MatchedSegment, MatchedSegments } from './values.ts';
import type { Work } from './work.ts';

/** Sections whose members have the sender's own names. */
const OWN_SECTIONS = ['changes.', 'details.'];

/**
 * The paths in `details` and `changes` that begin with the prefix, as `named` paths, with the number of
 * wanted records that have a value there; most records first.
 */
export async function topPaths(
  parts: MatchedSegments,
  prefix: string,
  first: number,
  work: Work,
): Promise<ValueCount[]> {
  const counts = new Map<string, number>();
  for await (const part of parts) {
    work.checkTime();
    const countRecords = recordCounter(part);
    for (const section of OWN_SECTIONS) {
      // Of the two the longer one says more, where one begins the other at all.
      const start = prefix.length < section.length ? section : prefix;
      if (!start.startsWith(prefix) || !start.startsWith(section)) continue;
      for (const { name, fields } of namesFrom(part.segment, start)) {
        const count = await countRecords(fields);
        if (count > 0) counts.set(name, (counts.get(name) ?? 0) + count);
      }
    }
  }
  return Array.from(counts, ([value, count]) => ({ value, count }))
    .sort(compareValueCounts)
    .slice(0, first);
}

/**
 * Counts the wanted records that have a value at one of some fields: a record may have one at several, as
 * with an array.
 */
function recordCounter({ segment, matched }: MatchedSegment): (fields: readonly Field[]) => Promise<number> {
  const isWhole = matched.count() === segment.size;
  const counter = new MatchCounter(matched);
  return async (fields) => {
    const [only] = fields;
    if (isWhole && only !== undefined && fields.length === 1) return only.recordCount;
    const sets: Postings[] = [];
    for (const field of fields) {
      const records = await segment.find(field, `!${lastName(field.key)}`);
      if (records !== null) sets.push(records);
    }
    return counter.count(sets);
  };
}
