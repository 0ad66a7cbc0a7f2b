import type { RecordFilter, RecordOrder } from '#ui/graphql/generated.ts';
import { hrefOf } from '#ui/app/route.ts';

/** When the records happened that are looked at. */
export type TimeRange =
  | { readonly kind: 'ALL' }
  /** Up to now, again at each run. */
  | { readonly kind: 'LAST'; readonly seconds: number }
  /** RFC 3339 in UTC; `from` is inclusive, `to` is exclusive. */
  | { readonly kind: 'BETWEEN'; readonly from: string; readonly to: string };

export type RecordTab = 'changes' | 'fields' | 'raw' | 'around' | 'proof';
export const RECORD_TABS: readonly RecordTab[] = ['changes', 'fields', 'raw', 'around', 'proof'];

/** Everything that makes up what the person sees, and nothing else: it is a link. */
export interface SearchView {
  readonly ledger: string;
  /** The search bar's text. */
  readonly query: string;
  /** Terms of the query language beside it, e.g. `actor:alice`, `-action:data.read`. */
  readonly pills: readonly string[];
  readonly time: TimeRange;
  /** Looks at the first so many records only: what a colleague saw who sent the link; `null` for all. */
  readonly size: number | null;
  readonly order: RecordOrder;
  /** Index of the record that is open. */
  readonly open: number | null;
  readonly tab: RecordTab;
}

/** What is asked of the appliance for a view, as of one moment: table, histogram and facets all ask this. */
export interface Question {
  readonly ledger: string;
  readonly search: string | null;
  readonly filter: RecordFilter;
  /** Size of the ledger that it is asked of: all answers agree, whatever is recorded meanwhile. */
  readonly size: number;
  /** The time range at that moment, in UTC; `null` where there is none. */
  readonly from: string | null;
  readonly to: string | null;
}

const ORDERS: ReadonlyMap<string, RecordOrder> = new Map([
  ['-index', { field: 'RECORDED', direction: 'DESC' }],
  ['index', { field: 'RECORDED', direction: 'ASC' }],
  ['-occurred', { field: 'OCCURRED', direction: 'DESC' }],
  ['occurred', { field: 'OCCURRED', direction: 'ASC' }],
]);
const NEWEST_FIRST: RecordOrder = { field: 'RECORDED', direction: 'DESC' };
/** Filters beside the search bar; what a link has more is passed over. */
export const PILLS_MAX = 50;
const SECONDS_MAX = 3660 * 86_400;
const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;

/** The view of a link. What makes no sense in it is passed over. */
export function viewOf(parameters: URLSearchParams, ledger: string): SearchView {
  const tab = parameters.get('tab');
  return {
    ledger: parameters.get('ledger') ?? ledger,
    query: parameters.get('q') ?? '',
    pills: parameters
      .getAll('f')
      .filter((pill) => pill.trim() !== '')
      .slice(0, PILLS_MAX),
    time: timeOf(parameters),
    size: wholeNumber(parameters.get('size')),
    order: ORDERS.get(parameters.get('sort') ?? '') ?? NEWEST_FIRST,
    open: wholeNumber(parameters.get('open')),
    tab: RECORD_TABS.find((name) => name === tab) ?? 'changes',
  };
}

/** The shortest parameters that give the view. */
export function parametersOf(view: SearchView): URLSearchParams {
  const parameters = new URLSearchParams({ ledger: view.ledger });
  if (view.query.trim() !== '') parameters.set('q', view.query);
  for (const pill of view.pills) parameters.append('f', pill);
  if (view.time.kind === 'LAST') parameters.set('last', String(view.time.seconds));
  if (view.time.kind === 'BETWEEN') {
    parameters.set('from', view.time.from);
    parameters.set('to', view.time.to);
  }
  if (view.size !== null) parameters.set('size', String(view.size));
  const sort = [...ORDERS].find(([, order]) => isSameOrder(order, view.order))?.[0] ?? '-index';
  if (sort !== '-index') parameters.set('sort', sort);
  if (view.open !== null) {
    parameters.set('open', String(view.open));
    if (view.tab !== 'changes') parameters.set('tab', view.tab);
  }
  return parameters;
}

/** The address of a view, from `#` on. */
export function viewHref(view: SearchView): string {
  return hrefOf('search', parametersOf(view));
}

/** A view of a whole ledger. */
export function emptyView(ledger: string): SearchView {
  return viewOf(new URLSearchParams(), ledger);
}

/** What is asked for a view of a ledger of this size at this moment. */
export function questionOf(view: SearchView, size: number, nowMs: number): Question {
  const { from, to } = rangeAt(view.time, nowMs);
  const search = searchText(view);
  const asked = Math.min(view.size ?? size, size);
  return {
    ledger: view.ledger,
    search: search === '' ? null : search,
    filter: {
      indexTo: asked,
      ...(from === null ? {} : { occurredFrom: from }),
      ...(to === null ? {} : { occurredTo: to }),
    },
    size: asked,
    from,
    to,
  };
}

/** Pills and the bar's text as one search: terms side by side, a repeated key means any of. */
export function searchText({ query, pills }: Pick<SearchView, 'query' | 'pills'>): string {
  const typed = query.trim();
  const isAlone = pills.length === 0 || typed === '';
  return [...pills, isAlone ? typed : `(${typed})`].filter((part) => part !== '').join(' ');
}

function rangeAt(
  time: TimeRange,
  nowMs: number,
): { readonly from: string | null; readonly to: string | null } {
  switch (time.kind) {
    case 'ALL':
      return { from: null, to: null };
    case 'LAST':
      return { from: new Date(nowMs - time.seconds * 1000).toISOString(), to: null };
    case 'BETWEEN':
      return { from: time.from, to: time.to };
  }
}

function timeOf(parameters: URLSearchParams): TimeRange {
  const seconds = wholeNumber(parameters.get('last'));
  if (seconds !== null && seconds > 0 && seconds <= SECONDS_MAX) return { kind: 'LAST', seconds };
  const [from, to] = [parameters.get('from'), parameters.get('to')];
  if (from !== null && to !== null && isUtc(from) && isUtc(to) && sortable(from) < sortable(to))
    return { kind: 'BETWEEN', from, to };
  return { kind: 'ALL' };
}

function isUtc(text: string): boolean {
  return UTC.test(text) && !Number.isNaN(Date.parse(text));
}

/** As text it stands in the order of time: with fewer digits than another, its `Z` would count as one. */
function sortable(utc: string): string {
  return utc.replace(/(?:\.(\d+))?Z$/, (_, digits = '') => `.${String(digits).padEnd(9, '0')}`);
}

function wholeNumber(text: string | null): number | null {
  if (text === null || !/^\d{1,16}$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

function isSameOrder(one: RecordOrder, other: RecordOrder): boolean {
  return one.field === other.field && one.direction === other.direction;
}
