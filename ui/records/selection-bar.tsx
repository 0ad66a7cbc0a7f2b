import { X } from 'lucide-react';
import { Button } from 'react-aria-components';
import { copyText } from '#ui/parts/copy-button.tsx';
import { PlainButton } from '#ui/parts/plain-button.tsx';
import { COPY_FORMATS, copyRows } from './copy-rows.ts';
import { messages } from './messages.ts';
import type { RowColumn } from './row-column.ts';
import { inOrder, type RowSelection } from './row-selection.ts';
import './selection-bar.css';

export interface SelectionBarProps {
  readonly selection: RowSelection;
  readonly columns: readonly RowColumn[];
  readonly onClear: () => void;
  /** Exports the selected records; `null` where the person may not. */
  readonly onExport: (() => void) | null;
}

/** What can be done with the records that are selected. */
export function SelectionBar({ selection, columns, onClear, onExport }: SelectionBarProps) {
  return (
    <div className="selection-bar" role="group" aria-label={messages.selected(selection.size)}>
      <strong>{messages.selected(selection.size)}</strong>
      <span className="muted">{messages.copyAs}</span>
      {COPY_FORMATS.map((format) => (
        <Button
          key={format}
          className="button"
          aria-label={`${messages.copyAs} ${messages[`format${format}`]}`}
          onPress={() => void copyText(copyRows(inOrder(selection), columns, format))}
        >
          {messages[`format${format}`]}
        </Button>
      ))}
      {onExport !== null && (
        <Button className="button" onPress={onExport}>
          {messages.exportSelection}
        </Button>
      )}
      <PlainButton label={messages.clearSelection} onPress={onClear}>
        <X aria-hidden size={14} />
      </PlainButton>
    </div>
  );
}
