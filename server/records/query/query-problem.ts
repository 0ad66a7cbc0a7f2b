/** What is wrong with a query, and where. */
export interface QueryProblem {
  /** UTF-16 offsets in the text; `to` is exclusive. They may be the same: something is missing there. */
  readonly from: number;
  readonly to: number;
  /** A sentence: what is wrong and what was expected. */
  readonly message: string;
}

/** Where something stands in the text of a query. */
export interface Place {
  readonly from: number;
  readonly to: number;
}

/** Collects the problems of one query. */
export type Report = (place: Place, message: string) => void;

/** Longest piece of a query that a message repeats, in UTF-16 code units. */
const QUOTED_MAX = 60;

/** A piece of a query as messages repeat it. */
export function quoted(text: string): string {
  return text.length <= QUOTED_MAX ? `"${text}"` : `"${text.slice(0, QUOTED_MAX).toWellFormed()}…"`;
}
