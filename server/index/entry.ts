import type { ByteReader } from './byte-reader.ts';
import { RUN_ENTRIES_MAX } from './dictionary-writer.ts';
import { EntryText, skipText } from './entry-text.ts';
import type { NarrowText } from './segment.ts';

/** What is stored for a text. */
export interface EntryValue {
  /** Reads the value of the next entry in place of the last one; the reader goes on behind it. */
  read(reader: ByteReader): void;
}

/** Takes an entry, which changes with the next one. Where it gives `false`, that was the last. */
export type VisitEntry<V extends EntryValue> = (entry: Entry<V>) => boolean;

/**
 * An entry of a dictionary while a run is gone through: it changes with each one, so that nothing is made for
 * those that nobody keeps. A text is read when it is asked for, as most are not.
 */
export class Entry<V extends EntryValue> {
  number = 0;
  readonly value: V;
  private reader: ByteReader | null = null;
  private readonly lastText = new EntryText();
  /** Where the texts of the run begin. */
  private readonly texts = new Uint32Array(RUN_ENTRIES_MAX);
  private passed = 0;
  private textsRead = 0;

  constructor(value: V) {
    this.value = value;
  }

  /** Goes before the first entry of a run, at which the reader stands. */
  begin(reader: ByteReader, firstNumber: number): void {
    this.reader = reader;
    this.number = firstNumber - 1;
    this.passed = 0;
    this.textsRead = 0;
    this.lastText.clear();
  }

  /** Goes to the next entry. The run must have one. */
  next(): void {
    const { reader } = this;
    if (reader === null) throw new RangeError('There is no run');
    this.texts[this.passed] = reader.at;
    this.passed += 1;
    this.number += 1;
    skipText(reader);
    this.value.read(reader);
  }

  get text(): string {
    return this.readText().text;
  }

  /** The text, where all its units fit into bytes; it changes with the next one. */
  get narrow(): NarrowText | null {
    const text = this.readText();
    return text.isNarrow ? text : null;
  }

  /** Whether its text is this one. */
  is(text: string): boolean {
    return this.readText().is(text);
  }

  private readText(): EntryText {
    const { reader, texts, passed, lastText } = this;
    if (this.textsRead === passed || reader === null) return lastText;
    const { at } = reader;
    for (; this.textsRead < passed; this.textsRead++) {
      reader.at = texts[this.textsRead] ?? 0;
      lastText.read(reader);
    }
    reader.at = at;
    return lastText;
  }
}
