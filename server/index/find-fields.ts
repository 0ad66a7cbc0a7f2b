import type { ValuePath } from '#server/ports/condition.ts';
import { exactKey, nameOf } from './path.ts';
import type { Field, Segment } from './segment.ts';

/** The fields of one segment by their named form, sorted by it. */
interface Names {
  readonly names: readonly string[];
  readonly fields: readonly Field[];
}

// A segment never changes, so what was sorted once stays true as long as it is there.
const namesBySegment = new WeakMap<Segment, Names>();

/** The fields at the path: several where names hold dots, or values were sent with and without an array. */
export function fieldsAt(segment: Segment, path: ValuePath): readonly Field[] {
  switch (path.kind) {
    case 'exact': {
      const field = segment.field(exactKey(path.members));
      return field === null ? [] : [field];
    }
    case 'named':
      return fieldsNamed(segment, path.name);
  }
}

/** The fields at the path and at all paths below it, those of array elements with them. */
export function fieldsAtOrBelow(segment: Segment, path: ValuePath): readonly Field[] {
  switch (path.kind) {
    case 'exact': {
      const key = exactKey(path.members);
      const field = segment.field(key);
      const below = [...fieldsFrom(segment, `${key}.`), ...fieldsFrom(segment, `${key}[`)];
      return field === null ? below : [field, ...below];
    }
    case 'named':
      return [...fieldsNamed(segment, path.name), ...fieldsBelowName(segment, path.name)];
  }
}

/** The fields of members of an object at the path, however deep. */
export function fieldsOfMembers(segment: Segment, path: ValuePath): readonly Field[] {
  return path.kind === 'exact'
    ? fieldsFrom(segment, `${exactKey(path.members)}.`)
    : fieldsBelowName(segment, path.name);
}

/** The fields whose named form is this one. */
export function fieldsNamed(segment: Segment, name: string): readonly Field[] {
  const { names, fields } = namesOf(segment);
  const from = firstNotBelow(names, name);
  let to = from;
  while (names[to] === name) to++;
  return fields.slice(from, to);
}

/** Every named form that begins with the prefix, with its fields, in order. */
export function* namesFrom(
  segment: Segment,
  prefix: string,
): IterableIterator<{ readonly name: string; readonly fields: readonly Field[] }> {
  const { names, fields } = namesOf(segment);
  let from = firstNotBelow(names, prefix);
  for (;;) {
    const name = names[from];
    if (name?.startsWith(prefix) !== true) return;
    let to = from + 1;
    while (names[to] === name) to++;
    yield { name, fields: fields.slice(from, to) };
    from = to;
  }
}

function fieldsBelowName(segment: Segment, name: string): readonly Field[] {
  const { names, fields } = namesOf(segment);
  const prefix = `${name}.`;
  const from = firstNotBelow(names, prefix);
  let to = from;
  while (names[to]?.startsWith(prefix) === true) to++;
  return fields.slice(from, to);
}

function namesOf(segment: Segment): Names {
  const before = namesBySegment.get(segment);
  if (before !== undefined) return before;
  const named = segment.fields.map((field) => ({ name: nameOf(field.key), field }));
  named.sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  const made = { names: named.map(({ name }) => name), fields: named.map(({ field }) => field) };
  namesBySegment.set(segment, made);
  return made;
}

/** The fields whose key begins with the prefix. */
function fieldsFrom(segment: Segment, prefix: string): readonly Field[] {
  const { fields } = segment;
  let [from, end] = [0, fields.length];
  while (from < end) {
    const middle = (from + end) >>> 1;
    if ((fields[middle]?.key ?? '') < prefix) from = middle + 1;
    else end = middle;
  }
  let to = from;
  while (fields[to]?.key.startsWith(prefix) === true) to++;
  return fields.slice(from, to);
}

/** The first place in a sorted list whose text is not below this one. */
function firstNotBelow(sorted: readonly string[], text: string): number {
  let [from, end] = [0, sorted.length];
  while (from < end) {
    const middle = (from + end) >>> 1;
    if ((sorted[middle] ?? '') < text) from = middle + 1;
    else end = middle;
  }
  return from;
}
