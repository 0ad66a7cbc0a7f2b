import { type JsonObject, type JsonValue, RefusedValue } from '#server/ledger/json.ts';
import { pathText, type PathStep } from './panel-path.ts';

/** One value that differs. */
export type FieldChange =
  | { readonly kind: 'ADDED'; readonly path: string; readonly after: JsonValue }
  | { readonly kind: 'REMOVED'; readonly path: string; readonly before: JsonValue }
  | {
      readonly kind: 'CHANGED';
      readonly path: string;
      readonly before: JsonValue;
      readonly after: JsonValue;
    };

/** What differs between two states. */
export interface FieldDiff {
  /** At most `CHANGES_MAX`. */
  readonly changes: readonly FieldChange[];
  /** All that differ. */
  readonly changeCount: number;
  /** Values that are the same in both. */
  readonly unchangedCount: number;
}

/** Changes that are listed; all are counted. */
export const CHANGES_MAX = 1_000;

/**
 * Compares two states value by value, exactly: integers of any length, and texts to the letter. Elements of
 * lists are told apart by their `id` where every one has its own, else by their place.
 *
 * @param before `undefined` where there was nothing
 * @param after `undefined` where there is nothing any more
 */
export function diffFields(before: JsonValue | undefined, after: JsonValue | undefined): FieldDiff {
  const found = new Found();
  compare(before, after, [], found);
  return { changes: found.changes, changeCount: found.changeCount, unchangedCount: found.unchangedCount };
}

class Found {
  readonly changes: FieldChange[] = [];
  changeCount = 0;
  unchangedCount = 0;

  add(make: () => FieldChange): void {
    this.changeCount += 1;
    if (this.changes.length < CHANGES_MAX) this.changes.push(make());
  }
}

type Path = readonly PathStep[];

function compare(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path: Path,
  found: Found,
): void {
  const [old, now] = [childrenOf(before, after), childrenOf(after, before)];
  if (old !== null && now !== null && old.size + now.size > 0) {
    for (const [key, child] of old) {
      compare(child.value, now.get(key)?.value, [...path, child.step], found);
    }
    for (const [key, child] of now) {
      if (!old.has(key)) compare(undefined, child.value, [...path, child.step], found);
    }
    return;
  }
  if (isSameLeaf(before, after)) found.unchangedCount += 1;
  else addLeaf(before, after, path, found);
}

function addLeaf(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path: Path,
  found: Found,
): void {
  if (before === undefined && after === undefined) return;
  found.add(() => {
    const at = pathText(path);
    if (before === undefined) return { kind: 'ADDED', path: at, after: after ?? null };
    if (after === undefined) return { kind: 'REMOVED', path: at, before };
    return { kind: 'CHANGED', path: at, before, after };
  });
}

interface Child {
  readonly step: PathStep;
  readonly value: JsonValue;
}

/**
 * What is within a value, by a key that is the same for what belongs together in both; `null` for a value
 * that is compared as a whole. With nothing on the other side, what is within is listed one by one.
 */
function childrenOf(
  value: JsonValue | undefined,
  other: JsonValue | undefined,
): ReadonlyMap<string, Child> | null {
  if (value === undefined) return isContainer(other) && sizeOf(other) > 0 ? new Map() : null;
  if (!isContainer(value)) return null;
  if (other !== undefined && (!isContainer(other) || Array.isArray(other) !== Array.isArray(value)))
    return null;
  if (other === undefined && sizeOf(value) === 0) return null;
  if (!Array.isArray(value)) {
    return new Map(Object.entries(value).map(([name, member]) => [name, { step: { name }, value: member }]));
  }
  const ids = idsOf(value);
  const hasIds = ids !== null && (!Array.isArray(other) || other.length === 0 || idsOf(other) !== null);
  return new Map(
    value.map((element, place): readonly [string, Child] => {
      const id = hasIds ? (ids[place] ?? '') : null;
      if (id === null) return [`#${place}`, { step: { place }, value: element }];
      return [`=${id}`, { step: { id }, value: element }];
    }),
  );
}

/** Ids of a list's elements, as JSON; `null` unless each has one of its own. */
function idsOf(list: readonly JsonValue[]): readonly string[] | null {
  const ids: string[] = [];
  for (const element of list) {
    const id = isContainer(element) && !Array.isArray(element) ? element['id'] : undefined;
    if (typeof id === 'string') ids.push(JSON.stringify(id));
    else if (typeof id === 'number' || typeof id === 'bigint') ids.push(String(id));
    else return null;
  }
  return new Set(ids).size === ids.length ? ids : null;
}

function isContainer(value: JsonValue | undefined): value is JsonValue[] | JsonObject {
  return typeof value === 'object' && value !== null && !(value instanceof RefusedValue);
}

function sizeOf(value: JsonValue[] | JsonObject): number {
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}

function isSameLeaf(before: JsonValue | undefined, after: JsonValue | undefined): boolean {
  if (before === after) return true;
  if (!isContainer(before) || !isContainer(after)) return false;
  return Array.isArray(before) === Array.isArray(after) && sizeOf(before) + sizeOf(after) === 0;
}
