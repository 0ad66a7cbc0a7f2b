import { describe, expect, it } from 'vitest';
import { AppError } from '#server/errors.ts';
import { type Acceptance, BATCH_EVENTS_MAX } from '#server/ports/intake.ts';
import {
  codeOf,
  expectIntact,
  makeEvent,
  makeEvents,
  openWithLedgers,
  outcomes,
  recordAll,
  recordedIds,
  sequenceDeps,
  submit,
} from '#test/support/ledger-fixture.ts';
import type { OpenStorage, StorageUnderTest } from '#test/support/storage-under-test.ts';
import { sequence } from '#server/worker/sequence.ts';

const OTHER = { note: 'something else' };

/** What the intake promises about what it keeps. */
export function describeIntake(open: OpenStorage): void {
  describe('the intake', () => {
    it('keeps every accepted event when the process is killed after the answer', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      expect(outcomes(await submit(storage, 'acme', makeEvents('e', 3)))).toEqual(Array(3).fill('ACCEPTED'));
      const after = await storage.restart();
      expect(await after.queue.depth()).toMatchObject({ batches: 1, events: 3 });
      await recordAll(after);
      expect(await recordedIds(after, 'acme')).toEqual(['e0', 'e1', 'e2']);
      await expectIntact(after, 'acme');
    });

    it('answers DUPLICATE without an index while the event waits, with it once it is recorded', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      await submit(storage, 'acme', makeEvents('e', 2));
      expect(await submit(storage, 'acme', [makeEvent('e1')])).toEqual([
        { outcome: 'DUPLICATE', index: null },
      ]);
      await recordAll(storage);
      expect(await submit(storage, 'acme', [makeEvent('e1')])).toEqual([{ outcome: 'DUPLICATE', index: 1 }]);
      expect(await storage.queue.depth()).toMatchObject({ batches: 0 });
    });

    it('answers CONFLICT to other content under a known id, and keeps none of it', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      await submit(storage, 'acme', [makeEvent('e')]);
      expect(await submit(storage, 'acme', [makeEvent('e', OTHER)])).toEqual([{ outcome: 'CONFLICT' }]);
      await recordAll(storage);
      expect(await submit(storage, 'acme', [makeEvent('e', OTHER)])).toEqual([{ outcome: 'CONFLICT' }]);
      expect(await storage.queue.depth()).toMatchObject({ batches: 0 });
      expect(await recordedIds(storage, 'acme')).toEqual(['e']);
    });

    it('knows waiting and recorded ids for ever, also after a restart', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      await submit(storage, 'acme', [makeEvent('recorded')]);
      await recordAll(storage);
      await submit(storage, 'acme', [makeEvent('waiting')]);
      const after = await storage.restart();
      const again = ['recorded', 'waiting'].flatMap((id) => [makeEvent(id), makeEvent(id, OTHER)]);
      expect(await submit(after, 'acme', again)).toEqual([
        { outcome: 'DUPLICATE', index: 0 },
        { outcome: 'CONFLICT' },
        { outcome: 'DUPLICATE', index: null },
        { outcome: 'CONFLICT' },
      ]);
    });

    it('decides the events of one submission in order', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const events = [makeEvent('a'), makeEvent('a'), makeEvent('b'), makeEvent('a', OTHER), makeEvent('b')];
      const { admissions, settled } = await storage.intake.accept({ ledger: 'acme', events, settle: true });
      expect(outcomes(admissions)).toEqual(['ACCEPTED', 'DUPLICATE', 'ACCEPTED', 'CONFLICT', 'DUPLICATE']);
      await recordAll(storage);
      const [a, b, none] = [
        { state: 'RECORDED', index: 0 },
        { state: 'RECORDED', index: 1 },
        { state: 'NONE' },
      ];
      expect(await settled).toEqual([a, a, b, none, b]);
    });

    it('accepts exactly one of many that send one id at the same time', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const event = makeEvent('e');
      const sent = Array.from({ length: 8 }, (_, i) =>
        submit(storage, 'acme', [i === 5 ? makeEvent('e', OTHER) : event, makeEvent(`own${i}`)]),
      );
      const first = (await Promise.all(sent)).map(([admission]) => admission?.outcome);
      for (const [outcome, count] of Object.entries({ ACCEPTED: 1, CONFLICT: 1, DUPLICATE: 6 })) {
        expect(first.filter((one) => one === outcome)).toHaveLength(count);
      }
      await recordAll(storage);
      expect(await recordedIds(storage, 'acme')).toHaveLength(9);
    });

    it('keeps one id apart in two ledgers', async () => {
      const storage = await openWithLedgers(open, ['acme', 'Acme']);
      expect(outcomes(await submit(storage, 'acme', [makeEvent('e')]))).toEqual(['ACCEPTED']);
      expect(outcomes(await submit(storage, 'Acme', [makeEvent('e', OTHER)]))).toEqual(['ACCEPTED']);
    });

    it('tells ids apart that differ in anything at all', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const ids = ['a', 'A', 'a ', ' a', 'á', 'a\u0301', 'a\u0000', 'a\tb', 'a\nb', '"', '\\', '\u{1f600}'];
      expect(
        outcomes(
          await submit(
            storage,
            'acme',
            ids.map((id) => makeEvent(id)),
          ),
        ),
      ).toEqual(ids.map(() => 'ACCEPTED'));
      const after = await storage.restart();
      expect(
        outcomes(
          await submit(
            after,
            'acme',
            ids.map((id) => makeEvent(id)),
          ),
        ),
      ).toEqual(ids.map(() => 'DUPLICATE'));
      await recordAll(after);
      expect(await recordedIds(after, 'acme')).toEqual(ids);
      await expectIntact(after, 'acme');
    });

    it('keeps the order of a submission, and of submissions that were awaited', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      for (const name of ['a', 'b', 'c']) await submit(storage, 'acme', makeEvents(name, 3));
      await recordAll(storage);
      expect(await recordedIds(storage, 'acme')).toEqual([
        'a0',
        'a1',
        'a2',
        'b0',
        'b1',
        'b2',
        'c0',
        'c1',
        'c2',
      ]);
    });

    it('keeps a submission whole in one batch, and no batch over the limit', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const sizes = [BATCH_EVENTS_MAX, 1, BATCH_EVENTS_MAX - 1, 2];
      await Promise.all(sizes.map((size, i) => submit(storage, 'acme', makeEvents(`${i}-`, size))));
      const batches: string[][] = [];
      for (let [batch] = await storage.queue.take(1); batch; [batch] = await storage.queue.take(1)) {
        const lines = batch.payload.split('\n');
        expect(lines).toHaveLength(batch.eventCount);
        expect(lines.length).toBeLessThanOrEqual(BATCH_EVENTS_MAX);
        batches.push(lines);
        await sequence(sequenceDeps(storage), { ledger: 'acme', lines, completes: batch.id });
      }
      for (const [i, size] of sizes.entries()) {
        const own = makeEvents(`${i}-`, size).map(({ line }) => line);
        expect(batches.some((lines) => own.every((line) => lines.includes(line)))).toBe(true);
      }
      await expectIntact(storage, 'acme');
    });

    it('takes a submission without events', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const { admissions, settled } = await storage.intake.accept({
        ledger: 'acme',
        events: [],
        settle: true,
      });
      expect([admissions, await settled]).toEqual([[], []]);
      expect(await storage.queue.depth()).toMatchObject({ batches: 0 });
    });

    it('refuses a ledger that does not exist and accepts what was sent beside it', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const [missing, good] = await Promise.allSettled([
        submit(storage, 'nowhere', [makeEvent('e')]),
        submit(storage, 'acme', [makeEvent('e')]),
      ]);
      expect(missing).toMatchObject({ reason: { code: 'LEDGER_NOT_FOUND' } });
      expect(good).toMatchObject({ value: [{ outcome: 'ACCEPTED' }] });
    });

    it('tells the worker after each commit that queued something, and only then', async () => {
      let calls = 0;
      const storage = await openWithLedgers(open, ['acme'], { onQueued: () => (calls += 1) });
      await submit(storage, 'acme', [makeEvent('e')]);
      expect(calls).toBe(1);
      await submit(storage, 'acme', [makeEvent('e'), makeEvent('e', OTHER)]);
      expect(calls).toBe(1);
    });
  });
  describeSettling(open);
  describeRefusals(open);
}

