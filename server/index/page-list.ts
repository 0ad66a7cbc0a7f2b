import type { ByteWriter } from './byte-writer.ts';
import { sealPage } from './page.ts';

/** The pages of a segment under construction. */
export class PageList {
  private readonly from: number;
  private readonly to: number;
  private readonly pages: Uint8Array[] = [new Uint8Array(0)];

  /** Page 0 comes last, when it is known where everything is. */
  constructor(from: number, to: number) {
    this.from = from;
    this.to = to;
  }

  /** Number of the page that is added next. */
  get next(): number {
    return this.pages.length;
  }

  add(body: ByteWriter): void {
    this.pages.push(sealPage(body, { from: this.from, to: this.to, page: this.next }));
  }

  /** All of them, with this one as page 0. */
  finish(header: ByteWriter): Uint8Array[] {
    this.pages[0] = sealPage(header, { from: this.from, to: this.to, page: 0 });
    return this.pages;
  }
}
