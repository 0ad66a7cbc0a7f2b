import { ByteWriter } from './byte-writer.ts';
import { PAGE_BODY_BYTES } from './page.ts';
import type { PageList } from './page-list.ts';

/**
 * Of a page of a dictionary what is not behind its first entry but behind the page before; its first number.
 */
export interface DirectoryEntry {
  readonly separator: string;
  readonly number: number;
}

/** At the end of a page: where each entry begins; */
export const PLACE_BYTES = 2;
/** and behind those how many there are. */
export const COUNT_BYTES = 2;

/** Writes the directory of a dictionary into pages. Gives how many entries each of them has. */
export function writeDirectory(pages: PageList, entries: readonly DirectoryEntry[]): number[] {
  const counts: number[] = [];
  const page = new ByteWriter(PAGE_BODY_BYTES * 2);
  let places: number[] = [];
  const endPage = (): void => {
    for (const place of places) page.uint16(place);
    page.uint16(places.length);
    pages.add(page);
    counts.push(places.length);
    page.length = 0;
    places = [];
  };
  for (const { separator, number } of entries) {
    const room = separator.length * 2 + 16 + PLACE_BYTES;
    const used = page.length + places.length * PLACE_BYTES + COUNT_BYTES;
    if (places.length > 0 && used + room > PAGE_BODY_BYTES) endPage();
    places.push(page.length);
    page.varint(number);
    page.text(separator);
  }
  endPage();
  return counts;
}
