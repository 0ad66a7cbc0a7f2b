import { fold } from './fold.ts';
import type { NarrowText } from './segment.ts';

/**
 * Whether a text is made of these parts in order with anything between them: the first begins it, the last
 * ends it. Each part is taken where it comes first, so that nothing is ever tried again.
 */
export function matchGlob(parts: readonly string[], text: string): boolean {
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (parts.length < 2) return text === first;
  if (!text.startsWith(first)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (let i = 1; i < parts.length - 1; i++) {
    const part = parts[i] ?? '';
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= end && text.endsWith(last);
}

/** The fold of each unit that fits into a byte: it fits into one too. */
export const NARROW_FOLD: Uint8Array = Uint8Array.from({ length: 256 }, (_, unit) =>
  fold(String.fromCharCode(unit)).charCodeAt(0),
);
const NARROW_SAME: Uint8Array = Uint8Array.from({ length: 256 }, (_, unit) => unit);

/** Tells of a term as bytes, the first of which is its kind, whether its text is as wanted. */
export type MatchNarrow = (term: NarrowText) => boolean;

/** Longer parts are looked for in strings, where that takes no longer with the length of the part. */
const PART_MAX = 32;

/**
 * The same for texts as bytes. Where case is ignored the parts are folded, and texts are taken as they are.
 * `null` for a single part, and where one is long.
 */
export function createNarrowGlob(parts: readonly string[], ignoreCase: boolean): MatchNarrow | null {
  if (parts.length < 2 || parts.some(({ length }) => length > PART_MAX)) return null;
  // What does not fit into bytes is in no such text.
  if (!parts.every(isNarrow)) return () => false;
  const fit = ignoreCase ? NARROW_FOLD : NARROW_SAME;
  const [first = NOTHING, ...others] = parts.map((part) =>
    Uint8Array.from(part, (unit) => unit.charCodeAt(0)),
  );
  const last = others.pop() ?? NOTHING;
  return ({ bytes, length }) => {
    const end = length - last.length;
    let at = KIND_LENGTH + first.length;
    if (at > end || !isAt(bytes, KIND_LENGTH, first, fit) || !isAt(bytes, end, last, fit)) return false;
    for (const part of others) {
      const found = indexIn(bytes, at, end, part, fit);
      if (found === -1) return false;
      at = found + part.length;
    }
    return true;
  };
}

const KIND_LENGTH = 1;
const NOTHING = new Uint8Array();

function isNarrow(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0xff) return false;
  return true;
}

function isAt(bytes: Uint8Array, at: number, part: Uint8Array, fit: Uint8Array): boolean {
  for (let i = 0; i < part.length; i++) if (fit[bytes[at + i] ?? 0] !== part[i]) return false;
  return true;
}

/** Where a part is first, from one place on and before another; −1 where it is not. */
function indexIn(bytes: Uint8Array, from: number, end: number, part: Uint8Array, fit: Uint8Array): number {
  const last = end - part.length;
  const first = part[0];
  for (let at = from; at <= last; at++) {
    if (first === undefined || (fit[bytes[at] ?? 0] === first && isAt(bytes, at, part, fit))) return at;
  }
  return -1;
}