function describeSettling(open: OpenStorage): void {
  describe('whoever waits for events', () => {
    const waitFor = (storage: StorageUnderTest, ids: readonly string[]): Promise<Acceptance> =>
      storage.intake.accept({ ledger: 'acme', events: ids.map((id) => makeEvent(id)), settle: true });

    it('hears when they are recorded, also of events that someone else sent before', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const first = await waitFor(storage, ['a', 'b']);
      const second = await waitFor(storage, ['b', 'c']);
      await recordAll(storage);
      const recorded = (index: number) => ({ state: 'RECORDED', index });
      expect(await first.settled).toEqual([recorded(0), recorded(1)]);
      expect(await second.settled).toEqual([recorded(1), recorded(2)]);
      expect(await (await waitFor(storage, ['a', 'c'])).settled).toEqual([recorded(0), recorded(2)]);
    });

    it('hears nothing before the last of them has ended', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const { settled } = await waitFor(storage, ['a', 'b']);
      let heard = false;
      void settled?.then(() => (heard = true));
      storage.settle('acme', new Map([['a', { state: 'RECORDED', index: 0 }]]));
      await new Promise(setImmediate);
      expect(heard).toBe(false);
      storage.settle('acme', new Map([['b', { state: 'QUARANTINED' }]]));
      expect(await settled).toEqual([{ state: 'RECORDED', index: 0 }, { state: 'QUARANTINED' }]);
    });

    it('hears of the ledger it sent to, not of the same id in another one', async () => {
      const storage = await openWithLedgers(open, ['acme', 'other']);
      const { settled } = await waitFor(storage, ['e']);
      storage.settle('other', new Map([['e', { state: 'QUARANTINED' }]]));
      await recordAll(storage);
      expect(await settled).toEqual([{ state: 'RECORDED', index: 0 }]);
    });

    it('is not kept waiting for anything it did not ask for', async () => {
      const storage = await openWithLedgers(open, ['acme']);
      const { settled } = await storage.intake.accept({
        ledger: 'acme',
        events: [makeEvent('e')],
        settle: false,
      });
      expect(settled).toBeNull();
    });
  });
}

