import { Button } from 'react-aria-components';
import { Loading } from '#ui/parts/loading.tsx';
import { messages } from './messages.ts';
import type { RowSourceState } from './use-row-source.ts';

export interface RecordTableEmptyProps {
  readonly shown: RowSourceState;
  readonly onRefresh: () => void;
}

/** What stands where there are no rows: that they are on their way, or what to do about it. */
export function RecordTableEmpty({ shown, onRefresh }: RecordTableEmptyProps) {
  const { source, question } = shown;
  const isRange = question.from !== null || question.to !== null;
  return (
    <div role="row" aria-rowindex={2}>
      <div role="gridcell" aria-colindex={1} className="record-table-empty">
        {source.total === null && source.error === null && <Loading what={messages.loading} />}
        {source.total === 0 && (
          <>
            <strong>{messages.empty}</strong>
            {question.search !== null && <p>{messages.emptySearch}</p>}
            {isRange && <p>{messages.emptyTime}</p>}
            <p>{messages.emptyLedger}</p>
            <Button className="button" onPress={onRefresh}>
              {messages.lookAgain}
            </Button>
          </>
        )}
      </div>
    </div>
  );
}
