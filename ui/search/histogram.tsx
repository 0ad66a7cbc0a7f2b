import { ChartColumn, ChevronDown, Table2, Undo2, ZoomIn, ZoomOut } from 'lucide-react';
import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { useCommands } from '#ui/app/commands.ts';
import { setPreferences, usePreferences } from '#ui/app/preferences.ts';
import { Loading } from '#ui/parts/loading.tsx';
import { durationText } from '#ui/parts/number-text.ts';
import { PlainButton } from '#ui/parts/plain-button.tsx';
import { Problem } from '#ui/parts/problem.tsx';
import type { Zone } from '#ui/parts/time-text.ts';
import { messages } from './chart-messages.ts';
import { type HistogramData, useHistogramData } from './histogram-data.ts';
import { HistogramChart } from './histogram-chart.tsx';
import { spanText } from './histogram-labels.ts';
import { widen } from './histogram-steps.ts';
import { HistogramTable } from './histogram-table.tsx';
import type { Question, TimeRange } from './view.ts';
import './histogram.css';

export interface HistogramProps {
  readonly question: Question;
  readonly time: TimeRange;
  readonly onTime: (time: TimeRange) => void;
}

/** When the records of the answer happened; a part of the time can be chosen in it. */
export function Histogram(props: HistogramProps) {
  const { histogramOpen } = usePreferences();
  useCommands([
    {
      id: 'histogram.toggle',
      title: histogramOpen ? messages.hideChart : messages.showChart,
      group: messages.group,
      run: () => setPreferences({ histogramOpen: !histogramOpen }),
    },
  ]);
  return histogramOpen ? <OpenHistogram {...props} /> : <ClosedHistogram />;
}

function ClosedHistogram() {
  const open = (): void => setPreferences({ histogramOpen: true });
  useCommands([
    { id: 'histogram.focus', title: messages.focusChart, group: messages.group, keys: ['i'], run: open },
  ]);
  return (
    <div className="histogram-closed">
      <Button className="button plain" onPress={open}>
        <ChartColumn aria-hidden size={14} />
        {messages.showChart}
      </Button>
    </div>
  );
}

function OpenHistogram({ question, time, onTime }: HistogramProps) {
  const { zone } = usePreferences();
  const plot = useRef<HTMLDivElement>(null);
  const widthPx = useWidth(plot);
  const data = useHistogramData(question, time, widthPx, zone);
  const [read, setRead] = useState<string | null>(null);
  const [isTable, setIsTable] = useState(false);
  const [before, setBefore] = useState<readonly TimeRange[]>([]);
  const showTime = (next: TimeRange): void => {
    setBefore([...before, time].slice(-BACK_MAX));
    onTime(next);
  };
  const apply = (first: number, last: number): void => {
    const next = timeOfBars(data, first, last, question);
    if (next !== null) showTime(next);
  };
  const zoom = (factor: number): void => {
    if (data.cut === null) return;
    const { fromMs, toMs } = widen(data.cut, factor);
    showTime({ kind: 'BETWEEN', from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() });
  };
  const goBack = (): void => {
    const last = before.at(-1);
    setBefore(before.slice(0, -1));
    if (last !== undefined) onTime(last);
  };
  const isFailed = data.error !== null;
  const summary = isFailed ? '' : summaryOf(data, zone);
  return (
    <section className="histogram" aria-label={messages.group}>
      <header className="histogram-head">
        <p className="histogram-read">{(isFailed ? null : read) ?? summary}</p>
        <Legend />
        <Tools
          canZoomOut={time.kind !== 'ALL'}
          canGoBack={before.length > 0}
          isTable={isTable}
          onZoom={zoom}
          onBack={goBack}
          onTable={() => setIsTable(!isTable)}
        />
      </header>
      <div ref={plot} className="histogram-plot">
        {data.error !== null ? (
          <Problem error={data.error} onRetry={data.retry} />
        ) : data.bars.length === 0 || widthPx === 0 ? (
          <Empty isEmpty={data.isEmpty} />
        ) : (
          <HistogramChart
            bars={data.bars}
            widthPx={widthPx}
            zone={zone}
            summary={summary}
            isStale={data.isStale}
            onRead={setRead}
            onApply={apply}
            onZoom={zoom}
          />
        )}
      </div>
      {!isFailed && <Coverage data={data} />}
      {isTable && !isFailed && <HistogramTable bars={data.bars} zone={zone} />}
    </section>
  );
}

