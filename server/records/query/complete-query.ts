import type { SyntaxNode } from '@lezer/common';
import { type NamedField, resolveField } from './field-name.ts';
import { findField, QUERY_FIELDS, type QueryField } from './fields.ts';
import { QUERY_LENGTH_MAX } from './parse-query.ts';
import { parser } from './parser.ts';
import { childrenOf } from './query-source.ts';
import { readQuoted, readUnquoted } from './value-text.ts';

/** Something that can stand at the cursor. */
export interface CompletionOption {
  /** What to write in place of `from` to `to`. */
  readonly text: string;
  readonly kind: 'field' | 'operator' | 'value';
  /** A sentence about it. */
  readonly meaning: string;
}

/** What can stand at the cursor, as far as it is known without looking at records. */
export interface Completion {
  /** What an option replaces, in UTF-16 offsets; of a name that has its colon, also the colon. */
  readonly from: number;
  readonly to: number;
  /**
   * `field`: a field or a condition. `path`: the rest of a path, where `prefix` is what there is of it.
   * `value`: a value of the field.
   */
  readonly kind: 'field' | 'path' | 'value';
  /** Name of the field that a value or a path is of; `null` for `field`. */
  readonly field: string | null;
  /**
   * Where values of the field are, as `Search.values` takes it; `null` where there are none to be looked up.
   */
  readonly path: string | null;
  /**
   * What was written before the cursor, without quotes and escapes. Of a path its named form from the section
   * on, as `Search.paths` takes it.
   */
  readonly prefix: string;
  readonly options: readonly CompletionOption[];
}

/** Tells what can stand at a place in the text of a query. */
export function completeQuery(text: string, cursor: number): Completion {
  const at = Math.max(0, Math.min(cursor, text.length));
  if (text.length > QUERY_LENGTH_MAX) return emptyAt(at);
  const { token, field, within } = findContext(text.slice(0, at));
  const name = token?.name ?? '';
  if (CLOSING.has(name) || (field === null && TEXTS.has(name))) return emptyAt(at);
  const from = token !== null && REPLACED.has(name) ? token.from : at;
  const place = { from, to: Math.max(at, tokenEnd(text, from, at)) };
  const written = text.slice(from, at);
  if (field === null) return completeName(written, place);
  const named = resolveField(text.slice(field.from, field.to - 1), field, () => undefined);
  if (named === null) return emptyAt(at);
  return completeValue(named, written, place, COMPARING.has(within));
}

interface Extent {
  readonly from: number;
  readonly to: number;
}

/** Behind these nothing goes on. */
const CLOSING: ReadonlySet<string> = new Set(['CloseParen', 'CloseRange', 'Colon', 'Joined']);
/** In these no operator begins. */
const COMPARING: ReadonlySet<string> = new Set(['Range', 'Comparison']);
const TEXTS: ReadonlySet<string> = new Set(['String', 'OpenString']);
/** What an option takes the place of. */
const REPLACED: ReadonlySet<string> = new Set(
  'Word String OpenString Value Item Bound And Or Not To'.split(' '),
);

function emptyAt(at: number): Completion {
  return { from: at, to: at, kind: 'field', field: null, path: null, prefix: '', options: [] };
}

/** Where the text before the cursor ends: in which token, and among the values of which field. */
interface Context {
  /** The token that ends at the cursor; `null` behind a blank. */
  readonly token: SyntaxNode | null;
  /** The name of the field. */
  readonly field: SyntaxNode | null;
  /** Name of what is not finished yet there. */
  readonly within: string;
}

function findContext(before: string): Context {
  let node = parser.parse(before).topNode;
  let field: SyntaxNode | null = null;
  for (;;) {
    const last = childrenOf(node).findLast(({ type }) => !type.isError);
    if (last === undefined) return { token: null, field, within: node.name };
    const isAtEnd = last.to === before.length;
    if (last.firstChild === null) return { token: isAtEnd ? last : null, field, within: node.name };
    if (!isAtEnd && !isUnfinished(last)) return { token: null, field, within: node.name };
    if (last.name === 'Field') field = last.firstChild;
    node = last;
  }
}

function isUnfinished(node: SyntaxNode): boolean {
  for (let last = node.lastChild; last !== null; last = last.lastChild) if (last.type.isError) return true;
  return false;
}

/** Where the token ends that goes on behind the cursor. */
function tokenEnd(text: string, from: number, at: number): number {
  if (from === at) return at;
  const token = parser.parse(text).resolveInner(from, 1);
  return token.from === from && token.firstChild === null ? token.to : at;
}

function completeName(written: string, place: Extent): Completion {
  const parent = findField(written.split('.', 1)[0] ?? '');
  if (parent?.isParent && written.includes('.')) {
    const { text } = readUnquoted(written, place.from, () => undefined);
    const prefix = `${parent.path}${text.slice(parent.name.length)}`;
    return { ...place, kind: 'path', field: parent.name, path: parent.path, prefix, options: [] };
  }
  const options = [...QUERY_FIELDS.map(fieldOption), ...OPERATORS];
  return {
    ...place,
    kind: 'field',
    field: null,
    path: null,
    prefix: written,
    options: beginning(written, options),
  };
}

function fieldOption({ name, isParent, meaning }: QueryField): CompletionOption {
  return { text: `${name}${isParent ? '.' : ':'}`, kind: 'field', meaning };
}

const OPERATORS: readonly CompletionOption[] = [
  { text: 'AND', kind: 'operator', meaning: 'Both must hold.' },
  { text: 'OR', kind: 'operator', meaning: 'One of both must hold.' },
  { text: 'NOT', kind: 'operator', meaning: 'The next condition must not hold; so does a - before it.' },
];

const COMPARISONS: readonly CompletionOption[] = [
  { text: '>', kind: 'operator', meaning: 'Above a value; later than a time.' },
  { text: '>=', kind: 'operator', meaning: 'At least a value; at a time or later.' },
  { text: '<', kind: 'operator', meaning: 'Below a value; earlier than a time.' },
  { text: '<=', kind: 'operator', meaning: 'At most a value; at a time or earlier.' },
];
const PRESENT: CompletionOption = { text: '*', kind: 'operator', meaning: 'Has one, whatever it is.' };

/** Types of fields whose values are compared. */
const COMPARED: ReadonlySet<string> = new Set(['json', 'number', 'index', 'occurred', 'recorded']);

function completeValue(
  { field, name, path }: NamedField,
  written: string,
  place: Extent,
  isCompared: boolean,
): Completion {
  const isQuoted = written.startsWith('"');
  const { text: prefix } = (isQuoted ? readQuoted : readUnquoted)(written, place.from, () => undefined);
  const choices = field.choices.map(
    (text): CompletionOption => ({ text, kind: 'value', meaning: field.meaning }),
  );
  const comparisons = COMPARED.has(field.type) ? COMPARISONS : [];
  const operators = written === '' && !isCompared ? [...comparisons, PRESENT] : [];
  const options = [...beginning(prefix, choices), ...operators];
  return { ...place, kind: 'value', field: name, path: field.path && path, prefix, options };
}

/** Those that begin with what was written; else those that have it within. */
function beginning(written: string, options: readonly CompletionOption[]): readonly CompletionOption[] {
  const sought = written.toLowerCase();
  const found = options.filter(({ text }) => text.toLowerCase().startsWith(sought));
  return found.length > 0 ? found : options.filter(({ text }) => text.toLowerCase().includes(sought));
}
