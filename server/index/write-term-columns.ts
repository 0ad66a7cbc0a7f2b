import type { ColumnWriter } from './column-writer.ts';
import type { TermGatherer } from './gather-terms.ts';
import type { TermColumnLayout } from './header.ts';
import { COLUMN_PATHS, COLUMN_TERMS_MIN, NO_TERM } from './segment.ts';
import type { SortedField, SortedTerms } from './sort-terms.ts';
import { termHash } from './term-hash.ts';

/** Writes a column for each of the paths that are to have one, where their field has enough terms for it. */
export function writeTermColumns(
  columns: ColumnWriter,
  gathered: TermGatherer,
  sorted: SortedTerms,
): TermColumnLayout[] {
  const layouts: TermColumnLayout[] = [];
  for (const [place, field] of sorted.fields.entries()) {
    if (!COLUMN_PATHS.includes(field.key)) continue;
    const first = field.kinds[0]?.from ?? 0;
    const count = (field.kinds.at(-1)?.to ?? 0) - first;
    if (count <= COLUMN_TERMS_MIN || count >= NO_TERM) continue;
    layouts.push({
      field: place,
      terms: columns.add(termsOfRecords(field, sorted, gathered.ends.length)),
      hashes: columns.add(hashesOf(field, gathered, sorted)),
    });
  }
  return layouts;
}

/** For each record its string term, counted from the first term of the field. */
function termsOfRecords({ kinds }: SortedField, { starts, records }: SortedTerms, size: number): Uint16Array {
  const terms = new Uint16Array(size).fill(NO_TERM);
  const first = kinds[0]?.from ?? 0;
  const strings = kinds.find(({ kind }) => kind === 's');
  if (strings === undefined) return terms;
  for (let number = strings.from; number < strings.to; number++) {
    const end = starts[number + 1] ?? 0;
    for (let at = starts[number] ?? 0; at < end; at++) {
      const record = records[at] ?? 0;
      if (terms[record] === NO_TERM) terms[record] = number - first;
    }
  }
  return terms;
}

function hashesOf({ kinds }: SortedField, { texts }: TermGatherer, { came }: SortedTerms): Uint32Array {
  const hashes: number[] = [];
  for (const { kind, from, to } of kinds) {
    for (let number = from; number < to; number++)
      hashes.push(termHash(kind + (texts[came[number] ?? 0] ?? '')));
  }
  return Uint32Array.from(hashes);
}
