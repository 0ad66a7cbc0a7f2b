import { useState } from 'react';
import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from 'react-aria-components';
import { usePreferences } from '#ui/app/preferences.ts';
import {
  PanelNeighboursDocument,
  PanelRelatedDocument,
  type PanelRowFragment,
} from '#ui/graphql/generated.ts';
import { useApi } from '#ui/graphql/use-api.ts';
import { Loading } from '#ui/parts/loading.tsx';
import { countOf, countText } from '#ui/parts/number-text.ts';
import { Problem } from '#ui/parts/problem.tsx';
import { ShownText } from '#ui/parts/shown-text.tsx';
import { timeText } from '#ui/parts/time-text.ts';
import { factsOf, type PanelRecord } from './panel-content.ts';
import { messages } from './panel-messages.ts';
import { panelPivots, type Pivot } from './panel-pivots.ts';
import { RecordSentenceLine } from './record-sentence-line.tsx';
import './record-around.css';

export interface RecordAroundProps {
  readonly ledger: string;
  readonly record: PanelRecord;
  readonly onOpen: (index: number) => void;
  readonly onPivot: (pills: readonly string[]) => void;
}

/** Minutes before and after; `null` for all of the ledger. */
const WINDOWS: readonly (number | null)[] = [5, 30, 60, 1_440, 10_080, null];
const WINDOW_FIRST = 30;
const NEIGHBOURS = 5;
const RELATED = 10;
const RELATED_MORE = 100;

/**
 * What else happened: the same request, session, actor… near it in time, and its neighbours in the ledger.
 */
export function RecordAround(props: RecordAroundProps) {
  const [minutes, setMinutes] = useState<number | null>(WINDOW_FIRST);
  const pivots = panelPivots(factsOf(props.record)).filter(({ value }) => value !== null);
  return (
    <div className="record-around">
      {pivots.length > 0 && <WindowChoice minutes={minutes} onChange={setMinutes} />}
      {pivots.map((pivot) => (
        <Related key={`${pivot.by} ${minutes}`} pivot={pivot} minutes={minutes} {...props} />
      ))}
      <Neighbours {...props} />
    </div>
  );
}

interface WindowChoiceProps {
  readonly minutes: number | null;
  readonly onChange: (minutes: number | null) => void;
}

function WindowChoice({ minutes, onChange }: WindowChoiceProps) {
  return (
    <Select
      className="record-around-window"
      value={String(minutes)}
      onChange={(key) => onChange(WINDOWS.find((choice) => String(choice) === key) ?? null)}
    >
      <Label>{messages.within}</Label>
      <Button className="button">
        <SelectValue />
        <span aria-hidden>▾</span>
      </Button>
      <Popover className="popover">
        <ListBox className="menu">
          {WINDOWS.map((choice) => (
            <ListBoxItem key={String(choice)} id={String(choice)} className="menu-item">
              {messages.window(choice)}
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </Select>
  );
}

interface RelatedProps extends RecordAroundProps {
  readonly pivot: Pivot;
  readonly minutes: number | null;
}

function Related({ ledger, record, pivot, minutes, onOpen, onPivot }: RelatedProps) {
  const [first, setFirst] = useState(RELATED);
  const variables = { ledger, index: record.index, by: pivot.by, withinMinutes: minutes, first, after: null };
  const { data, error, refetch } = useApi(PanelRelatedDocument, variables, { keepPrevious: true });
  const found = data?.record?.related;
  const others = found ? found.totalCount - (isSearched(record, found) ? 1 : 0) : 0;
  return (
    <section className="record-around-group" aria-label={messages.sameAs(pivot.noun)}>
      <h3>
        {messages.sameAs(pivot.noun)} <ShownText text={pivot.value ?? ''} />
        {found && <span className="muted">{messages.otherRecords(others, countText(others))}</span>}
      </h3>
      {error ? <Problem error={error} onRetry={() => void refetch()} /> : null}
      {!found && !error && <Loading />}
      {found && !isSearched(record, found) && (
        <p className="muted">{messages.relatedThrough(countText(found.indexedThrough))}</p>
      )}
      {found && others > 0 && <Rows rows={found.nodes} current={record.index} onOpen={onOpen} />}
      {found && others > 0 && (
        <p className="record-around-acts">
          {found.pageInfo.hasNextPage && first < RELATED_MORE && (
            <Button className="button" onPress={() => setFirst(RELATED_MORE)}>
              {messages.showMore}
            </Button>
          )}
          <Button className="button" onPress={() => onPivot(pivot.pills)}>
            {messages.searchThem}
          </Button>
          {found.pageInfo.hasNextPage && first === RELATED_MORE && (
            <span className="muted">
              {messages.firstOnly(
                countText(found.nodes.length),
                countOf(found.totalCount, 'record', 'records'),
              )}
            </span>
          )}
        </p>
      )}
    </section>
  );
}

/** Whether the answer covers the record itself, which is among those found then. */
function isSearched({ index }: PanelRecord, found: { readonly indexedThrough: number }): boolean {
  return index <= found.indexedThrough;
}

function Neighbours({ ledger, record, onOpen }: RecordAroundProps) {
  const variables = { ledger, index: record.index, first: NEIGHBOURS };
  const { data, error, refetch } = useApi(PanelNeighboursDocument, variables);
  const around = data?.record?.around;
  return (
    <section className="record-around-group" aria-label={messages.neighbours}>
      <h3>{messages.neighbours}</h3>
      {error ? <Problem error={error} onRetry={() => void refetch()} /> : null}
      {!around && !error && <Loading />}
      {around && (
        <Rows rows={[...around.before, record, ...around.after]} current={record.index} onOpen={onOpen} />
      )}
    </section>
  );
}

interface RowsProps {
  readonly rows: readonly PanelRowFragment[];
  readonly current: number;
  readonly onOpen: (index: number) => void;
}

function Rows({ rows, current, onOpen }: RowsProps) {
  const { zone } = usePreferences();
  return (
    <ul className="record-around-rows">
      {rows.map((row) => {
        const facts = factsOf(row);
        const isCurrent = row.index === current;
        const time = timeText(facts.occurredAt ?? facts.recordedAt, zone);
        return (
          <li key={row.index} className="record-around-row" aria-current={isCurrent ? 'true' : undefined}>
            <Button className="record-around-open" isDisabled={isCurrent} onPress={() => onOpen(row.index)}>
              <span className="record-around-time">{time}</span>
              <span className="record-around-sentence">
                <RecordSentenceLine facts={facts} />
              </span>
              <span className="record-around-index">
                {isCurrent ? messages.thisRecord : countText(row.index)}
              </span>
            </Button>
          </li>
        );
      })}
    </ul>
  );
}
