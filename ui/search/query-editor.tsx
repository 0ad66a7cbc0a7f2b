import type { EditorView } from '@codemirror/view';
import { type KeyboardEvent, type Ref, useEffect, useImperativeHandle, useRef } from 'react';
import type { Place } from '#server/records/query/query-problem.ts';
import { createQueryView, markPlaces, type QueryViewOwner, setQueryText } from './query-view.ts';
import './query-editor.css';

export interface QueryEditorHandle {
  readonly focus: () => void;
}

export interface QueryEditorProps extends QueryViewOwner {
  readonly ledger: string;
  readonly text: string;
  /** Shown where nothing is written. */
  readonly example: string;
  /** What is underlined. */
  readonly places: readonly Place[];
  readonly hasFocusAtOnce?: boolean;
  readonly ref?: Ref<QueryEditorHandle>;
}

/** A text field for the query language. The text belongs to who shows it. */
export function QueryEditor(props: QueryEditorProps) {
  const { ledger, text, example, places, isInvalid, describedBy, hasFocusAtOnce = false, ref } = props;
  const latest = useRef(props);
  latest.current = props;
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  useEffect(() => {
    if (parent.current === null) return undefined;
    const made = createQueryView(parent.current, {
      ledger,
      example,
      text: latest.current.text,
      owner: () => latest.current,
    });
    view.current = made;
    if (hasFocusAtOnce) made.focus();
    return () => made.destroy();
  }, [ledger, example, hasFocusAtOnce]);
  useEffect(() => {
    if (view.current) setQueryText(view.current, text);
  }, [text]);
  const marked = JSON.stringify(places);
  useEffect(() => {
    if (view.current) markPlaces(view.current, JSON.parse(marked) as Place[]);
  }, [marked, isInvalid, describedBy]);
  useImperativeHandle(ref, () => ({ focus: () => view.current?.focus() }), []);
  return <div ref={parent} className="query-editor" onKeyDown={keepTaken} />;
}

/** A key that the editor took is not for what is around it: its Escape closes its list, and nothing else. */
function keepTaken(event: KeyboardEvent): void {
  if (event.nativeEvent.defaultPrevented) event.stopPropagation();
}