/** How many steps of the time can be taken back. */
const BACK_MAX = 50;

function Empty({ isEmpty }: { readonly isEmpty: boolean }) {
  return isEmpty ? <p className="muted">{messages.noRecords}</p> : <Loading what={messages.loading} />;
}

/** Says which records of the answer the bars do not show. */
function Coverage({ data }: { readonly data: HistogramData }) {
  const { outside, countedThrough, isStale } = data;
  if (isStale || (outside === 0 && countedThrough === null)) return null;
  return (
    <p className="histogram-coverage">
      {countedThrough === null ? messages.outside(outside) : messages.notYet(countedThrough)}
    </p>
  );
}

function Legend() {
  return (
    <ul className="histogram-legend">
      {(['success', 'attempt', 'failure'] as const).map((kind) => (
        <li key={kind}>
          <span className={`histogram-swatch ${kind}`} aria-hidden="true" />
          {messages[kind]}
        </li>
      ))}
    </ul>
  );
}

interface ToolsProps {
  readonly canZoomOut: boolean;
  readonly canGoBack: boolean;
  readonly isTable: boolean;
  readonly onZoom: (factor: number) => void;
  readonly onBack: () => void;
  readonly onTable: () => void;
}

function Tools({ canZoomOut, canGoBack, isTable, onZoom, onBack, onTable }: ToolsProps) {
  return (
    <div className="histogram-tools">
      <PlainButton label={messages.zoomIn} onPress={() => onZoom(0.5)}>
        <ZoomIn aria-hidden size={14} />
      </PlainButton>
      <PlainButton label={messages.zoomOut} onPress={() => onZoom(2)} isDisabled={!canZoomOut}>
        <ZoomOut aria-hidden size={14} />
      </PlainButton>
      <PlainButton label={messages.back} onPress={onBack} isDisabled={!canGoBack}>
        <Undo2 aria-hidden size={14} />
      </PlainButton>
      <PlainButton label={isTable ? messages.hideTable : messages.showTable} onPress={onTable}>
        <Table2 aria-hidden size={14} />
      </PlainButton>
      <PlainButton label={messages.hideChart} onPress={() => setPreferences({ histogramOpen: false })}>
        <ChevronDown aria-hidden size={14} />
      </PlainButton>
    </div>
  );
}

function summaryOf({ bars }: HistogramData, zone: Zone): string {
  const [first, last] = [bars[0], bars.at(-1)];
  if (!first || !last) return '';
  const records = bars.reduce((sum, { count }) => sum + count, 0);
  const stepMs = Date.parse(first.to) - Date.parse(first.from);
  const text = messages.summary(records, bars.length, spanText(first.from, last.to, zone));
  return `${text} · ${messages.barLength(durationText(stepMs))}`;
}

/** The time of some bars, no longer than what was asked for; `null` where nothing is left of it. */
function timeOfBars(
  { bars }: HistogramData,
  first: number,
  last: number,
  question: Question,
): TimeRange | null {
  const [begin, end] = [bars[first]?.from, bars[last]?.to];
  if (begin === undefined || end === undefined) return null;
  const from = question.from !== null && isBefore(begin, question.from) ? question.from : begin;
  const to = question.to !== null && isBefore(question.to, end) ? question.to : end;
  return isBefore(from, to) ? { kind: 'BETWEEN', from, to } : null;
}

function isBefore(one: string, other: string): boolean {
  return Date.parse(one) < Date.parse(other);
}

/** The width of an element in px, and again whenever it changes; 0 before it is known. */
function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  const measure = useCallback(() => setWidth(Math.floor(element.current?.clientWidth ?? 0)), [element]);
  useLayoutEffect(() => {
    measure();
    const observer = new ResizeObserver(measure);
    if (element.current !== null) observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, measure]);
  return width;
}
