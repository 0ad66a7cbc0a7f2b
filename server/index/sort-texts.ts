import { fold } from './fold.ts';

/**
 * The order of texts as a dictionary has them: as `fold` gives them, then as they are, by UTF-16 code units.
 * No two may be equal. Gives their places in `texts`.
 *
 * Comparing strings pair by pair would be a third of what building a segment costs. Instead the first
 * characters behind what all have in common are packed into 64 bits together with the place, and the platform
 * sorts those; texts that are the same so far are compared whole.
 */
export function sortTexts(texts: readonly string[]): Uint32Array {
  const folded = texts.map(fold);
  const compare = (a: number, b: number): number => compareAt(texts, folded, a, b);
  const order = new Uint32Array(texts.length);
  if (texts.length < PACKED_FROM || texts.length > PLACES_MAX) {
    for (let i = 0; i < order.length; i++) order[i] = i;
    return order.sort(compare);
  }
  const packed = pack(folded);
  new BigUint64Array(packed.buffer).sort();
  const isSmall = texts.length <= SMALL_PLACES_MAX;
  const placeMask = isSmall ? 0xffff : 0xff_ffff;
  let runStart = 0;
  for (let i = 0; i < order.length; i++) {
    order[i] = (packed[i * 2] ?? 0) & placeMask;
    if (i > runStart && !isSameBegin(packed, i, runStart, placeMask)) {
      if (i - runStart > 1) order.subarray(runStart, i).sort(compare);
      runStart = i;
    }
  }
  if (order.length - runStart > 1) order.subarray(runStart).sort(compare);
  return order;
}

/** Fewer texts are compared pair by pair. */
const PACKED_FROM = 24;
/** Up to here a place takes 16 bits and 6 characters are packed, else 24 and 5. */
const SMALL_PLACES_MAX = 0x1_0000;
const PLACES_MAX = 0x100_0000;

function compareAt(texts: readonly string[], folded: readonly string[], a: number, b: number): number {
  const foldedA = folded[a] ?? '';
  const foldedB = folded[b] ?? '';
  if (foldedA !== foldedB) return foldedA < foldedB ? -1 : 1;
  return (texts[a] ?? '') < (texts[b] ?? '') ? -1 : 1;
}

function isSameBegin(packed: Uint32Array, a: number, b: number, placeMask: number): boolean {
  return (
    packed[a * 2 + 1] === packed[b * 2 + 1] &&
    (((packed[a * 2] ?? 0) ^ (packed[b * 2] ?? 0)) & ~placeMask) === 0
  );
}

/** Two halves a text, the lower one first, as a number of 64 bits has them on every machine of ours. */
function pack(folded: readonly string[]): Uint32Array<ArrayBuffer> {
  const start = commonLength(folded);
  const packed = new Uint32Array(folded.length * 2);
  const hasSix = folded.length <= SMALL_PLACES_MAX;
  for (let i = 0; i < folded.length; i++) {
    const text = folded[i] ?? '';
    const first = unitAt(text, start, 0);
    const second = unitAt(text, start + 1, first);
    const third = unitAt(text, start + 2, second);
    const fourth = unitAt(text, start + 3, third);
    const fifth = unitAt(text, start + 4, fourth);
    const sixth = hasSix ? unitAt(text, start + 5, fifth) : 0;
    packed[i * 2 + 1] = (first << 24) | (second << 16) | (third << 8) | fourth;
    packed[i * 2] = ((fifth << 24) | (sixth << 16) | i) >>> 0;
  }
  return packed;
}

/**
 * A unit in a byte: one that does not fit is cut to the highest, and so is all that comes behind it, so that
 * such texts are the same so far. The end of a text is as low as it can be.
 */
function unitAt(text: string, at: number, before: number): number {
  if (before === 0xff) return 0xff;
  return at < text.length ? Math.min(text.charCodeAt(at), 0xff) : 0;
}

function commonLength(texts: readonly string[]): number {
  const first = texts[0] ?? '';
  let common = first.length;
  for (const text of texts) {
    let at = 0;
    const most = Math.min(common, text.length);
    while (at < most && text.charCodeAt(at) === first.charCodeAt(at)) at++;
    common = at;
    if (common === 0) break;
  }
  return common;
}
