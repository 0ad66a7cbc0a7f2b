/** Bytes of a file, `to` exclusive. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

const RANGE = /^\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/;

/**
 * Reads a `Range` header (RFC 9110, section 14): one range of bytes, open-ended, or a suffix.
 *
 * @param size bytes that the file has
 * @returns `null` where the whole file is to be given: no header, another unit, several ranges, or one that
 *   is not well-formed; UNSATISFIABLE where the file has none of the bytes
 */
export function readRange(header: string | null, size: number): ByteRange | 'UNSATISFIABLE' | null {
  const [unit, set, ...more] = (header ?? '').split('=');
  if (unit?.trim().toLowerCase() !== 'bytes' || set === undefined || more.length > 0) return null;
  const [, first, last] = RANGE.exec(set) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return null;
  if (first === '') {
    const length = Number(last);
    if (length === 0 || size === 0) return 'UNSATISFIABLE';
    return { from: Math.max(0, size - length), to: size };
  }
  const from = Number(first);
  if (last !== '' && Number(last) < from) return null;
  if (from >= size) return 'UNSATISFIABLE';
  return { from, to: last === '' ? size : Math.min(size, Number(last) + 1) };
}
