import { useEffect } from 'react';
import type { Zone } from '#ui/parts/time-text.ts';
import { RecordTableRow } from './record-table-row.tsx';
import type { RowColumn } from './row-column.ts';
import type { RowList } from './row-list.ts';
import { contentHeightOf } from './row-scroll.ts';
import type { RowSelection } from './row-selection.ts';
import type { RowPlaces, RowView } from './row-view.ts';
import type { Find } from './use-find.ts';
import { useSeen } from './use-row-view.ts';

export interface RecordTableRowsProps {
  readonly list: RowList;
  readonly view: RowView;
  readonly rowHeight: number;
  readonly columns: readonly RowColumn[];
  /** Place of the row that keys act on. */
  readonly active: number | null;
  /** Index of the record that is open. */
  readonly open: number | null;
  readonly selection: RowSelection;
  readonly find: Find;
  readonly zone: Zone;
  readonly zoneLabel: string;
  /** The rows are of an earlier question: no more of them are asked for. */
  readonly isStale: boolean;
}

/** The rows that are seen, and some around them. Scrolling draws this, and nothing else of the table. */
export function RecordTableRows(props: RecordTableRowsProps) {
  const { list, view, rowHeight, columns, active, open, selection, find, zone, zoneLabel } = props;
  const seen = useSeen(view, allOf);
  const to = Math.min(seen.to, list.length);
  const from = Math.min(seen.from, to);
  useWanted(list, from, to, props.isStale);
  return (
    <div
      className="record-table-rows"
      role="rowgroup"
      style={{ height: contentHeightOf({ rows: list.length, rowHeight }) }}
    >
      {Array.from({ length: to - from }, (_, at) => {
        const place = from + at;
        const row = list.at(place);
        return (
          <RecordTableRow
            key={slotOf(list.spotOf(place), seen.slots)}
            row={row}
            place={place}
            top={place * rowHeight + seen.shift}
            columns={columns}
            zone={zone}
            zoneLabel={zoneLabel}
            isActive={place === active}
            isOpen={row !== undefined && row.index === open}
            isSelected={row !== undefined && selection.has(row.index)}
            isFound={find.isFound(row)}
            hasFailed={list.hasFailedAt(place)}
          />
        );
      })}
    </div>
  );
}

function allOf(places: RowPlaces): RowPlaces {
  return places;
}

/** Elements of rows that go out of sight are used for those that come. */
function slotOf(spot: number, slots: number): number {
  return ((spot % slots) + slots) % slots;
}

/** Asks for the rows that are drawn. */
function useWanted(list: RowList, from: number, to: number, isStale: boolean): void {
  const { source, live } = list;
  const version = source.version();
  useEffect(() => {
    if (!isStale && to > live.length) source.want(Math.max(0, from - live.length), to - live.length);
  }, [source, version, live.length, from, to, isStale]);
}
