import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { startIndexThread } from '#server/start-index-thread.ts';
import { createVirtualTime } from '#test/support/virtual-time.ts';

const CRASHING = new URL(`data:text/javascript,throw new Error('out of luck')`);
const SETTINGS = { kind: 'postgres', databaseUrl: 'postgresql://nowhere/', logLevel: 'silent' } as const;

it('the thread that fills the index is started again when it crashes, later and later', async () => {
  const time = createVirtualTime();
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  const thread = startIndexThread(SETTINGS, {
    log,
    now: time.now,
    startTimer: time.startTimer,
    entry: CRASHING,
  });
  onTestFinished(() => thread.stop());
  const waits: number[] = [];
  for (let i = 0; i < 4; i++) waits.push(await time.passToNextTimer());
  expect(waits).toEqual([1000, 2000, 4000, 8000]);
  await time.untilWaiting();
  expect(thread.status()).toMatchObject({ state: 'WAITING', outage: 'The index thread crashed.' });
  expect(lines[0]).toContain('out of luck');
  thread.grown('main');
  await thread.stop();
  expect(time.timersWaiting()).toBe(0);
});
