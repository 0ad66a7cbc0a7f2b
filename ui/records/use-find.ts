import { useCallback, useMemo, useState } from 'react';
import { findRows, matchesText } from './find-rows.ts';
import type { RecordRow } from './record-row.ts';
import type { RowColumn } from './row-column.ts';
import type { RowList } from './row-list.ts';

/** Finding in the rows that are loaded. */
export interface Find {
  readonly isOpen: boolean;
  readonly text: string;
  readonly count: number;
  /** Which match is active, from 1; 0 for none. */
  readonly at: number;
  readonly show: () => void;
  readonly close: () => void;
  readonly setText: (text: string) => void;
  readonly step: (by: 1 | -1) => void;
  readonly isFound: (row: RecordRow | undefined) => boolean;
}

export interface FindOptions {
  readonly list: RowList;
  readonly columns: readonly RowColumn[];
  readonly active: number | null;
  readonly onGo: (place: number) => void;
}

export function useFind({ list, columns, active, onGo }: FindOptions): Find {
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState('');
  const version = list.source.version();
  const places = useMemo(
    () => (isOpen && text !== '' ? findRows(list.loaded(), columns, text) : []),
    // More rows are there with every version of the source.
    [isOpen, text, columns, list, version],
  );
  const at = active === null ? 0 : places.indexOf(active) + 1;
  const step = (by: 1 | -1): void => {
    const from = active ?? -1;
    const next =
      by === 1
        ? (places.find((place) => place > from) ?? places[0])
        : (places.findLast((place) => place < from) ?? places.at(-1));
    if (next !== undefined) onGo(next);
  };
  return {
    isOpen,
    text,
    count: places.length,
    at,
    show: useCallback(() => setOpen(true), []),
    close: useCallback(() => setOpen(false), []),
    setText,
    step,
    isFound: (row) => isOpen && row !== undefined && matchesText(row, columns, text),
  };
}
