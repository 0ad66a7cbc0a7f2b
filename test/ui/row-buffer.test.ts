import { expect, test } from 'vitest';
import type { RecordRow } from '#ui/app/records.ts';
import { RowBuffer, ROWS_MAX } from '#ui/app/row-buffer.ts';

function row(index: number): RecordRow {
  const time = '2026-01-01T00:00:00.000Z';
  return {
    index,
    occurredAt: time,
    recordedAt: time,
    action: 'a',
    status: 'SUCCESS',
    actor: null,
    target: null,
  };
}

const indexes = (buffer: RowBuffer) => buffer.rows.map(({ index }) => index);

test('rows are newest first, each once, whatever is offered again', () => {
  const buffer = new RowBuffer();
  for (const index of [0, 1, 1, 2, 0]) buffer.add(row(index));
  expect(indexes(buffer)).toEqual([2, 1, 0]);
  expect(buffer.last).toBe(2);
});

test('at most so many rows are kept: the newest', () => {
  const buffer = new RowBuffer();
  for (let index = 0; index < ROWS_MAX + 1; index++) buffer.add(row(index));
  expect(buffer.rows).toHaveLength(ROWS_MAX);
  expect([buffer.rows[0]?.index, buffer.rows.at(-1)?.index]).toEqual([ROWS_MAX, 1]);
});

test('while paused nothing moves and everything is counted; going on shows the newest of what waited', () => {
  const buffer = new RowBuffer();
  buffer.add(row(0));
  buffer.pause();
  for (let index = 1; index <= 1_000; index++) buffer.add(row(index));
  expect(indexes(buffer)).toEqual([0]);
  expect(buffer.waitingCount).toBe(1_000);
  expect(buffer.last).toBe(1_000);
  buffer.resume();
  expect(buffer.waitingCount).toBe(0);
  expect(indexes(buffer)).toEqual(Array.from({ length: ROWS_MAX }, (_, at) => 1_000 - at));
});
