import { NumberBuffer } from './number-buffer.ts';

/** Slots that are looked at for a text, before it is looked for elsewhere. */
const PROBES_MAX = 32;

/**
 * Numbers texts by when they first came, from 0 on; equal ones of different groups apart.
 *
 * For hundreds of thousands of short texts this takes a third of the time and half of the room of a `Map`.
 * Whoever sends texts that are made to get into each other's way only makes it as slow as a `Map`.
 */
export class TextTable {
  /** By number. */
  readonly texts: string[] = [];
  private readonly groups = new NumberBuffer();
  private readonly hashes = new NumberBuffer();
  /** In pairs: a hash, and the number of the text that has it, plus 1; 0 where the slot is free. */
  private slots = new Uint32Array(2 * 512);
  /** Texts that found all their slots taken, by group and text. */
  private others = new Map<string, number>();
  private readonly hashOf: (group: number, text: string) => number;

  /** `hashOf` gives 32 bits, without a sign. */
  constructor(hashOf: (group: number, text: string) => number = hashText) {
    this.hashOf = hashOf;
  }

  /** Number of the text; a new one has the number that `texts.length` was. */
  add(group: number, text: string): number {
    const hash = this.hashOf(group, text);
    const { slots, texts } = this;
    const mask = slots.length - 1;
    let slot = (hash * 2) & mask;
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      const taken = slots[slot + 1] ?? 0;
      if (taken === 0) return this.addNew(group, text, hash, slot);
      if (slots[slot] === hash && texts[taken - 1] === text && this.groups.values[taken - 1] === group) {
        return taken - 1;
      }
      slot = (slot + 2) & mask;
    }
    return this.others.get(`${group} ${text}`) ?? this.addNew(group, text, hash, -1);
  }

  private addNew(group: number, text: string, hash: number, slot: number): number {
    const number = this.texts.length;
    this.texts.push(text);
    this.groups.push(group);
    this.hashes.push(hash);
    if (this.texts.length * 4 > this.slots.length) this.grow();
    else if (slot < 0) this.others.set(`${group} ${text}`, number);
    else {
      this.slots[slot] = hash;
      this.slots[slot + 1] = number + 1;
    }
    return number;
  }

  /** Puts all texts into more slots: at most half of them are taken. */
  private grow(): void {
    this.slots = new Uint32Array(this.slots.length * 4);
    this.others = new Map();
    for (let number = 0; number < this.texts.length; number++) this.place(number);
  }

  private place(number: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    const hash = this.hashes.values[number] ?? 0;
    let slot = (hash * 2) & mask;
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      if (slots[slot + 1] === 0) {
        slots[slot] = hash;
        slots[slot + 1] = number + 1;
        return;
      }
      slot = (slot + 2) & mask;
    }
    this.others.set(`${this.groups.values[number] ?? 0} ${this.texts[number] ?? ''}`, number);
  }
}

function hashText(group: number, text: string): number {
  let hash = Math.imul(group + 1, 0x9e37_79b1);
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x5bd1_e995);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 13), 0x85eb_ca6b);
  return (hash ^ (hash >>> 16)) >>> 0;
}
