import { type KeyboardEvent, type PointerEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { type Command, useCommands } from '#ui/app/commands.ts';
import { announce } from '#ui/parts/announce.ts';
import type { Zone } from '#ui/parts/time-text.ts';
import { messages } from './chart-messages.ts';
import { HistogramBars } from './histogram-bars.tsx';
import { type Brush, markedBars, moveBrush } from './histogram-brush.ts';
import type { Bar } from './histogram-data.ts';
import { spanText } from './histogram-labels.ts';

export interface HistogramChartProps {
  readonly bars: readonly Bar[];
  readonly widthPx: number;
  readonly zone: Zone;
  /** What the chart shows as a whole, for those who cannot see it. */
  readonly summary: string;
  readonly isStale: boolean;
  /** Says what is under the pointer or the focus; `null` for nothing. */
  readonly onRead: (text: string | null) => void;
  /** Shows the time of these bars. */
  readonly onApply: (first: number, last: number) => void;
  readonly onZoom: (factor: number) => void;
}

/** The chart as something to point at, drag over, and walk through with keys. */
export function HistogramChart(props: HistogramChartProps) {
  const { bars, widthPx, zone, summary, isStale } = props;
  const chart = useRef<HTMLDivElement>(null);
  const { brush, setBrush, isDragging, unmark, pointers } = useBrush(props, chart);
  const commands = chartCommands({ ...props, chart, brush, setBrush, unmark });
  useCommands(commands);
  return (
    <div
      ref={chart}
      className="histogram-chart"
      role="group"
      tabIndex={0}
      aria-label={messages.title}
      aria-describedby="histogram-summary"
      aria-busy={isStale}
      data-stale={isStale}
      data-dragging={isDragging}
      onFocus={() => {
        if (chart.current?.matches(':focus-visible'))
          setBrush(brush ?? moveBrush(null, BACK, bars.length), true);
      }}
      onBlur={() => setBrush(null, false)}
      onKeyDown={(event) => runHere(event, commands)}
      {...pointers}
    >
      <p id="histogram-summary" className="unseen">
        {summary}. {messages.help}
      </p>
      <HistogramBars
        bars={bars}
        widthPx={widthPx}
        zone={zone}
        marked={brush === null ? null : markedBars(brush)}
      />
    </div>
  );
}

const BACK = { by: -1, isMarking: false } as const;

type SetBrush = (brush: Brush | null, isSaid: boolean) => void;

/** What is looked at and marked, by pointer or keys. */
function useBrush(props: HistogramChartProps, chart: RefObject<HTMLDivElement | null>) {
  const { bars, zone, onRead, onApply } = props;
  const [brush, keepBrush] = useState<Brush | null>(null);
  const [isDragging, setIsDragging] = useState(false);
  const setBrush: SetBrush = (next, isSaid) => {
    const shown = next === null ? null : withinBars(next, bars.length);
    keepBrush(shown);
    const text = shown === null ? null : brushText(shown, bars, zone);
    onRead(text);
    if (isSaid && text !== null) announce(text);
  };
  // Bars of another question: a place among the old ones says nothing.
  useEffect(() => {
    keepBrush(null);
    onRead(null);
    setIsDragging(false);
  }, [bars, onRead]);
  const barUnder = (event: PointerEvent): number => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const place = Math.floor(((event.clientX - left) / Math.max(1, width)) * bars.length);
    return Math.min(bars.length - 1, Math.max(0, place));
  };
  const pointers = {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0 || bars.length === 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      chart.current?.focus({ preventScroll: true });
      const at = barUnder(event);
      setIsDragging(true);
      setBrush({ at, anchor: at }, false);
    },
    onPointerMove: (event: PointerEvent) => {
      if (bars.length === 0) return;
      setBrush({ at: barUnder(event), anchor: isDragging ? (brush?.anchor ?? null) : null }, false);
    },
    onPointerUp: () => {
      if (!isDragging || brush === null) return;
      setIsDragging(false);
      onApply(...markedBars(brush));
    },
    onPointerCancel: () => {
      setIsDragging(false);
      setBrush(null, false);
    },
    onPointerLeave: () => {
      if (!isDragging && document.activeElement !== chart.current) setBrush(null, false);
    },
  };
  /** Takes the marking back; gives whether there was any. */
  const unmark = (): boolean => {
    if (brush === null || brush.anchor === null) return false;
    setIsDragging(false);
    setBrush({ at: brush.at, anchor: null }, true);
    return true;
  };
  return { brush, setBrush, isDragging, unmark, pointers };
}

