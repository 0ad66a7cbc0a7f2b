import { useSyncExternalStore } from 'react';

/** What a person chose, kept in this browser. What another version left is passed over. */
export interface Preferences {
  readonly theme: 'SYSTEM' | 'LIGHT' | 'DARK';
  readonly zone: 'LOCAL' | 'UTC';
  readonly rows: 'COMFORTABLE' | 'COMPACT';
  /** Whether single letters act: people who speak to their computer switch them off (WCAG 2.1.4). */
  readonly singleKeys: boolean;
  /** Columns of the table, in order; `null` for those it begins with. */
  readonly columns: readonly string[] | null;
  /** Widths in px by column. */
  readonly columnWidths: Readonly<Record<string, number>>;
  readonly ledger: string | null;
  /** Searches that were run, newest first. */
  readonly searches: readonly string[];
  readonly facetsOpen: boolean;
  readonly histogramOpen: boolean;
}

const DEFAULTS: Preferences = {
  theme: 'SYSTEM',
  zone: 'LOCAL',
  rows: 'COMFORTABLE',
  singleKeys: true,
  columns: null,
  columnWidths: {},
  ledger: null,
  searches: [],
  facetsOpen: true,
  histogramOpen: true,
};
const KEY = 'indelible.preferences';

let current: Preferences | null = null;
const listeners = new Set<() => void>();

export function preferences(): Preferences {
  current ??= { ...DEFAULTS, ...read() };
  return current;
}

export function setPreferences(changes: Partial<Preferences>): void {
  current = { ...preferences(), ...changes };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // The browser keeps nothing for this page: the choice holds until it is closed.
  }
  for (const listener of listeners) listener();
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, preferences);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

function read(): Partial<Preferences> {
  try {
    return readPreferences(localStorage.getItem(KEY) ?? '{}');
  } catch {
    // Not allowed: as if nothing had been chosen.
    return {};
  }
}

/**
 * What can be relied on of a kept text: each choice that has its form. Anybody may have written there, and
 * the page must begin all the same. Never throws.
 */
export function readPreferences(text: string): Partial<Preferences> {
  try {
    const kept: unknown = JSON.parse(text);
    if (!isObject(kept)) return {};
    const known = Object.entries(FORMS).filter(
      ([name, fits]) => Object.hasOwn(kept, name) && fits(kept[name]),
    );
    return Object.fromEntries(known.map(([name]) => [name, kept[name]]));
  } catch {
    // Unreadable: as if nothing had been chosen.
    return {};
  }
}

type Fits = (value: unknown) => boolean;

const FORMS: { readonly [Name in keyof Preferences]: Fits } = {
  theme: (value) => value === 'SYSTEM' || value === 'LIGHT' || value === 'DARK',
  zone: (value) => value === 'LOCAL' || value === 'UTC',
  rows: (value) => value === 'COMFORTABLE' || value === 'COMPACT',
  singleKeys: isBoolean,
  columns: (value) => value === null || isTexts(value),
  columnWidths: (value) => isObject(value) && Object.values(value).every(Number.isFinite),
  ledger: (value) => value === null || typeof value === 'string',
  searches: isTexts,
  facetsOpen: isBoolean,
  histogramOpen: isBoolean,
};

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
