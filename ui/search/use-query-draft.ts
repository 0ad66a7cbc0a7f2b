import { useEffect, useMemo, useState } from 'react';
import type { ApiError } from '#ui/graphql/api-error.ts';
import { findMistakes, type QueryMistake, refusedMistake } from './query-lint.ts';
import type { SearchView } from './view.ts';

/** Somebody who stops writing for so long is told what is wrong. */
const PAUSE_MS = 700;

/** The text of the search bar while it is written. */
export interface QueryDraft {
  readonly text: string;
  readonly write: (text: string) => void;
  /** What is wrong and shown: not while somebody writes. */
  readonly mistakes: readonly QueryMistake[];
  /** How often a search was asked for that cannot be run as it stands now; 0 for not yet. */
  readonly refusals: number;
  /** Whether the text can be run; where it cannot, what is wrong is shown at once. */
  readonly check: (text: string) => boolean;
}

/** Keeps what is written, checks it, and follows the view where that changes otherwise. */
export function useQueryDraft(view: SearchView, error: ApiError | null): QueryDraft {
  const { query, pills } = view;
  const [draft, setDraft] = useState({ text: query, of: query, isSettled: true, refusals: 0 });
  // The view was changed elsewhere, e.g. by going back: the text is its text again.
  if (draft.of !== query) setDraft({ text: query, of: query, isSettled: true, refusals: 0 });
  const { text, isSettled, refusals } = draft;
  useEffect(() => {
    if (isSettled) return undefined;
    const timer = setTimeout(() => setDraft((now) => ({ ...now, isSettled: true })), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, isSettled]);
  const mistakes = useMemo(() => {
    if (!isSettled) return [];
    const found = findMistakes({ query: text, pills });
    const refused = text === query ? refusedMistake({ query, pills }, error) : null;
    return found.length > 0 || refused === null ? found : [refused];
  }, [text, query, pills, error, isSettled]);
  return {
    text,
    mistakes,
    refusals,
    write: (written) => {
      if (written !== text) setDraft({ text: written, of: query, isSettled: false, refusals: 0 });
    },
    check: (written) => {
      if (findMistakes({ query: written, pills }).length === 0) return true;
      setDraft({ text: written, of: query, isSettled: true, refusals: refusals + 1 });
      return false;
    },
  };
}
