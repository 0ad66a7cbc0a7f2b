import { type JsonValue, toOutputJson } from '#server/ledger/json.ts';

/** A time in ms since the epoch as RFC 3339 in UTC with milliseconds. */
export function timeText(ms: number | bigint): string {
  return new Date(Number(ms)).toISOString();
}

/**
 * JSON on its way out. What holds it has no members of its own: to the executor an object with a member
 * `then`, which events may well have, would look like a promise.
 */
export class ExactJson {
  readonly #value: JsonValue;

  constructor(value: JsonValue) {
    this.#value = value;
  }

  toJSON(): unknown {
    return toOutputJson(this.#value);
  }
}

/** `null` for what is absent. */
export function exactJson(value: JsonValue | undefined): ExactJson | null {
  return value === undefined || value === null ? null : new ExactJson(value);
}

/** Bytes in the standard base64 alphabet, padded. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
