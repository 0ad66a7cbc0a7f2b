/** What was used lately, by key: the oldest entries go when all of them together weigh too much. */
export interface BoundedCache<V, K extends string | number = string> {
  /** The value; it counts as used now. */
  get(key: K): V | undefined;
  set(key: K, value: V, weight: number): void;
  /** The entry, where it is still there, has become heavier. */
  grow(key: K, weight: number): void;
  delete(key: K): void;
  readonly weight: number;
}

interface Entry<V> {
  readonly value: V;
  weight: number;
  /** Since it came to its place in the row. */
  isUsed: boolean;
}

/**
 * A cache whose entries weigh at most `weightMax` together; the entry set last stays whatever it weighs. The
 * first entry of the row goes, but one that was used goes to the end of the row once more: so using an entry
 * moves nothing.
 */
export function createBoundedCache<V, K extends string | number = string>(
  weightMax: number,
): BoundedCache<V, K> {
  // A Map is the row: it keeps the order in which its keys were set.
  const entries = new Map<K, Entry<V>>();
  let total = 0;

  const remove = (key: K): Entry<V> | undefined => {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    entries.delete(key);
    total -= entry.weight;
    return entry;
  };
  /** Puts an entry at the end of the row, and makes room for it. */
  const add = (key: K, added: Entry<V>): void => {
    entries.set(key, added);
    total += added.weight;
    for (const [oldest, entry] of entries) {
      if (total <= weightMax || entries.size === 1) return;
      entries.delete(oldest);
      if (entry === added || entry.isUsed) {
        entry.isUsed = false;
        entries.set(oldest, entry);
      } else total -= entry.weight;
    }
  };

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entry.isUsed = true;
      return entry.value;
    },
    set(key, value, weight) {
      remove(key);
      add(key, { value, weight, isUsed: false });
    },
    grow(key, weight) {
      const entry = remove(key);
      if (entry === undefined) return;
      entry.weight += weight;
      add(key, entry);
    },
    delete: (key) => void remove(key),
    get weight() {
      return total;
    },
  };
}
