/** Bytes of a column as base64; empty for what is no bytes, which equals no hash. */
export function base64Of(value: unknown): string {
  if (!(value instanceof Uint8Array)) return '';
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
}
