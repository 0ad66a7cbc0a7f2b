import { Button } from 'react-aria-components';
import { CancelExportDocument, type ExportFactsFragment } from '#ui/graphql/generated.ts';
import { useApiMutation } from '#ui/graphql/use-api.ts';
import { notify } from '#ui/parts/announce.ts';
import { countOf, countText } from '#ui/parts/number-text.ts';
import { isExportUnderWay } from './export-facts.ts';
import { messages } from './messages.ts';
import './export-progress.css';

export interface ExportProgressProps {
  readonly facts: ExportFactsFragment;
  readonly onCancelled: () => void;
}

/** How far an export is, and the way to end it; nothing once it has ended. */
export function ExportProgress({ facts, onCancelled }: ExportProgressProps) {
  const cancel = useApiMutation(CancelExportDocument, onCancelled);
  if (!isExportUnderWay(facts)) return null;
  const { id, format, read, total, count } = facts;
  const stop = (): void => cancel.mutate({ id }, { onError: ({ message }) => notify(message, 'PROBLEM') });
  return (
    <div className="export-progress">
      <progress
        aria-label={messages.progressLabel(messages[format])}
        {...(total > 0 ? { value: read, max: total } : {})}
      />
      <span className="export-progress-text">
        {messages.progress(countText(read), countText(total))}
        {count !== null && ` · ${messages.found(countOf(count, 'record', 'records'))}`}
      </span>
      <Button
        className="button"
        isDisabled={cancel.isPending}
        aria-label={messages.cancelExport(messages[format])}
        onPress={stop}
      >
        {messages.cancel}
      </Button>
    </div>
  );
}
