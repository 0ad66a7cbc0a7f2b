import { defineMessages } from '#ui/app/messages.ts';
import { countOf, countText } from '#ui/parts/number-text.ts';

export const messages = defineMessages({
  group: 'Histogram',
  title: 'Histogram: records by the time they happened',
  help:
    'Left and right move from bar to bar, with Shift they mark a time. ' +
    'Enter shows what is marked, Escape leaves.',
  summary: (records: number, bars: number, span: string) =>
    `${countOf(records, 'record', 'records')} in ${countOf(bars, 'bar', 'bars')}, ${span}`,
  barLength: (length: string) => `a bar is ${length}`,
  bar: (span: string, records: number, success: number, attempts: number, failures: number) =>
    `${span} · ${countOf(records, 'record', 'records')}: ${countText(success)} success, ` +
    `${countOf(attempts, 'attempt', 'attempts')}, ${countOf(failures, 'failure', 'failures')}`,
  marked: (span: string, records: number) =>
    `${span} · ${countOf(records, 'record', 'records')} marked, Enter shows them`,
  success: 'Success',
  attempt: 'Attempt',
  failure: 'Failure',
  outside: (records: number) => {
    const are = records === 1 ? 'lies' : 'lie';
    return `${countOf(records, 'record', 'records')} of the answer ${are} outside this time.`;
  },
  notYet: (index: number) =>
    `Records after ${countText(index)} are not counted here yet: they are still being indexed.`,
  noRecords: 'There are no records.',
  loading: 'Counting…',
  focusChart: 'Go to the histogram',
  showChart: 'Show the histogram',
  hideChart: 'Hide the histogram',
  showTable: 'Show the histogram as a table',
  hideTable: 'Hide the table of the histogram',
  zoomIn: 'Zoom in: half the time',
  zoomOut: 'Zoom out: twice the time',
  back: 'Back to the time before',
  next: 'Next bar',
  previous: 'Previous bar',
  markNext: 'Mark to the next bar',
  markPrevious: 'Mark to the previous bar',
  markFirst: 'Mark to the first bar',
  markLast: 'Mark to the last bar',
  firstBar: 'First bar',
  lastBar: 'Last bar',
  apply: 'Show the marked time',
  leave: 'Leave the histogram',
  tableCaption: 'Records by the time they happened',
  from: 'From',
  to: 'To',
  records: 'Records',
});
