import { pino } from 'pino';
import { expect, it } from 'vitest';
import { ClientGone, createPublish } from '#server/http/errors.ts';

it('a client that goes away is no failure: nothing is logged', () => {
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const publish = createPublish({ log, newId: () => 'an id', clock: () => 0 });
  publish(new ClientGone());
  expect(lines).toEqual([]);
  publish(new Error('broken'));
  expect(lines).toHaveLength(1);
});
