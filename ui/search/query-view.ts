import {
  acceptCompletion,
  autocompletion,
  closeCompletion,
  completionStatus,
  moveCompletionSelection,
  selectedCompletion,
  startCompletion,
} from '@codemirror/autocomplete';
import { history, historyKeymap, standardKeymap } from '@codemirror/commands';
import { EditorState, type Extension, Prec, StateEffect, StateField } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  EditorView,
  highlightSpecialChars,
  keymap,
  placeholder,
} from '@codemirror/view';
import { splitVisible } from '#ui/parts/visible-text.ts';
import type { Place } from '#server/records/query/query-problem.ts';
import { isContinued, queryCompletions } from './query-completions.ts';
import { queryLanguage } from './query-language.ts';

/** What the editor tells, and what it is labelled with; asked for anew each time. */
export interface QueryViewOwner {
  readonly label: string;
  readonly isInvalid: boolean;
  /** Id of the element that says what is wrong. */
  readonly describedBy: string | null;
  readonly onText: (text: string) => void;
  readonly onRun: (text: string) => void;
  /** Escape, where no completion is open. */
  readonly onLeave: () => void;
  /** An arrow up (1) or down (−1) on a single line; gives the text to show instead, or `null`. */
  readonly onWalk: (text: string, step: 1 | -1) => string | null;
}

export interface QueryViewOptions {
  readonly ledger: string;
  readonly text: string;
  readonly example: string;
  readonly owner: () => QueryViewOwner;
}

/**
 * Makes the editor of a search inside an element: one line that wraps, with colours, completion and marks.
 */
export function createQueryView(
  parent: HTMLElement,
  { ledger, text, example, owner }: QueryViewOptions,
): EditorView {
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      selection: { anchor: text.length },
      extensions: [
        EditorView.cspNonce.of(readNonce()),
        EditorView.lineWrapping,
        // Pasted lines go on in the same line.
        EditorView.clipboardInputFilter.of((pasted) => pasted.replace(/\s*[\r\n]+\s*/g, ' ')),
        EditorView.contentAttributes.of(() => attributesOf(owner())),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) owner().onText(state.doc.toString());
        }),
        placeholder(example),
        visibleCharacters(),
        typedOverSelection(),
        history(),
        queryLanguage(),
        marks,
        completion(ledger),
        keys(owner),
      ],
    }),
  });
}

/** Replaces the text, where it is another one, as if it had been typed. */
export function setQueryText(view: EditorView, text: string): void {
  const { doc } = view.state;
  if (doc.toString() === text) return;
  view.dispatch({
    changes: { from: 0, to: doc.length, insert: text },
    selection: { anchor: view.state.toText(text).length },
  });
}

/** Underlines these places and no others. */
export function markPlaces(view: EditorView, places: readonly Place[]): void {
  view.dispatch({ effects: setMarks.of(places) });
}

const setMarks = StateEffect.define<readonly Place[]>();
const MARK = Decoration.mark({ class: 'query-editor-mistake' });

const marks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (before, transaction) => {
    const moved = before.map(transaction.changes);
    const effect = transaction.effects.findLast((found) => found.is(setMarks));
    const places = effect?.is(setMarks) ? effect.value : null;
    return places === null ? moved : decorate(places, transaction.newDoc.length);
  },
  provide: (field) => EditorView.decorations.from(field),
});

function decorate(places: readonly Place[], length: number): DecorationSet {
  const ranges = places.flatMap(({ from, to }) => {
    // Where something is missing, what stands before it is underlined.
    const start = Math.min(from < to ? from : from - 1, length - 1);
    const end = Math.min(Math.max(to, start + 1), length);
    return start < 0 || start >= end ? [] : [MARK.range(start, end)];
  });
  return Decoration.set(ranges, true);
}

