import { expect, test } from 'vitest';
import { readEventText } from '#server/cli/import/event-text.ts';

const encoder = new TextEncoder();

function read(text: string, position = 0) {
  return readEventText({ bytes: encoder.encode(text), line: 1, end: text.length, tooLong: false }, position);
}

function idOf(text: string, position = 0): string {
  const { id } = JSON.parse(read(text, position).text ?? '{}') as { id: string };
  return id;
}

test('an event that has an id is sent as it stands, every digit and escape of it', () => {
  const text = '{"id":"a","action":"x","details":{"n":9007199254740993,"f":1.10,"s":"\\u0041"}}';
  expect(read(text).text).toBe(text);
});

test('an event without an id gets one in front, and the rest of its text stays as it is', () => {
  const { text } = read('{ "action":"x", "details":{"n":12345678901234567890} }', 4);
  expect(text).toMatch(
    /^\{"id":"import-[0-9a-f]{32}-4","action":"x", "details":\{"n":12345678901234567890\} \}$/,
  );
  expect(JSON.parse(read('{}').text ?? '')).toEqual({ id: expect.stringMatching(/^import-/) as string });
});

test('the id is the same for the same content at the same place, however it is laid out', () => {
  const compact = '{"action":"x","details":{"b":2,"a":1}}';
  const pretty = '{\n  "details": { "a": 1,\r\n "b": 2.0 },\n  "action": "\\u0078"\n}';
  expect(idOf(pretty, 3)).toBe(idOf(compact, 3));
  expect(idOf(compact, 4)).not.toBe(idOf(compact, 3));
  expect(idOf('{"action":"y"}', 3)).not.toBe(idOf(compact, 3));
});

test('an id of null is no id: it is replaced, not given twice', () => {
  const { text } = read('{"id":null,"action":"x","details":{"n":9007199254740993}}', 1);
  expect(text?.match(/"id"/g)).toHaveLength(1);
  expect(text).toMatch(/"id":"import-[0-9a-f]{32}-1"/);
  expect(text).toContain('9007199254740993');
});

test('an event over several lines is sent as one', () => {
  expect(read('{"id":"a",\r\n"action":\n"x"}').text).toBe('{"id":"a", "action": "x"}');
});

test('what is no JSON, no UTF-8 or too long is named and never sent', () => {
  expect(read('{"a":}').problem?.code).toBe('JSON_INVALID');
  expect(read('{"a":"\n"}').problem?.code).toBe('JSON_INVALID');
  expect(read('\u00a0{}').problem?.code).toBe('JSON_INVALID');
  const broken = { bytes: new Uint8Array([0x22, 0xc3, 0x28, 0x22]), line: 1, end: 4, tooLong: false };
  expect(readEventText(broken, 0).problem?.message).toMatch(/UTF-8/);
  const long = { bytes: new Uint8Array(), line: 1, end: 4, tooLong: true };
  expect(readEventText(long, 0).problem?.code).toBe('EVENT_TOO_LARGE');
});

test('what the appliance must judge is sent as it is: other kinds, members given twice, odd ids', () => {
  for (const text of [
    '5',
    '"x"',
    '[1]',
    'null',
    '{"id":5}',
    '{"id":"a","id":"b"}',
    '{"id":null,"n":1e999}',
  ]) {
    expect(read(text)).toEqual({ text });
  }
});
