import type { Condition } from '#server/ports/condition.ts';

/** What no record satisfies. */
export const NOTHING: Condition = { kind: 'any', of: [] };

/** All hold. In the shortest form: nothing is nested that says the same beside each other, or said again. */
export function allOf(conditions: readonly Condition[]): Condition {
  const of = distinct(
    conditions.flatMap((condition) => (condition.kind === 'all' ? condition.of : [condition])),
  );
  const [only] = of;
  return only !== undefined && of.length === 1 ? only : { kind: 'all', of };
}

/** At least one holds, in the shortest form. */
export function anyOf(conditions: readonly Condition[]): Condition {
  const of = distinct(
    conditions.flatMap((condition) => (condition.kind === 'any' ? condition.of : [condition])),
  );
  const [only] = of;
  return only !== undefined && of.length === 1 ? only : { kind: 'any', of };
}

/** Each once: what is asked again and again is answered once. */
function distinct(conditions: readonly Condition[]): readonly Condition[] {
  return [...new Map(conditions.map((condition) => [JSON.stringify(condition), condition])).values()];
}

/** One condition of several that stand side by side. */
export interface Part {
  readonly condition: Condition;
  /** What it asks for a value of; `null` where it does more than that, and so is not joined with its like. */
  readonly key: string | null;
}

/** Side by side all must hold; but values that are asked for by one key are any of. */
export function sideBySide(parts: readonly Part[]): Part {
  const values = new Map<string, Condition[]>();
  for (const { key, condition } of parts) {
    if (key === null) continue;
    const known = values.get(key);
    if (known) known.push(condition);
    else values.set(key, [condition]);
  }
  const joined: Part[] = [];
  for (const part of parts) {
    const conditions = part.key === null ? [part.condition] : values.get(part.key);
    if (conditions === undefined) continue;
    if (part.key !== null) values.delete(part.key);
    joined.push({ condition: anyOf(conditions), key: part.key });
  }
  const [only] = joined;
  if (only !== undefined && joined.length === 1) return only;
  return { condition: allOf(joined.map(({ condition }) => condition)), key: null };
}
