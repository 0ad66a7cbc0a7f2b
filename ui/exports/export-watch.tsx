import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { ExportListDocument, type ExportFactsFragment, ExportStateDocument } from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import { notify } from '#ui/parts/announce.ts';
import { countOf } from '#ui/parts/number-text.ts';
import { unwatchExport } from './export-dialog-state.ts';
import { isExportUnderWay } from './export-facts.ts';
import { messages } from './messages.ts';

const LOOK_MS = 1_000;

/** Looks at an export until it ends, and tells the person. It shows nothing itself. */
export function ExportWatch({ id }: { readonly id: string }) {
  const queries = useQueryClient();
  const { data } = useApi(ExportStateDocument, { id }, { refetchMs: LOOK_MS });
  const facts = data?.export;
  useEffect(() => {
    // One that is not there any more has nothing to tell.
    if (facts === undefined || (facts !== null && isExportUnderWay(facts))) return;
    unwatchExport(id);
    if (facts !== null) tell(facts);
    void queries.invalidateQueries({ queryKey: [ExportListDocument.toString()] });
  }, [facts, id, queries]);
  return null;
}

function tell({ state, format, count, error }: ExportFactsFragment): void {
  switch (state) {
    case 'DONE':
      return notify(messages.ready(messages[format], countOf(count ?? 0, 'record', 'records')));
    case 'FAILED':
      return notify(messages.failed(error?.message ?? messages.noReason), 'PROBLEM');
    case 'CANCELLED':
      return notify(messages.cancelled);
    case 'QUEUED':
    case 'RUNNING':
      return;
  }
}
