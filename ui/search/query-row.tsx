import { type FocusEvent, useId, useImperativeHandle, useRef, useState, type Ref } from 'react';
import { Search } from 'lucide-react';
import { setPreferences, usePreferences } from '#ui/app/preferences.ts';
import { announce } from '#ui/parts/announce.ts';
import { PlainButton } from '#ui/parts/plain-button.tsx';
import { messages } from './messages.ts';
import { QueryEditor, type QueryEditorHandle } from './query-editor.tsx';
import { type HistoryWalk, keptSearches, walkHistory, withoutSearch } from './search-history.ts';
import { SearchHistoryList } from './search-history-list.tsx';
import type { QueryDraft } from './use-query-draft.ts';
import './query-row.css';

export interface QueryRowProps {
  readonly ledger: string;
  readonly draft: QueryDraft;
  readonly onRun: (text: string) => void;
  readonly ref?: Ref<QueryEditorHandle>;
}

/** The field of the search, what is wrong with it, and the searches that were run before. */
export function QueryRow({ ledger, draft, onRun, ref }: QueryRowProps) {
  const [hasFocus, setFocus] = useState(false);
  const searches = keptSearches(usePreferences().searches);
  const row = useRef<HTMLDivElement>(null);
  const editor = useRef<QueryEditorHandle>(null);
  const walk = useRef<HistoryWalk>({ place: -1, draft: '' });
  const mistakeId = useId();
  const [mistake] = draft.mistakes;
  useImperativeHandle(ref, () => ({ focus: () => editor.current?.focus() }), []);
  const isListed = hasFocus && draft.text === '' && searches.length > 0;
  const step = (text: string, by: 1 | -1): string | null => {
    if (isListed && by === -1) {
      row.current?.querySelector<HTMLElement>('[role=grid] [role=row]')?.focus();
      return text;
    }
    const next = walkHistory(searches, walk.current, text, by);
    if (next !== null) walk.current = next;
    return next?.text ?? null;
  };
  const forget = (search: string): void => {
    setPreferences({ searches: withoutSearch(searches, search) });
    announce(messages.searchRemoved);
    if (searches.length === 1) editor.current?.focus();
  };
  const leave = (event: FocusEvent): void => {
    if (!event.currentTarget.contains(event.relatedTarget)) setFocus(false);
  };
  return (
    <div className="query-row" ref={row} onFocus={() => setFocus(true)} onBlur={leave}>
      <div className="query-row-field">
        <QueryEditor
          ref={editor}
          ledger={ledger}
          text={draft.text}
          label={messages.query}
          example={messages.queryExample}
          places={draft.mistakes.flatMap(({ place }) => place ?? [])}
          isInvalid={mistake !== undefined}
          describedBy={mistake === undefined ? null : mistakeId}
          onText={draft.write}
          onRun={onRun}
          onLeave={() => focusTable(row.current)}
          onWalk={step}
        />
        <PlainButton label={messages.run} onPress={() => onRun(draft.text)}>
          <Search aria-hidden size={16} />
        </PlainButton>
      </div>
      {mistake !== undefined && <Mistake id={mistakeId} refusals={draft.refusals} text={mistake.message} />}
      {isListed && (
        <SearchHistoryList
          searches={searches}
          onChoose={(search) => {
            draft.write(search);
            editor.current?.focus();
            onRun(search);
          }}
          onRemove={forget}
          onLeave={() => editor.current?.focus()}
        />
      )}
    </div>
  );
}

interface MistakeProps {
  readonly id: string;
  readonly refusals: number;
  readonly text: string;
}

function Mistake({ id, refusals, text }: MistakeProps) {
  return (
    // A new element for each refusal: it is read out again.
    <p key={refusals} id={id} className="query-row-mistake" role={refusals > 0 ? 'alert' : undefined}>
      {text}
    </p>
  );
}

/** Gives the focus back to the records; where there are none, to nothing. */
function focusTable(row: HTMLElement | null): void {
  const table = row?.closest('.search-screen')?.querySelector('[role=grid][aria-rowcount]') ?? null;
  const stop = table?.matches('[tabindex="0"]') === true ? table : table?.querySelector('[tabindex="0"]');
  if (stop instanceof HTMLElement) stop.focus();
  else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}
