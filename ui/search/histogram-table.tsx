import { countText } from '#ui/parts/number-text.ts';
import { timeText, type Zone } from '#ui/parts/time-text.ts';
import { messages } from './chart-messages.ts';
import type { Bar } from './histogram-data.ts';

/** The same numbers as the chart, as a table. */
export function HistogramTable({ bars, zone }: { readonly bars: readonly Bar[]; readonly zone: Zone }) {
  return (
    <div className="histogram-table" role="region" aria-label={messages.tableCaption} tabIndex={0}>
      <table>
        <caption className="unseen">{messages.tableCaption}</caption>
        <thead>
          <tr>
            {[messages.from, messages.to].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
            {[messages.records, messages.success, messages.attempt, messages.failure].map((title) => (
              <th key={title} scope="col" className="histogram-table-number">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {bars.map(({ from, to, count, failures, attempts }) => (
            <tr key={from}>
              <th scope="row">{timeText(from, zone)}</th>
              <td>{timeText(to, zone)}</td>
              {[count, count - failures - attempts, attempts, failures].map((number, column) => (
                // Columns never change places.
                <td key={column} className="histogram-table-number">
                  {countText(number)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
