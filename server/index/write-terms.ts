import { ByteWriter } from './byte-writer.ts';
import { type DictionaryLayout, type DictionaryPlace, DictionaryWriter } from './dictionary-writer.ts';
import type { TermGatherer } from './gather-terms.ts';
import type { PageList } from './page-list.ts';
import { writePostings } from './posting.ts';
import type { SortedField, SortedTerms } from './sort-terms.ts';

/** What the header says of a field. */
export interface WrittenField {
  readonly key: string;
  readonly termCount: number;
  readonly recordCount: number;
  /** Where its entries in the dictionary of terms begin. They end where those of the next one begin. */
  readonly start: DictionaryPlace;
}

/** Writes the dictionary of all fields' terms. */
export function writeTerms(
  pages: PageList,
  gathered: TermGatherer,
  sorted: SortedTerms,
): { readonly fields: readonly WrittenField[]; readonly layout: DictionaryLayout } {
  const dictionary = new DictionaryWriter(pages);
  const value = new ByteWriter();
  const size = gathered.ends.length;
  const { starts, records, came } = sorted;
  const fields = sorted.fields.map((field): WrittenField => {
    dictionary.beginField();
    for (const { kind, from, to } of field.kinds) {
      for (let number = from; number < to; number++) {
        value.length = 0;
        writePostings(value, records, starts[number] ?? 0, starts[number + 1] ?? 0, size);
        dictionary.add(kind, gathered.texts[came[number] ?? 0] ?? '', value);
      }
    }
    return { key: field.key, ...countsOf(field, starts), start: dictionary.fieldStart };
  });
  return { fields, layout: dictionary.finish() };
}

function countsOf({ kinds }: SortedField, starts: Uint32Array) {
  const termCount = kinds.reduce((sum, { from, to }) => sum + to - from, 0);
  // There is one term of this kind where there is any leaf but null, and every record that has one has it.
  const presence = kinds.find(({ kind }) => kind === '!');
  const recordCount = presence ? (starts[presence.to] ?? 0) - (starts[presence.from] ?? 0) : 0;
  return { termCount, recordCount };
}
