import { ByteWriter, hasWide } from './byte-writer.ts';
import { writeDirectory } from './directory-writer.ts';
import { fold } from './fold.ts';
import { PAGE_BODY_BYTES } from './page.ts';
import type { PageList } from './page-list.ts';

/** Where the pages of a dictionary are. */
export interface DictionaryLayout {
  readonly firstPage: number;
  readonly pageCount: number;
  /** Its directory: pages right behind those, and how many entries each has; none where there is one page. */
  readonly directory: readonly number[];
}

/** Where in a dictionary something begins: a page, counted from its first one, and a run of it. */
export interface DictionaryPlace {
  readonly page: number;
  readonly run: number;
}

/**
 * Entries that are told by what they do not have in common with the one before; then one is written whole.
 */
export const RUN_ENTRIES_MAX = 16;
/** At the end of a page for each run; */
export const RUN_BYTES = 4;
/** and behind those for itself. */
export const TRAILER_BYTES = 8;
/** Units below this are counted in half a byte. */
export const SHORT_MAX = 15;

/** Writes sorted texts, each with a value, into pages: see docs/INDEX.md. */
export class DictionaryWriter {
  private readonly pages: PageList;
  private readonly firstPage: number;
  private readonly page = new ByteWriter(PAGE_BODY_BYTES * 2);
  private readonly runs: { at: number; entry: number }[] = [];
  /** Of each page what tells it from the one before, and the number of its first entry. */
  private readonly directory: { separator: string; number: number }[] = [];
  private number = 0;
  private pageEntries = 0;
  private kind = '';
  private text = '';
  private isFieldStart = true;
  private start: DictionaryPlace = { page: 0, run: 0 };

  constructor(pages: PageList) {
    this.pages = pages;
    this.firstPage = pages.next;
  }

  /** The entries from here on are sorted by themselves. */
  beginField(): void {
    this.isFieldStart = true;
  }

  /** Where the entries of the last field that has any begin. */
  get fieldStart(): DictionaryPlace {
    return this.start;
  }

  /** The next entry: its text is `kind + text`. */
  add(kind: string, text: string, value: ByteWriter): void {
    // Room for the entry in full, wide, with its lengths, and for another run.
    const room = text.length * 2 + value.length + 16 + RUN_BYTES;
    const used = this.page.length + this.runs.length * RUN_BYTES + TRAILER_BYTES;
    if (this.pageEntries > 0 && used + room > PAGE_BODY_BYTES) this.endPage();
    if (this.pageEntries === 0) this.beginPage(kind + text);
    if (this.isFieldStart) this.start = { page: this.directory.length - 1, run: this.runs.length };
    this.write(kind, text);
    this.page.copy(value.bytes.subarray(0, value.length));
    this.kind = kind;
    this.text = text;
    this.isFieldStart = false;
    this.pageEntries += 1;
    this.number += 1;
  }

  /** Writes what is left. */
  finish(): DictionaryLayout {
    if (this.pageEntries > 0) this.endPage();
    const { firstPage } = this;
    const pageCount = this.directory.length;
    const directory = pageCount > 1 ? writeDirectory(this.pages, this.directory) : [];
    return { firstPage, pageCount, directory };
  }

  private beginPage(text: string): void {
    const separator = this.isFieldStart ? '' : separatorOf(this.kind + this.text, text);
    this.directory.push({ separator, number: this.number });
  }

  private write(kind: string, text: string): void {
    const { page } = this;
    const run = this.runs.at(-1);
    const isRunStart =
      this.isFieldStart || run === undefined || this.pageEntries - run.entry >= RUN_ENTRIES_MAX;
    if (isRunStart) this.runs.push({ at: page.length, entry: this.pageEntries });
    const common = isRunStart || kind !== this.kind ? -1 : commonLength(this.text, text);
    // What they have in common is counted with the kind; a kind that is not in common is written before the
    // rest.
    const shared = common < 0 ? 0 : kind.length + common;
    const rest = common < 0 ? kind.length + text.length : text.length - common;
    const from = Math.max(common, 0);
    const isWide = hasWide(text, from);
    const isLong = isWide || rest >= SHORT_MAX;
    page.byte(Math.min(shared, SHORT_MAX) * 16 + (isLong ? SHORT_MAX : rest));
    if (shared >= SHORT_MAX) page.varint(shared - SHORT_MAX);
    if (isLong) page.varint(rest * 2 + (isWide ? 1 : 0));
    if (common < 0) page.units(kind, 0, isWide);
    page.units(text, from, isWide);
  }

  private endPage(): void {
    const { page, runs } = this;
    for (const { at, entry } of runs) {
      page.uint16(at);
      page.uint16(entry);
    }
    page.uint16(runs.length);
    page.uint16(this.pageEntries);
    page.uint32(this.number - this.pageEntries);
    this.pages.add(page);
    page.length = 0;
    runs.length = 0;
    this.pageEntries = 0;
  }
}

function commonLength(before: string, text: string): number {
  const most = Math.min(before.length, text.length);
  let common = 0;
  while (common < most && before.charCodeAt(common) === text.charCodeAt(common)) common++;
  return common;
}

/** The shortest beginning of a text that is behind the text before it, in either order of a dictionary. */
function separatorOf(before: string, text: string): string {
  const [foldedBefore, foldedText] = [fold(before), fold(text)];
  if (foldedBefore === foldedText) return text;
  const common = commonLength(foldedBefore, foldedText);
  // Folding never makes a text shorter, so that much of the text has what makes the difference.
  const last = text.charCodeAt(common);
  return text.slice(0, common + (last >= 0xd800 && last <= 0xdbff ? 2 : 1));
}
