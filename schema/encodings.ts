/** A time in ms since the epoch as RFC 3339 in UTC with milliseconds. */
export function timeText(ms: number | bigint): string {
  return new Date(Number(ms)).toISOString();
}

/** Bytes in the standard base64 alphabet, padded. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
