import { useCallback, useMemo } from 'react';
import { useCommands } from '#ui/app/commands.ts';
import { go, goBack, useRoute } from '#ui/app/route.ts';
import { useExportCommand } from '#ui/exports/use-export-command.ts';
import { FirstRun } from '#ui/first-run/first-run.tsx';
import { notify } from '#ui/parts/announce.ts';
import { Loading } from '#ui/parts/loading.tsx';
import { Problem } from '#ui/parts/problem.tsx';
import { RecordPanel } from '#ui/records/record-panel.tsx';
import { RecordTable } from '#ui/records/record-table.tsx';
import { FacetList } from './facet-list.tsx';
import { Histogram } from './histogram.tsx';
import { messages } from './messages.ts';
import { SearchBar } from './search-bar.tsx';
import { useSnapshot } from './use-snapshot.ts';
import { PILLS_MAX, type Question, questionOf, type SearchView, viewHref, viewOf } from './view.ts';
import './search-screen.css';

/** Changes some of the view; `replace` leaves no step to go back to. */
export type ChangeView = (changes: Partial<SearchView>, options?: { readonly replace?: boolean }) => void;

/** Search: bar, histogram, facets, table, record. The address holds the whole view. */
export function SearchScreen({ ledger }: { readonly ledger: string }) {
  const { parameters } = useRoute();
  const view = useMemo(() => viewOf(parameters, ledger), [parameters, ledger]);
  const { snapshot, error, refresh } = useSnapshot(ledger);
  const change = useCallback<ChangeView>(
    (changes, options) => go(viewHref({ ...view, ...changes }), options),
    [view],
  );
  const question = useQuestion(view, snapshot);
  const addPill = useCallback(
    (term: string) => {
      if (view.pills.includes(term)) return;
      if (view.pills.length >= PILLS_MAX) notify(messages.tooManyFilters(PILLS_MAX), 'PROBLEM');
      else change({ pills: [...view.pills, term], open: null });
    },
    [view.pills, change],
  );
  useExportCommand(question);
  useCommands([
    {
      id: 'search.undo',
      title: messages.undoFilter,
      group: messages.group,
      keys: ['u'],
      run: () => {
        if (!goBack()) notify(messages.nothingToUndo);
      },
    },
  ]);
  if (snapshot === null || question === null)
    return error ? <Problem error={error} onRetry={refresh} /> : <Loading />;
  if (snapshot.size === 0) return <FirstRun ledger={ledger} onFirstRecord={refresh} />;
  return (
    <div className="search-screen" data-record={view.open === null ? 'closed' : 'open'}>
      {/* What was found stays, as of when it was: only looking again failed. */}
      {error && <Problem error={error} onRetry={refresh} />}
      <h1 className="unseen">{messages.title}</h1>
      <SearchBar view={view} question={question} snapshot={snapshot} onChange={change} onRun={refresh} />
      <Histogram question={question} time={view.time} onTime={(time) => change({ time, open: null })} />
      <div className="search-screen-columns">
        <FacetList question={question} pills={view.pills} onPill={addPill} />
        <RecordTable
          question={question}
          order={view.order}
          open={view.open}
          onOpen={(open) => change({ open }, { replace: view.open !== null })}
          onOrder={(order) => change({ order })}
          onPill={addPill}
          onRefresh={refresh}
        />
        {view.open !== null && (
          <RecordPanel
            ledger={ledger}
            index={view.open}
            tab={view.tab}
            onTab={(tab) => change({ tab }, { replace: true })}
            onOpen={(open) => change({ open }, { replace: true })}
            onPivot={(pills) => change({ pills, query: '', open: null })}
            onPill={addPill}
            onClose={() => change({ open: null })}
          />
        )}
      </div>
    </div>
  );
}

/** The same object for the same question, however often the page is drawn. */
function useQuestion(
  view: SearchView,
  snapshot: ReturnType<typeof useSnapshot>['snapshot'],
): Question | null {
  const [size, atMs] = [snapshot?.size ?? null, snapshot?.atMs ?? 0];
  const made = size === null ? null : questionOf(view, size, atMs);
  const key = JSON.stringify(made);
  // The key is the question: what it is made of need not be compared.
  return useMemo(() => JSON.parse(key) as Question | null, [key]);
}
