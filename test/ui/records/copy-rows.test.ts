import { describe, expect, test } from 'vitest';
import { copyRows } from '#ui/records/copy-rows.ts';
import { findRows, phraseOf } from '#ui/records/find-rows.ts';
import type { RecordRow } from '#ui/records/record-row.ts';
import { chosenColumns, COLUMNS_DEFAULT, nextOrder, ROW_COLUMNS, termOf } from '#ui/records/row-column.ts';
import {
  emptySelection,
  rowsBetween,
  SELECTION_MAX,
  withRows,
  withToggled,
} from '#ui/records/row-selection.ts';

function rowOf(index: number, changes: Partial<RecordRow> = {}): RecordRow {
  return {
    index,
    eventId: `event-${index}`,
    occurredAt: '2026-01-31T23:59:59.999Z',
    recordedAt: '2026-02-01T00:00:00.123Z',
    action: 'door.open',
    status: 'SUCCESS',
    actor: { id: 'alice', type: 'user', name: 'Alice Example' },
    target: { id: null, type: 'door', name: 'Front | door' },
    context: null,
    classification: null,
    description: null,
    ...changes,
  };
}

const columnsOf = (...ids: string[]) => chosenColumns(ids);
const column = (id: string) => columnsOf(id)[0]!;

describe('copied rows', () => {
  test('are all their fields as JSON: one record by itself, several as a list', () => {
    const rows = [rowOf(2), rowOf(1)];
    expect(JSON.parse(copyRows(rows, columnsOf('actor'), 'JSON'))).toEqual(rows);
    expect(JSON.parse(copyRows([rowOf(2)], columnsOf('actor'), 'JSON'))).toEqual(rowOf(2));
  });

  test('are the shown columns as CSV, quoted, and no formulas', () => {
    const rows = [
      rowOf(7, { actor: { id: '=1+1', type: null, name: null }, description: 'a "b", c\nd' }),
      rowOf(6, { actor: { id: '@cmd', type: null, name: null } }),
    ];
    expect(copyRows(rows, columnsOf('index', 'time', 'actor', 'description'), 'CSV')).toBe(
      [
        'Index,Time,Actor,Description',
        `7,2026-01-31T23:59:59.999Z,'=1+1,"a ""b"", c\nd"`,
        `6,2026-01-31T23:59:59.999Z,'@cmd,`,
        '',
      ].join('\r\n'),
    );
  });

  test('are a table as Markdown that their text cannot break out of', () => {
    const rows = [rowOf(1, { action: '<b>*x*</b>\u202e', actor: null })];
    expect(copyRows(rows, columnsOf('action', 'actor', 'target'), 'MARKDOWN')).toBe(
      [
        '| Action | Actor | Target |',
        '| --- | --- | --- |',
        '| \\<b\\>\\*x\\*\\</b\\>\\[U+202E\\] |  | Front \\| door |',
        '',
      ].join('\n'),
    );
  });
});

describe('columns', () => {
  test('are those that were chosen, once each; unknown ones are passed over', () => {
    expect(columnsOf('ip', 'no-such', 'time', 'ip').map(({ id }) => id)).toEqual(['ip', 'time']);
    expect(chosenColumns(null).map(({ id }) => id)).toEqual(COLUMNS_DEFAULT);
    expect(columnsOf('no-such').map(({ id }) => id)).toEqual(COLUMNS_DEFAULT);
    expect(new Set(ROW_COLUMNS.map(({ title }) => title)).size).toBe(ROW_COLUMNS.length);
  });

  test('give the term that finds their value, whatever is in it', () => {
    expect(termOf(rowOf(1), column('actor'))).toBe('actor:alice');
    expect(termOf(rowOf(1, { action: 'a b"c' }), column('action'))).toBe('action:"a b\\"c"');
    expect(termOf(rowOf(1), column('target'))).toBe('target.name:"Front | door"');
    expect(termOf(rowOf(1), column('status'))).toBe('status:success');
    expect(termOf(rowOf(1), column('index'))).toBe('index:1');
    expect(termOf(rowOf(1), column('event'))).toBe('id:"event-1"'.replaceAll('"', ''));
    expect(termOf(rowOf(1), column('ip'))).toBeNull();
    expect(termOf(rowOf(1), column('time'))).toBeNull();
  });

  test('sort with the last first, then the other way round', () => {
    const first = nextOrder({ field: 'RECORDED', direction: 'ASC' }, 'OCCURRED');
    expect(first).toEqual({ field: 'OCCURRED', direction: 'DESC' });
    expect(nextOrder(first, 'OCCURRED')).toEqual({ field: 'OCCURRED', direction: 'ASC' });
  });
});

describe('finding in rows', () => {
  test('looks at the shown columns, names included, whatever the case', () => {
    const rows = [rowOf(3), rowOf(2, { actor: { id: 'bob', type: null, name: null } }), rowOf(1)];
    expect(findRows(rows.entries(), columnsOf('actor'), 'aLICE e')).toEqual([0, 2]);
    expect(findRows(rows.entries(), columnsOf('action'), 'alice')).toEqual([]);
    expect(findRows(rows.entries(), columnsOf('actor'), '')).toEqual([]);
  });

  test('asks for all records with the words as they are', () => {
    expect(phraseOf('say "no" \\ yes')).toBe('"say \\"no\\" \\\\ yes"');
  });
});

describe('a selection', () => {
  test('takes what is loaded between two places however far apart they are, and counts what is not', () => {
    const loaded = [3, 4, 9_999_999].map((place) => [place, rowOf(place)] as const);
    expect(rowsBetween(loaded, 9_999_998, 4)).toEqual({ rows: [rowOf(4)], missing: 9_999_994 });
    expect(rowsBetween(loaded, 3, 3)).toEqual({ rows: [rowOf(3)], missing: 0 });
    expect(rowsBetween([], 0, 1)).toEqual({ rows: [], missing: 2 });
  });

  test('takes as many as its limit and not one more', () => {
    const many = Array.from({ length: SELECTION_MAX }, (_, at) => rowOf(at));
    const { selection, isFull } = withRows(emptySelection, many);
    expect([selection.size, isFull]).toEqual([SELECTION_MAX, false]);
    expect(withToggled(selection, rowOf(SELECTION_MAX))).toBeNull();
    expect(withRows(selection, [rowOf(5), rowOf(SELECTION_MAX)]).isFull).toBe(true);
    expect(withToggled(selection, rowOf(5))?.has(5)).toBe(false);
  });
});
