import { NumberBuffer } from './number-buffer.ts';
import { TextTable } from './text-table.ts';
import { wordsOf } from './words.ts';

/** Words of terms while a segment is built. Terms and words are known by when they came, from 0 on. */
export class WordGatherer {
  /** By word, how many terms have it. */
  readonly termCounts = new NumberBuffer();
  /** The words of one term after the other; */
  readonly words = new NumberBuffer();
  /** and by term, where its words end. */
  readonly ends = new NumberBuffer();
  private readonly table = new TextTable();
  /** By word, the term that had it last. */
  private readonly lastTerms = new NumberBuffer();

  /** By word. */
  get texts(): readonly string[] {
    return this.table.texts;
  }

  /** Takes the next term, with the text whose words count; `null` where none do. */
  add(text: string | null): void {
    const term = this.ends.length;
    if (text !== null) for (const word of wordsOf(text)) this.addWord(word, term);
    this.ends.push(this.words.length);
  }

  private addWord(text: string, term: number): void {
    const word = this.table.add(0, text);
    if (word === this.termCounts.length) {
      this.termCounts.push(1);
      this.lastTerms.push(term);
    } else {
      if (this.lastTerms.values[word] === term) return;
      this.lastTerms.values[word] = term;
      this.termCounts.values[word] = (this.termCounts.values[word] ?? 0) + 1;
    }
    this.words.push(word);
  }
}
