import { useCallback, useLayoutEffect, useState, useSyncExternalStore } from 'react';
import { type RowPlaces, RowView } from './row-view.ts';

export interface RowViewOptions {
  readonly rows: number;
  readonly rowHeight: number;
  readonly headHeight: number;
}

/** A view of so many rows, and the ref for the element that scrolls: its first child is the heading. */
export function useRowView({ rows, rowHeight, headHeight }: RowViewOptions) {
  const [view] = useState(() => new RowView());
  const [element, ref] = useState<HTMLElement | null>(null);
  useLayoutEffect(
    () => (element === null ? undefined : view.watch(element, headHeight)),
    [view, element, headHeight],
  );
  useLayoutEffect(() => view.resize({ rows, rowHeight }), [view, rows, rowHeight]);
  return { view, ref };
}

/** Something about what is seen; draws again only where that becomes another value. */
export function useSeen<Value extends string | number | boolean | RowPlaces>(
  view: RowView,
  pick: (places: RowPlaces) => Value,
): Value {
  return useSyncExternalStore(
    view.subscribe,
    useCallback(() => pick(view.places()), [view, pick]),
  );
}
