import { fold } from './fold.ts';
import type { Postings, Term } from './segment.ts';

/** Terms in the order of a dictionary, in lists, and whose they are. */
export interface TermSource<T> {
  readonly terms: AsyncIterable<readonly Term[]>;
  readonly owner: T;
}

/** A term, and all that have it. */
export interface MergedTerm<T> {
  readonly term: string;
  readonly found: readonly { readonly records: Postings; readonly owner: T }[];
}

/** A source that stands at one of its terms. */
interface Cursor<T> {
  readonly iterator: AsyncIterator<readonly Term[]>;
  readonly owner: T;
  /** Terms that were read together, and the place of the current one in them. */
  list: readonly Term[];
  at: number;
  current: Term;
  folded: string;
}

/**
 * Goes through strings of several dictionaries at once, in their order, each string once. Of each dictionary
 * only what was read together with the current one is kept.
 */
export async function* mergeTerms<T>(sources: readonly TermSource<T>[]): AsyncGenerator<MergedTerm<T>> {
  const heap: Cursor<T>[] = [];
  try {
    // All at once, so that what has to be read for it is read together.
    await Promise.all(sources.map((source) => open(heap, source)));
    for (let top = heap[0]; top !== undefined; top = heap[0]) {
      const { term } = top.current;
      const found: { records: Postings; owner: T }[] = [];
      for (let same = heap[0]; same?.current.term === term; same = heap[0]) {
        found.push({ records: same.current.records, owner: same.owner });
        if (!advanceInList(heap, same)) await advance(heap, same);
      }
      yield { term, found };
    }
  } finally {
    for (const { iterator } of heap) await iterator.return?.();
  }
}

async function open<T>(heap: Cursor<T>[], { terms, owner }: TermSource<T>): Promise<void> {
  const iterator = terms[Symbol.asyncIterator]();
  const list = await nextList(iterator);
  const [current] = list;
  if (current !== undefined)
    push(heap, { iterator, owner, list, at: 0, current, folded: fold(current.term) });
}

/** The next list that has terms; an empty one where there is none. */
async function nextList(iterator: AsyncIterator<readonly Term[]>): Promise<readonly Term[]> {
  for (;;) {
    const next = await iterator.next();
    if (next.done === true) return [];
    if (next.value.length > 0) return next.value;
  }
}

/** Moves the first source of the heap on, and to the place that it has then. */
async function advance<T>(heap: Cursor<T>[], first: Cursor<T>): Promise<void> {
  first.list = await nextList(first.iterator);
  first.at = -1;
  if (advanceInList(heap, first)) return;
  const last = heap.pop();
  if (last === undefined || last === first) return;
  heap[0] = last;
  sink(heap);
}

/** The same without waiting for anything; `false`, and nothing is moved, where its list is at the end. */
function advanceInList<T>(heap: Cursor<T>[], first: Cursor<T>): boolean {
  const next = first.list[first.at + 1];
  if (next === undefined) return false;
  first.at += 1;
  first.current = next;
  first.folded = fold(next.term);
  sink(heap);
  return true;
}

function push<T>(heap: Cursor<T>[], added: Cursor<T>): void {
  let at = heap.length;
  heap.push(added);
  while (at > 0) {
    const above = (at - 1) >>> 1;
    const other = heap[above];
    if (other === undefined || !isBefore(added, other)) break;
    heap[at] = other;
    at = above;
  }
  heap[at] = added;
}

/** Puts the first one where it belongs. */
function sink<T>(heap: Cursor<T>[]): void {
  const moved = heap[0];
  if (moved === undefined) return;
  let at = 0;
  for (;;) {
    const below = firstOf(heap, 2 * at + 1, 2 * at + 2);
    const other = heap[below];
    if (other === undefined || !isBefore(other, moved)) break;
    heap[at] = other;
    at = below;
  }
  heap[at] = moved;
}

function firstOf<T>(heap: readonly Cursor<T>[], left: number, right: number): number {
  const [a, b] = [heap[left], heap[right]];
  return a !== undefined && b !== undefined && isBefore(b, a) ? right : left;
}

function isBefore<T>(a: Cursor<T>, b: Cursor<T>): boolean {
  if (a.folded !== b.folded) return a.folded < b.folded;
  return a.current.term < b.current.term;
}
