import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { insertCompletionText, pickedCompletion } from '@codemirror/autocomplete';
import type { EditorView } from '@codemirror/view';
import { completeQuery } from '#server/records/query/complete-query.ts';
import { SearchCompletionsDocument, type SearchCompletionsQuery } from '#ui/graphql/generated.ts';
import { request } from '#ui/graphql/request.ts';
import { countText } from '#ui/parts/number-text.ts';
import { visibleString } from '#ui/parts/visible-text.ts';

/** Most options that are offered at once. */
const OPTIONS_MAX = 20;

type Option = SearchCompletionsQuery['searchCompletions']['options'][number];
type Kind = Option['kind'];

/**
 * What can stand at the cursor of a search in a ledger. Fields and signs of the language are known here;
 * paths and values are asked for, most frequent first.
 */
export function queryCompletions(ledger: string) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const text = context.state.doc.toString();
    // Behind a blank anything goes: that is said where somebody asks for it.
    if (!context.explicit && !/\S$/.test(text.slice(0, context.pos))) return null;
    const known = completeQuery(text, context.pos);
    const isKnown = known.kind === 'field' || known.options.some(({ kind }) => kind === 'value');
    const found = isKnown
      ? { from: known.from, to: known.to, options: known.options.map(toOption) }
      : await askServer(ledger, text, context);
    if (found === null || found.options.length === 0) return null;
    const { from, to } = found;
    // Each letter asks again: what was cut off at the first so many may be found by the next.
    const options = valuesFirst(found.options).slice(0, OPTIONS_MAX).map(toCompletion);
    return { from, to, filter: false, options };
  };
}

/** Whether more follows behind an option: behind a field its values. */
export function isContinued({ type }: Completion): boolean {
  return type === 'field' || type === 'path';
}

const KINDS = { field: 'FIELD', operator: 'OPERATOR', value: 'VALUE' } as const;

function toOption({
  text,
  kind,
  meaning,
}: {
  readonly text: string;
  readonly kind: keyof typeof KINDS;
  readonly meaning: string;
}): Option {
  return { text, kind: KINDS[kind], meaning, count: null };
}

/** What somebody writes behind a colon is a value, more often than a sign. */
function valuesFirst(options: readonly Option[]): readonly Option[] {
  const isValue = ({ kind }: Option) => kind === 'VALUE';
  return [...options.filter(isValue), ...options.filter((option) => !isValue(option))];
}

async function askServer(
  ledger: string,
  search: string,
  context: CompletionContext,
): Promise<SearchCompletionsQuery['searchCompletions'] | null> {
  const stop = new AbortController();
  context.addEventListener('abort', () => stop.abort(), { onDocChange: true });
  const variables = { ledger, search, cursor: context.pos, first: OPTIONS_MAX };
  try {
    return (await request(SearchCompletionsDocument, variables, stop.signal)).searchCompletions;
  } catch {
    // Nothing is offered then; whatever could be chosen can be written.
    return null;
  }
}

const TYPES: Readonly<Record<Kind, string>> = {
  FIELD: 'field',
  OPERATOR: 'operator',
  PATH: 'path',
  VALUE: 'value',
};

function toCompletion({ text, kind, meaning, count }: Option): Completion {
  const detail = count === null ? meaning : countText(count);
  return {
    label: text,
    // Values are written by anybody who sends events.
    displayLabel: visibleString(text),
    type: TYPES[kind],
    apply: (view, completion, from, to) => insert(view, completion, from, to),
    ...(detail === null ? {} : { detail }),
  };
}

/** Writes the option, and behind the last word of the text a blank for the next. */
function insert(view: EditorView, completion: Completion, from: number, to: number): void {
  const isLast = to === view.state.doc.length && /^(?:value|operator)$/.test(completion.type ?? '');
  const goesOn = /[<>=]$/.test(completion.label);
  const text = `${completion.label}${isLast && !goesOn ? ' ' : ''}`;
  view.dispatch({
    ...insertCompletionText(view.state, text, from, to),
    annotations: pickedCompletion.of(completion),
  });
}
