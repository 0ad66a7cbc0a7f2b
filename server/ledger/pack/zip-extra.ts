const ZIP64 = 0x0001;
/** Times and owners, as common tools write them. Others could give a file a second name or content. */
const HARMLESS = [0x000a, 0x5455, 0x5855, 0x7855, 0x7875];
const MAX32 = 0xffffffff;

/**
 * Reads the extra fields of a ZIP header, at `at` and `length` bytes long, and gives `fields` with each that
 * says 0xFFFFFFFF replaced by its 64-bit value. `null` where the fields are damaged, given twice, or of a
 * kind that is not known to be harmless.
 *
 * @param fields of the header, in the order in which ZIP64 lists them
 */
export function readZipExtra(
  view: DataView,
  at: number,
  length: number,
  fields: readonly number[],
): readonly number[] | null {
  const end = at + length;
  const seen = new Set<number>();
  let whole: number[] | null = null;
  for (let next = at; next < end; ) {
    if (next + 4 > end) return null;
    const kind = view.getUint16(next, true);
    const bytes = view.getUint16(next + 2, true);
    const content = next + 4;
    next = content + bytes;
    if (next > end || seen.has(kind)) return null;
    seen.add(kind);
    if (kind === ZIP64) {
      whole = readZip64(view, content, bytes, fields);
      if (whole === null) return null;
    } else if (!HARMLESS.includes(kind)) {
      return null;
    }
  }
  if (whole !== null) return whole;
  return fields.includes(MAX32) ? null : fields;
}

function readZip64(view: DataView, at: number, bytes: number, fields: readonly number[]): number[] | null {
  const end = at + bytes;
  let next = at;
  const whole: number[] = [];
  for (const field of fields) {
    if (field !== MAX32) {
      whole.push(field);
      continue;
    }
    if (next + 8 > end) return null;
    whole.push(view.getUint32(next, true) + view.getUint32(next + 4, true) * 2 ** 32);
    next += 8;
  }
  return next === end || leavesOut(view, next, end, fields) ? whole : null;
}

/**
 * Writers that reserve the place give all values even where none is needed: zeros, or what the header says.
 */
function leavesOut(view: DataView, at: number, end: number, fields: readonly number[]): boolean {
  if (fields.includes(MAX32) || (end - at) % 8 !== 0 || (end - at) / 8 > fields.length) return false;
  for (let i = 0; at + i * 8 < end; i++) {
    const said = view.getUint32(at + i * 8, true) + view.getUint32(at + i * 8 + 4, true) * 2 ** 32;
    if (said !== 0 && said !== fields[i]) return false;
  }
  return true;
}
