import { LEDGER_ID_PATTERN } from '#server/ledger/entry.ts';
import { TILE_WIDTH } from '#server/ledger/tile.ts';

/** What a path of the C2SP tlog-tiles layout names. */
export type TileAsked =
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'tile'; readonly level: number; readonly index: number; readonly width: number }
  | { readonly kind: 'entries'; readonly index: number; readonly width: number };

export interface TilePath {
  readonly ledger: string;
  readonly asked: TileAsked;
}

const LEVEL_MAX = 63;
const TILE = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/**
 * Reads `<ledger>/checkpoint`, `<ledger>/tile/<L>/<N>[.p/<W>]` and `<ledger>/tile/entries/<N>[.p/<W>]`, each
 * in the only form that the specification gives it. `null` for anything else: nothing is unescaped, and each
 * tile has one path.
 *
 * @param path without a slash in front
 */
export function readTilePath(path: string): TilePath | null {
  const slash = path.indexOf('/');
  const ledger = path.slice(0, slash);
  if (slash === -1 || !LEDGER_ID_PATTERN.test(ledger)) return null;
  const rest = path.slice(slash + 1);
  if (rest === 'checkpoint') return { ledger, asked: { kind: 'checkpoint' } };
  const [, level = '', position = '', partial] = TILE.exec(rest) ?? [];
  const index = readPosition(position);
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  if (index === null || width > TILE_WIDTH - (partial === undefined ? 0 : 1)) return null;
  if (level === 'entries') return { ledger, asked: { kind: 'entries', index, width } };
  if (Number(level) > LEVEL_MAX) return null;
  return { ledger, asked: { kind: 'tile', level: Number(level), index, width } };
}

/** The path of a tile's index: 1234067 is `x001/x234/067`. Takes whole numbers from 0. */
export function positionPath(index: number): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  return (padded.match(/\d{3}/g) ?? [])
    .map((part, i, all) => (i < all.length - 1 ? `x${part}` : part))
    .join('/');
}

/** `null` for what is not a safe integer, or has more zeroes in front than its first element needs. */
function readPosition(position: string): number | null {
  const index = Number(position.replaceAll(/[x/]/g, ''));
  return position !== '' && Number.isSafeInteger(index) && positionPath(index) === position ? index : null;
}
