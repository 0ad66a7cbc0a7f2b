import { useSignedIn } from '#ui/app/viewer.tsx';
import { openExportDialog } from '#ui/exports/export-dialog-state.ts';
import type { Question } from '#ui/search/view.ts';
import type { RowColumn } from './row-column.ts';
import { SelectionBar } from './selection-bar.tsx';
import type { Selecting } from './use-row-selection.ts';

export interface RecordTableSelectionProps {
  readonly question: Question;
  readonly columns: readonly RowColumn[];
  readonly selecting: Selecting;
}

/** The bar of the selection, with export where the person may. */
export function RecordTableSelection({ question, columns, selecting }: RecordTableSelectionProps) {
  const { may } = useSignedIn();
  const { rows, clear } = selecting;
  const { ledger, search, filter } = question;
  return (
    <SelectionBar
      selection={rows}
      columns={columns}
      onClear={clear}
      onExport={
        may('exports:create')
          ? () => openExportDialog({ ledger, search, filter, indexes: [...rows.keys()] })
          : null
      }
    />
  );
}
