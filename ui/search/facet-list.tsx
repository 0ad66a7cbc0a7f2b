import { ListFilter, PanelLeftClose, PanelLeftOpen } from 'lucide-react';
import { useState, useSyncExternalStore } from 'react';
import { Button, Dialog, DialogTrigger, Popover } from 'react-aria-components';
import { useCommands } from '#ui/app/commands.ts';
import { setPreferences, usePreferences } from '#ui/app/preferences.ts';
import {
  FacetCountsDocument,
  type FacetCountsQuery,
  FacetMoreDocument,
  type FacetRowFragment,
} from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import { PlainButton } from '#ui/parts/plain-button.tsx';
import { Problem } from '#ui/parts/problem.tsx';
import { type Facet, type FacetName, FACETS } from './facet-fields.ts';
import { FacetGroup } from './facet-group.tsx';
import { messages } from './facet-messages.ts';
import { useOpenFacets } from './facet-open.ts';
import type { Question } from './view.ts';
import './facet-list.css';

export interface FacetListProps {
  readonly question: Question;
  readonly pills: readonly string[];
  /** Adds a term of the query language, e.g. `actor:alice`, `-action:data.read`. */
  readonly onPill: (term: string) => void;
}

/** How many values a group has, at first and when there are to be more. */
const FEW = 8;
const MANY = 100;
/** Below this width there is no room for a column. */
const NARROW = '(width < 900px)';

/** What the records of the answer have most: each value is one step to a filter. */
export function FacetList(props: FacetListProps) {
  const { facetsOpen } = usePreferences();
  const isNarrow = useMedia(NARROW);
  useCommands([
    {
      id: 'facets.toggle',
      title: facetsOpen ? messages.hide : messages.show,
      group: messages.group,
      run: () => setPreferences({ facetsOpen: !facetsOpen }),
    },
  ]);
  if (isNarrow) return <FacetPopover {...props} />;
  if (!facetsOpen) {
    return (
      <div className="facet-list-rail">
        <PlainButton label={messages.show} onPress={() => setPreferences({ facetsOpen: true })}>
          <PanelLeftOpen aria-hidden size={16} />
        </PlainButton>
      </div>
    );
  }
  return (
    <section className="facet-list" aria-labelledby="facet-list-title">
      <header className="facet-list-head">
        <h2 id="facet-list-title">{messages.title}</h2>
        <PlainButton label={messages.hide} onPress={() => setPreferences({ facetsOpen: false })}>
          <PanelLeftClose aria-hidden size={14} />
        </PlainButton>
      </header>
      <Groups {...props} />
    </section>
  );
}

function FacetPopover(props: FacetListProps) {
  return (
    <div className="facet-list-rail">
      <DialogTrigger>
        <Button className="button plain" aria-label={messages.title}>
          <ListFilter aria-hidden size={16} />
        </Button>
        <Popover className="popover facet-list-popover" placement="bottom start" maxHeight={560}>
          <Dialog aria-label={messages.title} className="facet-list-dialog">
            <Groups {...props} />
          </Dialog>
        </Popover>
      </DialogTrigger>
    </div>
  );
}

/** All groups, with one request for those that are open. */
function Groups({ question, pills, onPill }: FacetListProps) {
  const { ledger, search, filter } = question;
  const { open, toggle } = useOpenFacets();
  const { data, error, isFetching, isPlaceholderData, refetch } = useApi(
    FacetCountsDocument,
    { ledger, search, filter, first: FEW + 1, ...includedIn(open) },
    { enabled: open.length > 0, freshMs: Infinity, keepPrevious: true },
  );
  // How far the answer before this one reached says nothing of this question.
  const countedThrough = error || isPlaceholderData ? null : countedThroughOf(data, question.size);
  return (
    <>
      <p className="unseen">{messages.help}</p>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {countedThrough !== null && <p className="facet-list-coverage">{messages.notYet(countedThrough)}</p>}
      {FACETS.map((facet) => (
        <Group
          key={facet.name}
          facet={facet}
          question={question}
          isOpen={open.includes(facet.name)}
          onToggle={() => toggle(facet.name)}
          few={error ? null : (data?.[facet.name] ?? null)}
          isFailed={error !== null}
          isStale={isFetching}
          pills={pills}
          onPill={onPill}
        />
      ))}
    </>
  );
}

interface GroupProps {
  readonly facet: Facet;
  readonly question: Question;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  readonly few: readonly FacetRowFragment[] | null;
  readonly isFailed: boolean;
  readonly isStale: boolean;
  readonly pills: readonly string[];
  readonly onPill: (term: string) => void;
}

/** One group; more than a few values are asked for when the person wants them. */
function Group({ facet, question, few, isStale, isOpen, ...group }: GroupProps) {
  const { ledger, search, filter } = question;
  const [isMany, setIsMany] = useState(false);
  const many = useApi(
    FacetMoreDocument,
    { ledger, search, filter, field: facet.field, first: MANY },
    { enabled: isOpen && isMany, freshMs: Infinity, keepPrevious: true },
  );
  const found = isMany ? (many.data?.facets ?? few) : few;
  const hasMore = (few?.length ?? 0) > FEW;
  const values = isMany || found === null ? found : found.slice(0, FEW);
  return (
    <>
      <FacetGroup
        {...group}
        facet={facet}
        isOpen={isOpen}
        values={values}
        isStale={isMany ? many.isFetching : isStale}
        moreTitle={hasMore ? (isMany ? messages.fewer : messages.more) : null}
        onMore={() => setIsMany(!isMany)}
        note={isMany && many.data?.facets.length === MANY ? messages.mostOf(MANY) : null}
      />
      {isOpen && isMany && many.error && <Problem error={many.error} onRetry={() => void many.refetch()} />}
    </>
  );
}

function includedIn(open: readonly FacetName[]): Readonly<Record<FacetName, boolean>> {
  return {
    action: open.includes('action'),
    status: open.includes('status'),
    actorId: open.includes('actorId'),
    actorType: open.includes('actorType'),
    targetType: open.includes('targetType'),
    targetId: open.includes('targetId'),
    classification: open.includes('classification'),
    ipAddress: open.includes('ipAddress'),
    source: open.includes('source'),
  };
}

/** Index of the last record that is counted, where records after it are not. */
function countedThroughOf(data: FacetCountsQuery | undefined, size: number): number | null {
  const rows = FACETS.flatMap(({ name }) => data?.[name] ?? []);
  const through = rows[0]?.indexedThrough;
  return through !== undefined && through < size - 1 ? through : null;
}

function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    () => matchMedia(query).matches,
  );
}
