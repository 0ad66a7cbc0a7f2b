/** A column as text; empty for what is none, which is nothing that anyone signed. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
