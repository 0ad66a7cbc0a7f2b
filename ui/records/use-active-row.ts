import { useCallback, useEffect, useRef, useState } from 'react';
import type { RowList } from './row-list.ts';
import type { RowView } from './row-view.ts';

/** The row that keys act on. */
export interface ActiveRow {
  /** Its place; `null` for none. */
  readonly place: number | null;
  /** Goes to a place, and shows it; an open panel follows. */
  readonly go: (place: number) => void;
}

export interface ActiveRowOptions {
  readonly list: RowList;
  readonly view: RowView;
  readonly open: number | null;
  readonly onOpen: (index: number) => void;
}

/** A key that is held down opens a record so often at most. */
const OPEN_SPACING_MS = 160;

/**
 * Walks through the rows. What is open in the panel walks along, and what is opened elsewhere becomes active.
 */
export function useActiveRow({ list, view, open, onOpen }: ActiveRowOptions): ActiveRow {
  // By spot: it stays on its record while new ones come.
  const [spot, setSpot] = useState<number | null>(null);
  const [following, setFollowing] = useState<number | null>(null);
  const place = spot === null || list.length === 0 ? null : Math.min(list.placeOf(spot), list.length - 1);
  const shift = useCallback<ShiftSpots>((change) => {
    setSpot(change);
    // A record that is still to be opened moves as well.
    setFollowing(change);
  }, []);
  useShift(list, shift);

  const go = useCallback(
    (wanted: number) => {
      if (list.length === 0) return;
      const next = Math.min(Math.max(0, wanted), list.length - 1);
      setSpot(list.spotOf(next));
      view.reveal(next);
      if (open !== null) setFollowing(list.spotOf(next));
    },
    [list, view, open],
  );

  const openedAt = useRef(-OPEN_SPACING_MS);
  const row = following === null ? undefined : list.at(list.placeOf(following));
  useEffect(() => {
    if (row === undefined) return;
    const waitMs = Math.max(0, openedAt.current + OPEN_SPACING_MS - performance.now());
    const timer = setTimeout(() => {
      openedAt.current = performance.now();
      setFollowing(null);
      onOpen(row.index);
    }, waitMs);
    return () => clearTimeout(timer);
  }, [row, onOpen]);

  const isThere = list.source.total !== null;
  useEffect(() => {
    if (open === null || !isThere || following !== null) return;
    if (spot !== null && list.at(list.placeOf(spot))?.index === open) return;
    const found = list.find(open);
    if (found === null) return;
    setSpot(list.spotOf(found));
    view.reveal(found);
    // Only when another record is opened: scrolling away from it is allowed.
  }, [open, isThere]);

  return { place, go };
}

type ShiftSpots = (change: (spot: number | null) => number | null) => void;

/** After the same question was asked anew, of a ledger that has grown, the record is further down. */
function useShift(list: RowList, shift: ShiftSpots): void {
  const before = useRef(list);
  useEffect(() => {
    const { source: old, question: asked, order } = before.current;
    const { source, question } = list;
    if (source === old) {
      before.current = list;
      return;
    }
    if (source.total === null) return;
    before.current = list;
    const isGrown =
      asked.search === question.search &&
      asked.from === question.from &&
      asked.to === question.to &&
      asked.size <= question.size &&
      order.field === list.order.field &&
      order.direction === list.order.direction &&
      order.field === 'RECORDED' &&
      old.total !== null;
    if (!isGrown) shift(() => null);
    else if (order.direction === 'DESC') {
      const grown = source.total - (old.total ?? 0);
      shift((spot) => (spot === null ? null : spot + grown));
    }
  }, [list, shift]);
}
