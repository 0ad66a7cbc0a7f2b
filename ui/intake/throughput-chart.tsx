import { scaleLinear } from 'd3-scale';
import { Button, Disclosure, DisclosurePanel } from 'react-aria-components';
import { usePreferences } from '#ui/app/preferences.ts';
import { countOf, countText } from '#ui/parts/number-text.ts';
import { timeText, type Zone } from '#ui/parts/time-text.ts';
import type { IntakeLedger } from './intake-state.tsx';
import { messages } from './messages.ts';
import './throughput-chart.css';

type Throughput = IntakeLedger['intake']['throughput'];

const [WIDTH, HEIGHT, GAP] = [720, 96, 1] as const;

/** Records by the minute they were recorded in: bars to see, a table to read. */
export function ThroughputChart({ throughput }: { readonly throughput: Throughput }) {
  const { zone } = usePreferences();
  return (
    <section className="throughput-chart" aria-label={messages.throughput}>
      <h2>{messages.throughput}</h2>
      <Bars throughput={throughput} zone={zone} />
      <Disclosure className="throughput-chart-table">
        {({ isExpanded }) => (
          <>
            <Button slot="trigger" className="button plain">
              {messages.asTable}
            </Button>
            <DisclosurePanel>{isExpanded && <Minutes throughput={throughput} zone={zone} />}</DisclosurePanel>
          </>
        )}
      </Disclosure>
    </section>
  );
}

interface MinutesProps {
  readonly throughput: Throughput;
  readonly zone: Zone;
}

function Bars({ throughput, zone }: MinutesProps) {
  const most = Math.max(0, ...throughput.map(({ recorded }) => recorded));
  const height = scaleLinear([0, Math.max(1, most)], [0, HEIGHT]).nice();
  const width = WIDTH / Math.max(1, throughput.length);
  const top = height.domain()[1] ?? 1;
  return (
    <figure className="throughput-chart-figure">
      <p className="throughput-chart-top" aria-hidden>
        {messages.most(countText(top))}
      </p>
      <svg
        role="img"
        aria-label={summaryOf(throughput, zone)}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
      >
        <line className="throughput-chart-limit" x1={0} x2={WIDTH} y1={0} y2={0} />
        <line className="throughput-chart-ground" x1={0} x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
        {throughput.map(({ from, recorded }, place) => (
          <rect
            key={from}
            x={place * width}
            y={HEIGHT - (recorded === 0 ? 0 : Math.max(1, height(recorded)))}
            width={Math.max(0.5, width - GAP)}
            height={recorded === 0 ? 0 : Math.max(1, height(recorded))}
          >
            <title>{messages.bar(countOf(recorded, 'record', 'records'), minuteText(from, zone))}</title>
          </rect>
        ))}
      </svg>
      <figcaption aria-hidden>
        <span>{minuteText(throughput[0]?.from, zone)}</span>
        <span>{minuteText(throughput.at(-1)?.to, zone)}</span>
      </figcaption>
    </figure>
  );
}

function Minutes({ throughput, zone }: MinutesProps) {
  return (
    <div className="throughput-chart-scroller" tabIndex={0} role="group" aria-label={messages.asTable}>
      <table>
        <thead>
          <tr>
            <th scope="col">{messages.minute}</th>
            <th scope="col">{messages.recorded}</th>
          </tr>
        </thead>
        <tbody>
          {throughput.toReversed().map(({ from, recorded }) => (
            <tr key={from}>
              <th scope="row">{timeText(from, zone)}</th>
              <td>{countText(recorded)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function summaryOf(throughput: Throughput, zone: Zone): string {
  const total = throughput.reduce((sum, { recorded }) => sum + recorded, 0);
  if (total === 0) return messages.chartNone;
  const most = throughput.reduce((best, one) => (one.recorded > best.recorded ? one : best));
  const totalText = countOf(total, 'record', 'records');
  return messages.chart(totalText, countText(most.recorded), minuteText(most.from, zone));
}

/** Hours and minutes, in the person's zone. */
function minuteText(at: string | undefined, zone: Zone): string {
  return at === undefined ? '' : timeText(at, zone).slice(11, 16);
}
