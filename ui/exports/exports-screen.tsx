import { useState } from 'react';
import { Button } from 'react-aria-components';
import { ExportListDocument, type ExportFactsFragment } from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import { Loading } from '#ui/parts/loading.tsx';
import { Problem } from '#ui/parts/problem.tsx';
import { type ExportRequest, openExportDialog } from './export-dialog-state.ts';
import { ExportEntry } from './export-entry.tsx';
import { isExportUnderWay } from './export-facts.ts';
import { messages } from './messages.ts';
import { useExportCommand } from './use-export-command.ts';
import './exports-screen.css';

const SHOWN_FIRST = 20;
const SHOWN_MAX = 100;
const SOON_MS = 1_000;
const LATER_MS = 15_000;

/** Exports of the ledger: those that run, and those whose files can be fetched. */
export function ExportsScreen({ ledger }: { readonly ledger: string }) {
  const [first, setFirst] = useState(SHOWN_FIRST);
  const { data, error, refetch } = useApi(
    ExportListDocument,
    { ledger, first },
    {
      keepPrevious: true,
      refetchMs: (known) => (known?.ledger?.exports.some(isExportUnderWay) ? SOON_MS : LATER_MS),
    },
  );
  const whole: ExportRequest = { ledger, search: null, filter: {} };
  useExportCommand(whole);
  const exports = data?.ledger?.exports;
  return (
    <div className="exports-screen">
      <div className="exports-screen-column">
        <header className="exports-screen-head">
          <h1>{messages.title}</h1>
          <Button className="button" onPress={() => openExportDialog(whole)}>
            {messages.newExport}
          </Button>
        </header>
        {error && <Problem error={error} onRetry={() => void refetch()} />}
        {!error && !data && <Loading />}
        {data?.ledger === null && <p className="muted">{messages.noLedger}</p>}
        {exports && <ExportList exports={exports} onChange={() => void refetch()} />}
        {exports?.length === first && first < SHOWN_MAX && (
          <Button className="button" onPress={() => setFirst(SHOWN_MAX)}>
            {messages.showAll}
          </Button>
        )}
      </div>
    </div>
  );
}

interface ExportListProps {
  readonly exports: readonly ExportFactsFragment[];
  readonly onChange: () => void;
}

function ExportList({ exports, onChange }: ExportListProps) {
  if (exports.length === 0) {
    return (
      <div className="exports-screen-empty">
        <p>{messages.none}</p>
        <p className="muted">{messages.noneHow}</p>
      </div>
    );
  }
  return (
    <>
      <p className="muted">{messages.listKept}</p>
      <ul className="exports-screen-list" aria-label={messages.title}>
        {exports.map((facts) => (
          <ExportEntry key={facts.id} facts={facts} onChange={onChange} />
        ))}
      </ul>
    </>
  );
}
