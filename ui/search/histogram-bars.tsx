import { scaleLinear } from 'd3-scale';
import { memo, useId } from 'react';
import type { Zone } from '#ui/parts/time-text.ts';
import type { Bar } from './histogram-data.ts';
import { axisTicks } from './histogram-labels.ts';

export const PLOT_PX = 56;
const AXIS_PX = 16;
/** Whatever is there is seen, also one failure among a million. */
const PART_PX_MIN = 2;

export interface HistogramBarsProps {
  readonly bars: readonly Bar[];
  readonly widthPx: number;
  readonly zone: Zone;
  /** First and last bar that are marked. */
  readonly marked: readonly [first: number, last: number] | null;
}

/** The drawing: success below, attempts hatched, failures solid on top; the marked time behind them. */
export const HistogramBars = memo(function HistogramBars(props: HistogramBarsProps) {
  const { bars, widthPx, zone, marked } = props;
  const hatch = useId();
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const height = scaleLinear()
    .domain([0, most])
    .range([0, PLOT_PX - 4]);
  const step = widthPx / Math.max(1, bars.length);
  return (
    <svg className="histogram-drawing" width={widthPx} height={PLOT_PX + AXIS_PX} aria-hidden="true">
      <defs>
        <pattern id={hatch} width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect className="histogram-hatch-ground" width="4" height="4" />
          <rect className="histogram-hatch-line" width="2" height="4" />
        </pattern>
      </defs>
      {marked !== null && (
        <rect
          className="histogram-marked"
          x={marked[0] * step}
          width={(marked[1] - marked[0] + 1) * step}
          height={PLOT_PX}
        />
      )}
      {bars.map((bar, place) => {
        const parts = barParts(bar, height);
        const x = place * step + gapOf(step) / 2;
        const width = Math.max(1, step - gapOf(step));
        return parts.map(({ kind, y, px }) => (
          <rect
            key={`${bar.from}${kind}`}
            className={`histogram-${kind}`}
            x={x}
            y={y}
            width={width}
            height={px}
            fill={kind === 'attempt' ? `url(#${hatch})` : undefined}
          />
        ));
      })}
      <Axis bars={bars} widthPx={widthPx} zone={zone} />
    </svg>
  );
});

function gapOf(step: number): number {
  return step > 4 ? 1 : 0;
}

interface Part {
  readonly kind: 'success' | 'attempt' | 'failure';
  readonly y: number;
  readonly px: number;
}

function barParts({ count, attempts, failures }: Bar, height: (count: number) => number): readonly Part[] {
  const counts = [
    ['success', count - attempts - failures],
    ['attempt', attempts],
    ['failure', failures],
  ] as const;
  let y = PLOT_PX;
  return counts
    .filter(([, number]) => number > 0)
    .map(([kind, number]) => {
      const px = Math.max(PART_PX_MIN, height(number));
      y -= px;
      return { kind, y, px };
    });
}

function Axis({ bars, widthPx, zone }: Pick<HistogramBarsProps, 'bars' | 'widthPx' | 'zone'>) {
  const [first, last] = [bars[0], bars.at(-1)];
  if (!first || !last) return null;
  const span = { fromMs: Date.parse(first.from), toMs: Date.parse(last.to) };
  const place = scaleLinear().domain([span.fromMs, span.toMs]).range([0, widthPx]);
  return (
    <g className="histogram-axis">
      <line x2={widthPx} y1={PLOT_PX + 0.5} y2={PLOT_PX + 0.5} />
      {axisTicks(span, widthPx, zone).map(({ ms, label }) => (
        <g key={ms} transform={`translate(${place(ms)} 0)`}>
          <line y1={PLOT_PX} y2={PLOT_PX + 4} />
          <text y={PLOT_PX + 14} textAnchor="middle">
            {label}
          </text>
        </g>
      ))}
    </g>
  );
}
