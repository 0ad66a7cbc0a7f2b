/** Whether a value is a whole number from 0 up to 2^53−1. */
export function isCount(value: number): boolean;
export function isCount(value: unknown): value is number;
export function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Half of a count, rounded down: shifts would end at 2^31. */
export function halved(count: number): number {
  return Math.floor(count / 2);
}
