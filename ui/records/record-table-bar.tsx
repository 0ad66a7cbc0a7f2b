import { RefreshCw } from 'lucide-react';
import { useCallback } from 'react';
import type { RecordOrder } from '#ui/graphql/generated.ts';
import { PlainButton } from '#ui/parts/plain-button.tsx';
import { ColumnChooser } from './column-chooser.tsx';
import { LiveControl } from './live-control.tsx';
import { messages } from './messages.ts';
import type { Columns } from './use-columns.ts';
import type { LiveRows } from './use-live-rows.ts';
import type { RowSourceState } from './use-row-source.ts';
import type { RowPlaces, RowView } from './row-view.ts';
import { useSeen } from './use-row-view.ts';

export interface RecordTableBarProps {
  readonly shown: RowSourceState;
  /** Rows in the table, those that came live included. */
  readonly rows: number;
  readonly view: RowView;
  readonly live: LiveRows;
  readonly columns: Columns;
  readonly onRefresh: () => void;
}

/** Above the table: what is seen of it, what is not counted yet, following, columns. */
export function RecordTableBar({ shown, rows, view, live, columns, onRefresh }: RecordTableBarProps) {
  const { question, source, isStale } = shown;
  const through = source.indexedThrough ?? question.size - 1;
  const isCounting = source.total === null || isStale;
  return (
    <div className="record-table-bar">
      <p className="record-table-seen" data-rows={isCounting ? undefined : rows}>
        {isCounting ? messages.counting : <Seen rows={rows} view={view} />}
        {!isCounting && rows > 1 && <span className="muted"> · {orderText(shown.order)}</span>}
        {!isCounting && through < question.size - 1 && (
          <span className="record-table-behind"> {messages.behind(through)}</span>
        )}
      </p>
      <PlainButton label={messages.lookAgain} onPress={onRefresh}>
        <RefreshCw aria-hidden size={14} />
      </PlainButton>
      <LiveControl live={live} />
      <ColumnChooser columns={columns} />
    </div>
  );
}

/** Drawn at every step of scrolling, by itself. */
function Seen({ rows, view }: Pick<RecordTableBarProps, 'rows' | 'view'>) {
  return useSeen(
    view,
    useCallback(
      ({ firstSeen, endSeen }: RowPlaces) =>
        rows === 0 ? messages.none : messages.seen(Math.min(firstSeen + 1, endSeen), endSeen, rows),
      [rows],
    ),
  );
}

function orderText({ field = 'RECORDED', direction = 'DESC' }: RecordOrder): string {
  return messages[`order${field}${direction}`];
}
