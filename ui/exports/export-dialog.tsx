import { X } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { useCommands } from '#ui/app/commands.ts';
import { hrefOf, useRoute } from '#ui/app/route.ts';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { ExportListDocument, type ExportFactsFragment, ExportStateDocument } from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import { Loading } from '#ui/parts/loading.tsx';
import { PlainButton } from '#ui/parts/plain-button.tsx';
import { Problem } from '#ui/parts/problem.tsx';
import { useQueryClient } from '@tanstack/react-query';
import {
  closeExportDialog,
  type ExportRequest,
  useExportDialog,
  watchExport,
} from './export-dialog-state.ts';
import { exportStateText, isExportUnderWay } from './export-facts.ts';
import { ExportForm } from './export-form.tsx';
import { ExportProgress } from './export-progress.tsx';
import { ExportResult } from './export-result.tsx';
import { ExportWatch } from './export-watch.tsx';
import { messages } from './messages.ts';
import './export-dialog.css';

/**
 * Asks for an export and shows it come about, beside the work that it does not stop. It stands in the shell,
 * so that the end of an export is told on every screen.
 */
export function ExportDialog() {
  const { may } = useSignedIn();
  const { request, watched } = useExportDialog();
  if (!may('exports:create')) return null;
  return (
    <>
      {watched.map((id) => (
        <ExportWatch key={id} id={id} />
      ))}
      {request !== null && <Panel key={JSON.stringify(request)} request={request} />}
    </>
  );
}

function Panel({ request }: { readonly request: ExportRequest }) {
  const panel = useRef<HTMLElement>(null);
  const queries = useQueryClient();
  const [started, setStarted] = useState<string | null>(null);
  useFocusInside(panel);
  useCloseElsewhere();
  useCommands([
    {
      id: 'export.close',
      title: messages.close,
      group: messages.group,
      keys: ['Escape'],
      isKeyOnly: true,
      run: closeExportDialog,
    },
  ]);
  const onStarted = useCallback(
    ({ id }: ExportFactsFragment) => {
      setStarted(id);
      watchExport(id);
      void queries.invalidateQueries({ queryKey: [ExportListDocument.toString()] });
    },
    [queries],
  );
  return (
    <section
      ref={panel}
      className="export-dialog"
      role="dialog"
      aria-labelledby="export-dialog-title"
      tabIndex={-1}
    >
      <div className="export-dialog-head">
        <h2 id="export-dialog-title">{messages.dialogTitle}</h2>
        <PlainButton label={messages.close} onPress={closeExportDialog}>
          <X aria-hidden size={16} />
        </PlainButton>
      </div>
      {started === null ? (
        <ExportForm request={request} onStarted={onStarted} />
      ) : (
        <Started id={started} ledger={request.ledger} onAnother={() => setStarted(null)} />
      )}
    </section>
  );
}

const LOOK_MS = 1_000;

interface StartedProps {
  readonly id: string;
  readonly ledger: string;
  /** The same records are to be exported once more. */
  readonly onAnother: () => void;
}

function Started({ id, ledger, onAnother }: StartedProps) {
  const { data, error, refetch } = useApi(
    ExportStateDocument,
    { id },
    { refetchMs: (known) => (known?.export && !isExportUnderWay(known.export) ? false : LOOK_MS) },
  );
  const facts = data?.export;
  return (
    <div className="export-dialog-started">
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {!error && !facts && <Loading />}
      {facts && (
        <>
          <p>
            <strong>{messages[facts.format]}</strong> · {exportStateText(facts)}
          </p>
          <ExportProgress facts={facts} onCancelled={() => void refetch()} />
          <ExportResult facts={facts} />
        </>
      )}
      <footer className="export-dialog-end">
        <Button className="button" onPress={onAnother}>
          {messages.another}
        </Button>
        <a href={hrefOf('exports', new URLSearchParams({ ledger }))} onClick={closeExportDialog}>
          {messages.seeAll}
        </a>
      </footer>
    </div>
  );
}

/** On another screen or in another ledger it would be about what is no longer seen. */
function useCloseElsewhere(): void {
  const { screen, parameters } = useRoute();
  const here = `${screen}/${parameters.get('ledger') ?? ''}`;
  const [opened] = useState(here);
  useEffect(() => {
    if (here !== opened) closeExportDialog();
  }, [here, opened]);
}

/** The focus goes into the panel, and back to where it was when the panel is gone. */
function useFocusInside(panel: { readonly current: HTMLElement | null }): void {
  useEffect(() => {
    const before = document.activeElement;
    panel.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [panel]);
}