function withinBars({ at, anchor }: Brush, count: number): Brush | null {
  return at < count && (anchor ?? 0) < count ? { at, anchor } : null;
}

function brushText(brush: Brush, bars: readonly Bar[], zone: Zone): string | null {
  const [first, last] = markedBars(brush);
  const [from, to] = [bars[first], bars[last]];
  if (!from || !to) return null;
  const marked = bars.slice(first, last + 1);
  const sum = (read: (bar: Bar) => number): number => marked.reduce((total, bar) => total + read(bar), 0);
  const span = spanText(from.from, to.to, zone);
  const [count, attempts, failures] = [sum((b) => b.count), sum((b) => b.attempts), sum((b) => b.failures)];
  if (first !== last) return messages.marked(span, count);
  return messages.bar(span, count, count - attempts - failures, attempts, failures);
}

interface ChartCommands extends HistogramChartProps {
  readonly chart: RefObject<HTMLDivElement | null>;
  readonly brush: Brush | null;
  readonly setBrush: SetBrush;
  readonly unmark: () => boolean;
}

/** Keys of the chart: all but the first act only while it has the focus. */
function chartCommands(options: ChartCommands): readonly Command[] {
  const { bars, brush, setBrush, unmark, chart, onApply, onZoom } = options;
  const inChart = (run: () => void) => (): boolean => {
    if (document.activeElement !== chart.current) return false;
    run();
    return true;
  };
  const move = (by: number, isMarking: boolean) =>
    inChart(() => setBrush(moveBrush(brush, { by, isMarking }, bars.length), true));
  const key = (id: string, title: string, keys: readonly string[], run: () => boolean): Command => ({
    id: `histogram.${id}`,
    title,
    group: messages.group,
    keys,
    isKeyOnly: true,
    run,
  });
  return [
    {
      id: 'histogram.focus',
      title: messages.focusChart,
      group: messages.group,
      keys: ['i'],
      run: () => focusVisibly(chart.current),
    },
    key('next', messages.next, ['ArrowRight'], move(1, false)),
    key('previous', messages.previous, ['ArrowLeft'], move(-1, false)),
    key('mark-next', messages.markNext, ['Shift+ArrowRight'], move(1, true)),
    key('mark-previous', messages.markPrevious, ['Shift+ArrowLeft'], move(-1, true)),
    key('first', messages.firstBar, ['Home'], move(-bars.length, false)),
    key('last', messages.lastBar, ['End'], move(bars.length, false)),
    key('mark-first', messages.markFirst, ['Shift+Home'], move(-bars.length, true)),
    key('mark-last', messages.markLast, ['Shift+End'], move(bars.length, true)),
    key(
      'apply',
      messages.apply,
      ['Enter'],
      inChart(() => {
        if (brush !== null) onApply(...markedBars(brush));
      }),
    ),
    key(
      'zoom-in',
      messages.zoomIn,
      ['+'],
      inChart(() => onZoom(0.5)),
    ),
    key(
      'zoom-out',
      messages.zoomOut,
      ['-'],
      inChart(() => onZoom(2)),
    ),
    key(
      'leave',
      messages.leave,
      ['Escape'],
      inChart(() => {
        if (!unmark()) chart.current?.blur();
      }),
    ),
  ];
}

/** While the chart has the focus its keys are its own, whatever else is open on the page. */
function runHere(event: KeyboardEvent, commands: readonly Command[]): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const pressed = event.shiftKey && event.key.length > 1 ? `Shift+${event.key}` : event.key;
  const found = commands.find(({ id, keys }) => id !== 'histogram.focus' && keys?.includes(pressed));
  if (found !== undefined && found.run() !== false) event.preventDefault();
}

function focusVisibly(element: HTMLElement | null): void {
  element?.focus({ focusVisible: true });
}
