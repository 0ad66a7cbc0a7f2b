import { countOf, countText } from '#ui/parts/number-text.ts';
import { Moment } from '#ui/parts/moment.tsx';
import { Problem } from '#ui/parts/problem.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import type { ExportRequest } from './export-dialog-state.ts';
import { messages } from './messages.ts';
import type { ExportCountState } from './use-export-count.ts';
import './export-question-text.css';

export interface ExportQuestionTextProps {
  readonly request: ExportRequest;
  readonly state: ExportCountState;
  readonly mayCount: boolean;
}

/** What will be exported, in words, and how many records that are. */
export function ExportQuestionText({ request, state, mayCount }: ExportQuestionTextProps) {
  const { question, isTooMany, count, countedThrough, error, retry } = state;
  if (error) return <Problem error={error} onRetry={retry} />;
  if (isTooMany) return <p className="export-question-text-warning">{messages.tooManySelected}</p>;
  if (question === null) return <p className="muted">{messages.counting}</p>;
  const isBehind = countedThrough !== null && countedThrough < question.size - 1;
  return (
    <div className="export-question-text">
      <p>
        <Asked request={request} />{' '}
        <span className="muted">
          {messages.ofFirst(countOf(question.size, 'record', 'records'), request.ledger)}
        </span>
      </p>
      {count === null ? (
        <p className="muted">{mayCount ? messages.counting : messages.countHidden}</p>
      ) : (
        <p className="export-question-text-count" role="status">
          {count === 0 ? messages.nothingMatches : countOf(count, 'record', 'records')}
        </p>
      )}
      {isBehind && (
        <p className="export-question-text-warning">{messages.countedThrough(countText(countedThrough))}</p>
      )}
    </div>
  );
}

/** Members of the filter that are told in words of their own. */
const TOLD: ReadonlySet<string> = new Set(['indexTo', 'occurredFrom', 'occurredTo']);

function Asked({ request: { search, filter, indexes } }: { readonly request: ExportRequest }) {
  if (indexes !== undefined) {
    return <strong>{messages.selected(countOf(indexes.length, 'record', 'records'))}</strong>;
  }
  const { occurredFrom, occurredTo } = filter;
  const isNarrowed = Object.keys(filter).some((name) => !TOLD.has(name));
  return (
    <>
      {search === null ? (
        <strong>{messages.everything}</strong>
      ) : (
        <code className="export-question-text-search">
          <ShownText text={search} />
        </code>
      )}
      {occurredFrom && (
        <>
          {' '}
          {messages.occurredFrom} <Moment at={occurredFrom} />
        </>
      )}
      {occurredTo && (
        <>
          {' '}
          {messages.occurredTo} <Moment at={occurredTo} />
        </>
      )}
      {isNarrowed && ` · ${messages.narrowed}`}
    </>
  );
}
