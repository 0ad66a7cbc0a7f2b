import { useEffect } from 'react';
import { Button } from 'react-aria-components';
import { SearchGrowthDocument, type SearchTotalQuery } from '#ui/graphql/generated.ts';
import type { ApiError } from '#ui/graphql/api-error.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import { announce } from '#ui/parts/announce.ts';
import { Problem } from '#ui/parts/problem.tsx';
import { messages } from './messages.ts';
import type { Snapshot } from './use-snapshot.ts';
import type { Question, SearchView } from './view.ts';
import './totals-line.css';

/** How often it is looked whether the ledger has grown. */
const LOOK_MS = 5_000;
/** The index always follows a little behind; only a rest that takes time is worth a word. */
const UNINDEXED_TOLD_MIN = 5_000;

export interface TotalsLineProps {
  readonly view: SearchView;
  readonly question: Question;
  readonly snapshot: Snapshot;
  /** The answer; `undefined` while it is counted. */
  readonly total: SearchTotalQuery['records'] | undefined;
  /** Why there is no answer. */
  readonly error: ApiError | null;
  readonly onRetry: () => void;
  /** Shows the ledger as it is now. */
  readonly onFresh: () => void;
}

/** How many records match, of how many, how far the answer reaches, and what has come since. */
export function TotalsLine({ view, question, snapshot, total, error, onRetry, onFresh }: TotalsLineProps) {
  // What cannot be looked at now is looked at again: nothing here becomes wrong by it.
  const { data } = useApi(SearchGrowthDocument, { ledger: question.ledger }, { refetchMs: LOOK_MS });
  const count = total?.totalCount;
  useEffect(() => {
    if (count !== undefined) announce(messages.total(count, question.size));
  }, [count, question]);
  const indexed = Math.max(snapshot.indexedSize, data?.ledger?.indexedSize ?? 0);
  const unindexed = question.size - indexed;
  const uncovered = total === undefined ? 0 : question.size - 1 - total.indexedThrough;
  const isPinned = view.size !== null && question.size === view.size;
  const sizeNow = Math.max(snapshot.size, data?.ledger?.size ?? 0);
  const fresh = isPinned ? 0 : sizeNow - snapshot.size;
  return (
    <div className="totals-line">
      <Total size={question.size} total={total} error={error} onRetry={onRetry} />
      {uncovered > 0 && <span className="totals-line-warning">{messages.uncovered(uncovered)}</span>}
      {isBeyond(view, sizeNow) && (
        <span className="totals-line-warning">{messages.tooSmall(view.size ?? 0)}</span>
      )}
      {unindexed >= UNINDEXED_TOLD_MIN && (
        <span className="totals-line-note">{messages.unindexed(unindexed)}</span>
      )}
      {isPinned && <Act text={messages.pinned(question.size)} label={messages.showAll} onPress={onFresh} />}
      {fresh > 0 && <Act text={messages.fresh(fresh)} label={messages.show} onPress={onFresh} />}
    </div>
  );
}

/** Whether a link is of more records than there are: it is of another ledger, or records are lost. */
function isBeyond({ size }: SearchView, sizeNow: number): boolean {
  return size !== null && size > sizeNow;
}

interface TotalProps extends Pick<TotalsLineProps, 'total' | 'error' | 'onRetry'> {
  readonly size: number;
}

function Total({ size, total, error, onRetry }: TotalProps) {
  if (error !== null) {
    // The mistake is told below the search.
    return error.code === 'SEARCH_INVALID' ? null : <Problem error={error} onRetry={onRetry} />;
  }
  if (total === undefined) return <span className="loading">{messages.counting}</span>;
  return (
    <span>
      <strong>{messages.total(total.totalCount, size)}</strong>
      {total.indexedThrough >= 0 && (
        <span className="totals-line-note" title={messages.throughTitle}>
          {` · ${messages.through(total.indexedThrough)}`}
        </span>
      )}
    </span>
  );
}

interface ActProps {
  readonly text: string;
  readonly label: string;
  readonly onPress: () => void;
}

function Act({ text, label, onPress }: ActProps) {
  return (
    <Button className="totals-line-act" onPress={onPress}>
      {text} — <span className="totals-line-verb">{label}</span>
    </Button>
  );
}