function describeRefusals(open: OpenStorage): void {
  describe('a queue with limits', () => {
    it('takes events up to the limit and refuses a submission whole that goes one past it', async () => {
      const storage = await openWithLedgers(open, ['acme', 'other'], { queueEventsMax: 5 });
      await submit(storage, 'acme', makeEvents('a', 3));
      expect(await codeOf(submit(storage, 'other', makeEvents('b', 3)))).toBe('QUEUE_FULL');
      expect(await storage.queue.depth()).toMatchObject({ batches: 1, events: 3 });
      expect(outcomes(await submit(storage, 'other', makeEvents('b', 2)))).toEqual(['ACCEPTED', 'ACCEPTED']);
      expect(await codeOf(submit(storage, 'acme', makeEvents('c', 1)))).toBe('QUEUE_FULL');
    });

    it('counts characters in the same way', async () => {
      const [a, b] = [makeEvent('a'), makeEvent('b')];
      const both = a.line.length + b.line.length;
      const enough = await openWithLedgers(open, ['acme'], { queueCharactersMax: both });
      expect(outcomes(await submit(enough, 'acme', [a, b]))).toEqual(['ACCEPTED', 'ACCEPTED']);
      const scarce = await openWithLedgers(open, ['acme'], { queueCharactersMax: both - 1 });
      expect(await codeOf(submit(scarce, 'acme', [a, b]))).toBe('QUEUE_FULL');
      expect(await scarce.queue.depth()).toMatchObject({ batches: 0 });
    });

    it('counts what arrives at the same time together', async () => {
      const storage = await openWithLedgers(open, ['acme'], { queueEventsMax: 5 });
      const sent = await Promise.allSettled(
        ['a', 'b', 'c'].map((name) => submit(storage, 'acme', makeEvents(name, 2))),
      );
      expect(sent.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
      expect(await storage.queue.depth()).toMatchObject({ events: 4 });
    });

    it('still answers DUPLICATE when it is full, so that a retry ends', async () => {
      const storage = await openWithLedgers(open, ['acme'], { queueEventsMax: 2 });
      await submit(storage, 'acme', makeEvents('e', 2));
      expect(outcomes(await submit(storage, 'acme', makeEvents('e', 2)))).toEqual(['DUPLICATE', 'DUPLICATE']);
    });

    it('does not take the events of a refused submission for known', async () => {
      const storage = await openWithLedgers(open, ['acme'], { queueEventsMax: 2 });
      const refused = codeOf(submit(storage, 'acme', [...makeEvents('x', 2), makeEvent('e')]));
      const accepted = submit(storage, 'acme', [makeEvent('e')]);
      expect(await refused).toBe('QUEUE_FULL');
      expect(outcomes(await accepted)).toEqual(['ACCEPTED']);
    });

    it('has room again when events are recorded, and counts what it finds at the start', async () => {
      const options = { queueEventsMax: 2 };
      const storage = await openWithLedgers(open, ['acme'], options);
      await submit(storage, 'acme', makeEvents('e', 2));
      const after = await storage.restart(options);
      expect(await codeOf(submit(after, 'acme', [makeEvent('f')]))).toBe('QUEUE_FULL');
      await recordAll(after);
      expect(outcomes(await submit(after, 'acme', makeEvents('f', 2)))).toEqual(['ACCEPTED', 'ACCEPTED']);
    });

    it('queues nothing while there is a refusal, and still knows what it has', async () => {
      let refusal: AppError | null = null;
      const storage = await openWithLedgers(open, ['acme'], { refusal: () => refusal });
      await submit(storage, 'acme', [makeEvent('e')]);
      refusal = new AppError('APPLIANCE_READ_ONLY');
      expect(await codeOf(submit(storage, 'acme', [makeEvent('f')]))).toBe('APPLIANCE_READ_ONLY');
      expect(outcomes(await submit(storage, 'acme', [makeEvent('e')]))).toEqual(['DUPLICATE']);
      refusal = null;
      expect(outcomes(await submit(storage, 'acme', [makeEvent('f')]))).toEqual(['ACCEPTED']);
    });
  });
}
