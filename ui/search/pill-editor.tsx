import { Minus, Plus, Trash2 } from 'lucide-react';
import { useId, useState } from 'react';
import { Button } from 'react-aria-components';
import { messages } from './messages.ts';
import { negatePill, readPill } from './pill.ts';
import { QueryEditor } from './query-editor.tsx';
import './pill-editor.css';

export interface PillEditorProps {
  readonly ledger: string;
  /** The term as it is now; `null` for a new one. */
  readonly term: string | null;
  /** Other terms that are there. */
  readonly others: readonly string[];
  /** Takes a term that is right. */
  readonly onTerm: (term: string) => void;
  readonly onRemove: () => void;
  readonly onClose: () => void;
}

/** Changes one filter, checked as the appliance would. */
export function PillEditor({ ledger, term, others, onTerm, onRemove, onClose }: PillEditorProps) {
  const [text, setText] = useState(term ?? '');
  const [refused, setRefused] = useState(0);
  const hintId = useId();
  const mistake = mistakeOf(text, others);
  const isNegated = readPill(text).isNegated;
  const save = (written: string): void => {
    const isRight = mistakeOf(written, others) === null;
    if (isRight) onTerm(written.trim());
    else setRefused(refused + 1);
  };
  const isRefused = refused > 0 && mistake !== null;
  return (
    <div className="pill-editor">
      <QueryEditor
        ledger={ledger}
        text={text}
        label={messages.filterTerm}
        example={messages.filterExample}
        places={[]}
        isInvalid={isRefused}
        describedBy={hintId}
        hasFocusAtOnce
        onText={setText}
        onRun={save}
        onLeave={onClose}
        onWalk={() => null}
      />
      {isRefused ? (
        <p key={refused} id={hintId} className="pill-editor-mistake" role="alert">
          {mistake}
        </p>
      ) : (
        <p id={hintId} className="muted">
          {messages.filterHint}
        </p>
      )}
      <div className="pill-editor-acts">
        <Button className="button primary" onPress={() => save(text)}>
          {messages.apply}
        </Button>
        <Button className="button" isDisabled={mistake !== null} onPress={() => save(negatePill(text))}>
          {isNegated ? <Plus aria-hidden size={14} /> : <Minus aria-hidden size={14} />}
          {isNegated ? messages.affirm : messages.negate}
        </Button>
        {term !== null && (
          <Button className="button" onPress={onRemove}>
            <Trash2 aria-hidden size={14} />
            {messages.remove}
          </Button>
        )}
      </div>
    </div>
  );
}

function mistakeOf(text: string, others: readonly string[]): string | null {
  if (text.trim() === '') return messages.emptyTerm;
  return readPill(text).mistake ?? (others.includes(text.trim()) ? messages.sameTerm : null);
}
