/** Whole numbers below 2^32 in an array that grows. */
export class NumberBuffer {
  /** What is behind `length` is not part of it. */
  values = new Uint32Array(256);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Uint32Array(this.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }
}

/**
 * Where each of some groups begins when they lie one behind the other, and at the end where the last one
 * ends.
 */
export function startsOf(counts: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const starts = new Uint32Array(length + 1);
  let start = 0;
  for (let i = 0; i < length; i++) {
    starts[i] = start;
    start += counts[i] ?? 0;
  }
  starts[length] = start;
  return starts;
}
