import type { Rectangle } from 'electron';

/** Where the window was, and whether it filled the screen. */
export interface WindowState {
  readonly bounds: Rectangle;
  readonly isMaximized: boolean;
}

const [WIDTH, HEIGHT] = [1440, 900];
export const [WIDTH_MIN, HEIGHT_MIN] = [400, 320];
/** So much of the window's top edge must be on a display that it can be taken hold of. */
const GRIP = 96;

/** A size for the first time, in the middle of a display. */
export function firstWindow(workArea: Rectangle): WindowState {
  const width = Math.min(WIDTH, workArea.width);
  const height = Math.min(HEIGHT, workArea.height);
  const x = workArea.x + Math.round((workArea.width - width) / 2);
  const y = workArea.y + Math.round((workArea.height - height) / 2);
  return { bounds: { x, y, width, height }, isMaximized: false };
}

/**
 * The window as it was, where it can be seen on a display that is there now; else as for the first time.
 *
 * @param workAreas of all displays; the main one first
 */
export function fitWindow(state: WindowState | null, workAreas: readonly Rectangle[]): WindowState {
  const [main = { x: 0, y: 0, width: WIDTH, height: HEIGHT }] = workAreas;
  const fallback = firstWindow(main);
  if (state === null) return fallback;
  const { x, y } = state.bounds;
  const width = Math.max(WIDTH_MIN, state.bounds.width);
  const height = Math.max(HEIGHT_MIN, state.bounds.height);
  const home = workAreas.find((area) => isReachable({ x, y, width, height }, area));
  if (home === undefined) return { ...fallback, isMaximized: state.isMaximized };
  const bounds = { x, y, width: Math.min(width, home.width), height: Math.min(height, home.height) };
  return { bounds, isMaximized: state.isMaximized };
}

function isReachable(bounds: Rectangle, area: Rectangle): boolean {
  const shared = Math.min(bounds.x + bounds.width, area.x + area.width) - Math.max(bounds.x, area.x);
  return shared >= GRIP && bounds.y >= area.y && bounds.y <= area.y + area.height - GRIP;
}

/** Reads what was kept; `null` for anything else. */
export function readWindowState(value: unknown): WindowState | null {
  if (typeof value !== 'object' || value === null || !('bounds' in value)) return null;
  const { bounds } = value;
  if (typeof bounds !== 'object' || bounds === null) return null;
  const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) =>
    Number((bounds as Readonly<Record<string, unknown>>)[name]),
  );
  if (x === undefined || y === undefined || width === undefined || height === undefined) return null;
  if (![x, y, width, height].every(Number.isSafeInteger)) return null;
  return {
    bounds: { x, y, width, height },
    isMaximized: 'isMaximized' in value && value.isMaximized === true,
  };
}
