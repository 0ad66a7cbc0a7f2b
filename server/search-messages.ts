import type {
  FoundHistogram,
  FoundPage,
  FoundPageRequest,
  FoundValues,
  RecordQuery,
} from './ports/search.ts';
import type { SentError } from './storage/sqlite/writer-messages.ts';

/** What may be asked of the search thread: argument and answer of each question. */
export interface SearchCalls {
  page: { args: { query: RecordQuery; request: FoundPageRequest }; answer: FoundPage };
  histogram: { args: { query: RecordQuery; edges: readonly number[] }; answer: FoundHistogram };
  values: { args: { query: RecordQuery; field: ValueField }; answer: FoundValues };
  paths: { args: { ledgerNo: number; size: number; prefix: string; first: number }; answer: FoundValues };
  indexed: { args: { ledgerNo: number }; answer: number };
}

export type SearchOperation = keyof SearchCalls;

export interface ValueField {
  readonly path: string;
  readonly prefix: string;
  readonly first: number;
}

/** A question with its number: the answer has the same one. */
export type SearchAsk = {
  [Op in SearchOperation]: {
    readonly type: 'ask';
    readonly call: number;
    readonly op: Op;
    readonly args: SearchCalls[Op]['args'];
  };
}[SearchOperation];

/** What the main thread tells the search thread. */
export type ToSearch =
  | SearchAsk
  /** Nobody waits for the answer any more. */
  | { readonly type: 'giveUp'; readonly call: number }
  /**
   * The index was made anew, or is about to be: what is open of it is closed, and opened when it is needed.
   */
  | { readonly type: 'reopen' }
  /** Something was erased: nothing that was read before is kept. */
  | { readonly type: 'forget' }
  | { readonly type: 'stop' };

/** What the search thread tells the main thread. */
export type FromSearch =
  | { readonly type: 'started' }
  /** It could not start. */
  | { readonly type: 'refused'; readonly error: SentError }
  | { readonly type: 'answer'; readonly call: number; readonly answer: unknown }
  | { readonly type: 'failure'; readonly call: number; readonly error: SentError }
  | { readonly type: 'damage'; readonly ledgerNo: number; readonly reason: string };
