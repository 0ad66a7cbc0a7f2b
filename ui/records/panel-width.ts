/** How wide a person made the panel, kept in this browser. */

export const PANEL_WIDTH_MIN = 320;
export const PANEL_WIDTH_MAX = 960;
export const PANEL_WIDTH_FIRST = 460;
const KEY = 'indelible.panel-width';

/** The width that was kept; the one it begins with where none was, or it makes no sense. */
export function keptPanelWidth(): number {
  try {
    const kept = Number(localStorage.getItem(KEY) ?? Number.NaN);
    return Number.isFinite(kept) ? boundedWidth(kept) : PANEL_WIDTH_FIRST;
  } catch {
    // The browser keeps nothing for this page.
    return PANEL_WIDTH_FIRST;
  }
}

/** Keeps a width. */
export function keepPanelWidth(width: number): void {
  try {
    localStorage.setItem(KEY, String(boundedWidth(width)));
  } catch {
    // The width holds until the panel is closed.
  }
}

/** The nearest width that is allowed, in whole px. */
export function boundedWidth(width: number): number {
  return Math.round(Math.min(PANEL_WIDTH_MAX, Math.max(PANEL_WIDTH_MIN, width)));
}
