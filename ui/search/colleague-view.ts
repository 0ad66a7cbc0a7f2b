import type { Question, SearchView } from './view.ts';

/**
 * The view as a colleague has to open it to see the same records, whenever that is: the size of the ledger is
 * held, and a range that ends now ends at a time.
 *
 * @param newest When the newest record of the answer happened: producers' clocks may be ahead of ours, and
 *   what they say lies in the future is shown, too; `null` for none.
 */
export function colleagueView(
  view: SearchView,
  question: Question,
  atMs: number,
  newest: string | null,
): SearchView {
  const fixed = { ...view, size: question.size };
  if (view.time.kind !== 'LAST' || question.from === null) return fixed;
  // The end is exclusive, and a text may be more exact than milliseconds.
  const newestMs = newest === null ? 0 : Date.parse(newest) + 1;
  const to = new Date(Math.max(atMs, newestMs)).toISOString();
  return { ...fixed, time: { kind: 'BETWEEN', from: question.from, to } };
}
