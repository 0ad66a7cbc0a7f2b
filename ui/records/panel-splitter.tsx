import type { KeyboardEvent, PointerEvent } from 'react';
import { messages } from './panel-messages.ts';
import { boundedWidth, PANEL_WIDTH_MAX, PANEL_WIDTH_MIN } from './panel-width.ts';
import './panel-splitter.css';

export interface PanelSplitterProps {
  readonly width: number;
  /** While it is dragged, and at its end. */
  readonly onWidth: (width: number) => void;
}

const KEY_STEP = 16;

/** The panel's edge: dragged, or moved with the arrow keys, Home and End. */
export function PanelSplitter({ width, onWidth }: PanelSplitterProps) {
  const press = (event: KeyboardEvent): void => {
    const next = widthAfter(event.key, width, getComputedStyle(event.currentTarget).direction === 'rtl');
    if (next === null) return;
    event.preventDefault();
    onWidth(boundedWidth(next));
  };
  const drag = (event: PointerEvent): void => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const panel = event.currentTarget.parentElement?.getBoundingClientRect();
    if (!panel) return;
    const isRtl = getComputedStyle(event.currentTarget).direction === 'rtl';
    onWidth(boundedWidth(isRtl ? event.clientX - panel.left : panel.right - event.clientX));
  };
  return (
    <div
      className="panel-splitter"
      role="separator"
      aria-label={messages.panelWidth}
      aria-orientation="vertical"
      aria-valuenow={width}
      aria-valuemin={PANEL_WIDTH_MIN}
      aria-valuemax={PANEL_WIDTH_MAX}
      tabIndex={0}
      onKeyDown={press}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
    />
  );
}

function widthAfter(key: string, width: number, isRtl: boolean): number | null {
  switch (key) {
    case 'ArrowLeft':
      return width + (isRtl ? -KEY_STEP : KEY_STEP);
    case 'ArrowRight':
      return width - (isRtl ? -KEY_STEP : KEY_STEP);
    case 'Home':
      return PANEL_WIDTH_MIN;
    case 'End':
      return PANEL_WIDTH_MAX;
    default:
      return null;
  }
}