function attributesOf({ label, isInvalid, describedBy }: QueryViewOwner): Record<string, string> {
  return {
    'aria-label': label,
    'aria-multiline': 'false',
    autocapitalize: 'off',
    spellcheck: 'false',
    ...(isInvalid ? { 'aria-invalid': 'true' } : {}),
    ...(describedBy === null ? {} : { 'aria-describedby': describedBy }),
  };
}

/** Bidirectional marks and what cannot be seen stand as their code: a link may bring any text. */
function visibleCharacters(): Extension {
  return highlightSpecialChars({
    addSpecialChars:
      /[\u0080-\u009f\u061c\u115f\u1160\u180e\u200c-\u200d\u202a-\u202e\u2060-\u206f\u2800\u3164\uffa0]/,
    render: (code, description) => {
      const [part] = splitVisible(String.fromCodePoint(code ?? 0));
      const mark = document.createElement('span');
      mark.className = 'mark';
      mark.textContent = part !== undefined && 'mark' in part ? part.mark : '•';
      mark.title = description ?? '';
      mark.setAttribute('aria-label', description ?? '');
      return mark;
    },
  });
}

/**
 * Letters over a selection are written here: a browser that does it itself keeps the look of what was there
 * in a style attribute, which the content security policy refuses.
 */
function typedOverSelection(): Extension {
  return EditorView.domEventHandlers({
    beforeinput: (event, view) => {
      const { inputType, data } = event;
      if (inputType !== 'insertText' || !data || view.state.selection.main.empty) return false;
      event.preventDefault();
      view.dispatch({
        ...view.state.replaceSelection(data),
        userEvent: 'input.type',
        scrollIntoView: true,
      });
      return true;
    },
  });
}

const TYPING_PAUSE_MS = 150;

function completion(ledger: string): Extension {
  return autocompletion({
    override: [queryCompletions(ledger)],
    activateOnTypingDelay: TYPING_PAUSE_MS,
    activateOnCompletion: isContinued,
    // Enter runs the search, unless somebody went into the list.
    selectOnOpen: false,
    interactionDelay: 0,
    icons: false,
  });
}

function keys(owner: () => QueryViewOwner): Extension {
  const run = (view: EditorView): boolean => {
    // A list that was about to open would come too late.
    closeCompletion(view);
    owner().onRun(view.state.doc.toString());
    return true;
  };
  const walk = (view: EditorView, step: 1 | -1): boolean => {
    if (!isSingleLine(view)) return false;
    const text = owner().onWalk(view.state.doc.toString(), step);
    if (text !== null) setQueryText(view, text);
    return text !== null;
  };
  const leave = (): boolean => {
    owner().onLeave();
    return true;
  };
  const others = standardKeymap.filter(({ key }) => key !== 'Enter');
  return [
    Prec.high(
      keymap.of([
        { key: 'Enter', run, shift: run },
        { key: 'Mod-Enter', run },
        { key: 'Escape', run: leave },
        { key: 'Tab', run: acceptFirst },
        { key: 'ArrowUp', run: (view) => walk(view, 1) },
        { key: 'ArrowDown', run: (view) => walk(view, -1) || (isEmpty(view) && startCompletion(view)) },
      ]),
    ),
    keymap.of([...others, ...historyKeymap]),
  ];
}

/** Takes the chosen option, or the first; without a list the key moves the focus as everywhere. */
function acceptFirst(view: EditorView): boolean {
  const status = completionStatus(view.state);
  // A list is about to open: who writes fast must not find the focus elsewhere.
  if (status !== 'active') return status === 'pending';
  if (selectedCompletion(view.state) === null) moveCompletionSelection(true)(view);
  return acceptCompletion(view);
}

function isEmpty(view: EditorView): boolean {
  return view.state.doc.length === 0;
}

function isSingleLine(view: EditorView): boolean {
  return view.state.doc.lines === 1 && view.lineBlockAt(0).height < 1.5 * view.defaultLineHeight;
}

/** What the content security policy lets style elements carry. */
function readNonce(): string {
  const found = document.querySelector('meta[property="csp-nonce"]');
  return found instanceof HTMLElement ? found.nonce : '';
}
