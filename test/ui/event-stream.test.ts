import { expect, test } from 'vitest';
import { StreamReader } from '#ui/graphql/event-stream.ts';

const STREAM =
  ':\n\nevent: next\ndata: {"a":1}\n\n: ping\n\ndata:x\r\ndata: y\r\n\r\nid: 4\n\nevent: complete\ndata\n\n';
const EVENTS = [
  { type: 'next', data: '{"a":1}' },
  { type: 'message', data: 'x\ny' },
  { type: 'complete', data: '' },
];

test('events are read the same wherever the pieces of the stream end', () => {
  for (let size = 1; size <= STREAM.length; size++) {
    const reader = new StreamReader();
    const events = [];
    for (let at = 0; at < STREAM.length; at += size) events.push(...reader.take(STREAM.slice(at, at + size)));
    expect(events, `pieces of ${size}`).toEqual(EVENTS);
  }
});

test('an event that never became whole is not given', () => {
  expect(new StreamReader().take('event: next\ndata: {"a":1}\n')).toEqual([]);
});
