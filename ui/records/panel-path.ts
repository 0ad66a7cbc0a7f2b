import { type JsonObject, type JsonValue, RefusedValue, stringifyJson } from '#server/ledger/json.ts';
import { QUERY_FIELDS } from '#server/records/query/fields.ts';
import { quoteValue } from '#server/records/query/quote-value.ts';

/** One step into a value: a member, an element by its place, or one by its `id` (as JSON). */
export type PathStep = { readonly name: string } | { readonly place: number } | { readonly id: string };

const PLAIN_NAME = /^[\p{L}_$][\p{L}\p{M}\p{N}_$-]*$/u;

/** A path as people write it, e.g. `roles[2].name`, `tags["a b"]`, `users[id="u-1"].mail`. */
export function pathText(path: readonly PathStep[]): string {
  return path
    .map((step, at) => {
      if ('place' in step) return `[${step.place}]`;
      if ('id' in step) return `[id=${step.id}]`;
      if (!PLAIN_NAME.test(step.name)) return `[${JSON.stringify(step.name)}]`;
      return at === 0 ? step.name : `.${step.name}`;
    })
    .join('');
}

/** A value at the end of a path: a text, a number, a word, or an empty list or object. */
export interface Leaf {
  readonly path: string;
  readonly value: JsonValue;
  /** Term of the query language that finds records with this value; `null` where there is none. */
  readonly term: string | null;
}

/** The values of a section. */
export interface Leaves {
  readonly leaves: readonly Leaf[];
  /** All there are. */
  readonly count: number;
}

/** The first values of a section, in their order, with their paths. */
export function leavesOf(section: string, value: JsonValue, max: number): Leaves {
  const leaves: Leaf[] = [];
  let count = 0;
  const visit = (at: JsonValue, path: readonly PathStep[]): void => {
    const children = childrenOf(at);
    if (children.length > 0) {
      for (const [step, child] of children) visit(child, [...path, step]);
      return;
    }
    count += 1;
    if (leaves.length < max)
      leaves.push({ path: pathText(path), value: at, term: termOf(section, path, at) });
  };
  visit(value, []);
  return { leaves, count };
}

function childrenOf(value: JsonValue): readonly (readonly [PathStep, JsonValue])[] {
  if (Array.isArray(value)) return value.map((element, place) => [{ place }, element]);
  if (!isObject(value)) return [];
  return Object.entries(value).map(([name, member]) => [{ name }, member]);
}

/** A value as it is shown: a text as it is, everything else as exact JSON. */
export function leafText(value: JsonValue): string {
  return typeof value === 'string' ? value : stringifyJson(value);
}

/** Longer texts are not offered as a filter: the search bar would hold nothing else. */
const TERM_LENGTH_MAX = 300;
/** Sections whose members are named by a path of the language, and how that path begins. */
const PARENTS: readonly (readonly [string, string])[] = [
  ['details', 'details'],
  ['changes.before', 'before'],
  ['changes.after', 'after'],
];

/** The term that finds what has this value at this place; places in lists do not count. */
export function termOf(section: string, path: readonly PathStep[], value: JsonValue): string | null {
  const names = [section, ...path.flatMap((step) => ('name' in step ? [step.name] : []))];
  const text = valueText(value);
  const field = fieldOf(names);
  return field === null || text === null ? null : `${field}:${text}`;
}

function fieldOf(names: readonly string[]): string | null {
  const whole = names.join('.');
  const known = QUERY_FIELDS.find(({ path, isParent }) => path === whole && !isParent);
  if (known) return known.name;
  for (const [from, to] of PARENTS) {
    const depth = from.split('.').length;
    if (names.length > depth && names.slice(0, depth).join('.') === from) {
      return [to, ...names.slice(depth).map(stepText)].join('.');
    }
  }
  return null;
}

function stepText(name: string): string {
  return /^[A-Za-z_][\w-]*$/.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`;
}

function valueText(value: JsonValue): string | null {
  if (typeof value === 'string') {
    return value === '' || value.length > TERM_LENGTH_MAX ? null : quoteValue(value);
  }
  return typeof value === 'object' && value !== null ? null : stringifyJson(value);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !(value instanceof RefusedValue);
}
