import { Copy, Download } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { useSignedIn } from '#ui/app/viewer.tsx';
import { toApiError } from '#ui/graphql/api-error.ts';
import { notify } from '#ui/parts/announce.ts';
import { copyText } from '#ui/parts/copy-button.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { askProofFile } from './ask-proof-file.ts';
import { messages } from './messages.ts';
import './proof-file.css';

export interface ProofFileProps {
  readonly ledger: string;
  readonly index: number;
  /** The ledger's key; `null` as long as it is not known. */
  readonly vkey: string | null;
}

type FileState =
  | { readonly kind: 'IDLE' | 'ASKED' | 'PENDING' }
  | { readonly kind: 'PROBLEM'; readonly problem: string };

/** The record as a file that proves itself, copied or saved. It is asked for only when the person says so. */
export function ProofFile({ ledger, index, vkey }: ProofFileProps) {
  const mayReveal = useSignedIn().may('records:reveal');
  const [state, setState] = useState<FileState>({ kind: 'IDLE' });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  if (!mayReveal) {
    return <FilePart sentence={messages.fileNeedsScope} />;
  }
  const give = (use: (text: string) => void): void => {
    const control = new AbortController();
    running.current?.abort();
    running.current = control;
    setState({ kind: 'ASKED' });
    const onPending = (): void => setState({ kind: 'PENDING' });
    askProofFile({ ledger, index, vkey, onPending, signal: control.signal }).then(
      (text) => {
        if (control.signal.aborted) return;
        setState({ kind: 'IDLE' });
        use(text);
      },
      (error: unknown) => {
        if (!control.signal.aborted) setState({ kind: 'PROBLEM', problem: toApiError(error).message });
      },
    );
  };
  const isBusy = state.kind === 'ASKED' || state.kind === 'PENDING' || vkey === null;
  return (
    <FilePart sentence={messages.fileRecorded}>
      <div className="proof-file-acts">
        <Button className="button" isDisabled={isBusy} onPress={() => give((text) => void copyText(text))}>
          <Copy aria-hidden size={14} />
          {messages.copyFile}
        </Button>
        <Button
          className="button"
          isDisabled={isBusy}
          onPress={() => give((text) => save(text, `${ledger}-${index}.tlog-proof`))}
        >
          <Download aria-hidden size={14} />
          {messages.saveFile}
        </Button>
      </div>
      <p role="status" className={state.kind === 'PROBLEM' ? 'proof-file-problem' : 'muted'}>
        {state.kind === 'ASKED' && messages.fileAsked}
        {state.kind === 'PENDING' && messages.filePending}
        {state.kind === 'PROBLEM' && <ShownText text={state.problem} />}
      </p>
    </FilePart>
  );
}

interface FilePartProps {
  readonly sentence: string;
  readonly children?: ReactNode;
}

function FilePart({ sentence, children }: FilePartProps) {
  return (
    <section className="proof-file" aria-label={messages.file}>
      <h3>{messages.file}</h3>
      {children}
      <p className="muted">{sentence}</p>
    </section>
  );
}

function save(text: string, name: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
  notify(messages.fileSaved(name));
}
