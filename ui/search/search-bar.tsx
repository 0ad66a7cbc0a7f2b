import { useQueryClient } from '@tanstack/react-query';
import { Link2 } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { useCommands } from '#ui/app/commands.ts';
import { preferences, setPreferences, usePreferences } from '#ui/app/preferences.ts';
import { BASE } from '#ui/graphql/request.ts';
import { toApiError } from '#ui/graphql/api-error.ts';
import { notify } from '#ui/parts/announce.ts';
import { copyText } from '#ui/parts/copy-button.tsx';
import { colleagueView } from './colleague-view.ts';
import { FilterPills } from './filter-pills.tsx';
import { messages } from './messages.ts';
import type { QueryEditorHandle } from './query-editor.tsx';
import { QueryRow } from './query-row.tsx';
import { SavedViews } from './saved-views.tsx';
import { keptSearches, withSearch } from './search-history.ts';
import type { ChangeView } from './search-screen.tsx';
import { TimeRangePicker } from './time-range-picker.tsx';
import { timeOfRecord } from './time-of-record.ts';
import { TotalsLine } from './totals-line.tsx';
import { useQueryDraft } from './use-query-draft.ts';
import type { Snapshot } from './use-snapshot.ts';
import { totalQuery, useTotal } from './use-total.ts';
import { emptyView, type Question, type SearchView, searchText, type TimeRange, viewHref } from './view.ts';
import './search-bar.css';

export interface SearchBarProps {
  readonly view: SearchView;
  readonly question: Question;
  readonly snapshot: Snapshot;
  readonly onChange: ChangeView;
  /** Looks at the ledger again, as of now. */
  readonly onRun: () => void;
}

/** What is searched for: the query, filters beside it, the time range; and how many records that gives. */
export function SearchBar({ view, question, snapshot, onChange, onRun }: SearchBarProps) {
  const [opened, setOpened] = useState<OpenedPart>(null);
  const editor = useRef<QueryEditorHandle>(null);
  const total = useTotal(question);
  const draft = useQueryDraft(view, total.error);
  const copyLink = useCopyLink(view, question, snapshot);
  const isBeyond = view.size !== null && view.size > snapshot.size;
  useEffect(() => {
    // The link is newer than what was seen of the ledger.
    if (isBeyond) onRun();
  }, [isBeyond, onRun]);
  const run = (text: string): void => {
    if (!draft.check(text)) return;
    const query = text.trim();
    setPreferences({ searches: withSearch(keptSearches(preferences().searches), query) });
    if (query !== view.query) onChange({ query, open: null });
    if (view.size === null) onRun();
  };
  useBarCommands({
    focusQuery: () => editor.current?.focus(),
    openTime: () => setOpened('TIME'),
    openViews: () => setOpened('VIEWS'),
    copyLink,
    clear: () => {
      const { query, pills, time, size } = emptyView(view.ledger);
      onChange({ query, pills, time, size, open: null });
    },
  });
  return (
    <section className="search-bar" aria-label={messages.bar}>
      <div className="search-bar-row">
        <QueryRow ref={editor} ledger={view.ledger} draft={draft} onRun={run} />
        <BarActs
          view={view}
          opened={opened}
          onOpened={setOpened}
          onTime={(time) => {
            onChange({ time, open: null });
            if (time.kind === 'LAST' && view.size === null) onRun();
          }}
          onCopy={copyLink}
        />
      </div>
      <div className="search-bar-row">
        <FilterPills
          ledger={view.ledger}
          pills={view.pills}
          onPills={(pills) => onChange({ pills, open: null })}
          // As they were asked together, so that it means the same.
          onMove={() => onChange({ query: searchText(view), pills: [], open: null })}
        />
        <TotalsLine
          view={view}
          question={question}
          snapshot={snapshot}
          total={total.data?.records}
          error={total.error}
          onRetry={() => void total.refetch()}
          onFresh={() => {
            if (view.size !== null) onChange({ size: null });
            onRun();
          }}
        />
      </div>
    </section>
  );
}

type OpenedPart = 'TIME' | 'VIEWS' | null;

interface BarActsProps {
  readonly view: SearchView;
  readonly opened: OpenedPart;
  readonly onOpened: (part: OpenedPart) => void;
  readonly onTime: (time: TimeRange) => void;
  readonly onCopy: () => void;
}

function BarActs({ view, opened, onOpened, onTime, onCopy }: BarActsProps) {
  const { zone } = usePreferences();
  const open = (part: OpenedPart) => (isOpen: boolean) => onOpened(isOpen ? part : null);
  return (
    <div className="search-bar-acts">
      <TimeRangePicker
        time={view.time}
        zone={zone}
        isOpen={opened === 'TIME'}
        onOpen={open('TIME')}
        onTime={onTime}
      />
      <SavedViews view={view} isOpen={opened === 'VIEWS'} onOpen={open('VIEWS')} />
      <Button className="button" aria-label={messages.copyLink} onPress={onCopy}>
        <Link2 aria-hidden size={14} />
        {messages.link}
      </Button>
    </div>
  );
}

interface BarCommands {
  readonly focusQuery: () => void;
  readonly openTime: () => void;
  readonly openViews: () => void;
  readonly copyLink: () => void;
  readonly clear: () => void;
}

function useBarCommands({ focusQuery, openTime, openViews, copyLink, clear }: BarCommands): void {
  const { group } = messages;
  useCommands([
    { id: 'search.focus', title: messages.focusQuery, group, keys: ['/'], run: focusQuery },
    { id: 'search.time', title: messages.openTime, group, keys: ['d'], run: openTime },
    { id: 'search.save', title: messages.saveView, group, keys: ['w'], run: openViews },
    { id: 'search.link', title: messages.copyLink, group, keys: ['y'], run: copyLink },
    { id: 'search.clear', title: messages.clearSearch, group, run: clear },
  ]);
}

/** Copies an address that shows a colleague the same records, whenever they open it. */
function useCopyLink(view: SearchView, question: Question, snapshot: Snapshot): () => void {
  const queries = useQueryClient();
  return () => {
    const copy = async (): Promise<void> => {
      // Only a range that ends now has an end to be found.
      const isOpen = view.time.kind === 'LAST';
      const total = isOpen ? await queries.query({ ...totalQuery(question), staleTime: 'static' }) : null;
      const newest = total?.records.nodes[0];
      const newestAt = newest === undefined ? null : timeOfRecord(newest);
      const shared = colleagueView(view, question, snapshot.atMs, newestAt);
      await copyText(new URL(viewHref(shared), BASE).href);
    };
    copy().catch((error: unknown) => notify(toApiError(error).message, 'PROBLEM'));
  };
}
