import { useSyncExternalStore } from 'react';
import { type FacetName, FACETS } from './facet-fields.ts';

const KEY = 'indelible.facets';
/** What most searches begin with. */
const FIRST: readonly FacetName[] = ['action', 'status', 'actorId', 'targetType'];

const listeners = new Set<() => void>();
let current: readonly FacetName[] | null = null;

/** Which groups are open, kept in this browser. */
export function useOpenFacets(): {
  readonly open: readonly FacetName[];
  readonly toggle: (name: FacetName) => void;
} {
  const open = useSyncExternalStore(subscribe, openFacets);
  return { open, toggle };
}

function openFacets(): readonly FacetName[] {
  current ??= read() ?? FIRST;
  return current;
}

function toggle(name: FacetName): void {
  const before = openFacets();
  current = before.includes(name) ? before.filter((other) => other !== name) : [...before, name];
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // The browser keeps nothing for this page: the choice holds until it is closed.
  }
  for (const listener of listeners) listener();
}

function read(): readonly FacetName[] | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? 'null');
    if (!Array.isArray(kept)) return null;
    return FACETS.map(({ name }) => name).filter((name) => kept.includes(name));
  } catch {
    // Unreadable or not allowed: as if nothing had been chosen.
    return null;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
