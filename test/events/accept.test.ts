import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AcceptRequest, createAccept } from '#server/events/accept.ts';
import { ACK_WAIT_MS } from '#server/events/limits.ts';
import { countReceipts } from '#server/events/receipt.ts';
import { AppError } from '#server/errors.ts';
import { BATCH_EVENTS_MAX } from '#server/ports/intake.ts';
import { sha256 } from '#server/sha256.ts';
import { createMemoryIntake } from '#test/support/memory-intake.ts';
import { CALLER, NOW } from '#test/support/sample-events.ts';

function world(waitingMax?: number) {
  const intake = createMemoryIntake({
    ledgers: ['acme'],
    ...(waitingMax === undefined ? {} : { waitingMax }),
  });
  let made = 0;
  let checkpoint = Promise.withResolvers<void>();
  const accept = createAccept({
    intake,
    clock: () => NOW,
    newId: () => `made-${(made += 1)}`,
    sha256,
    checkpointed: async () => await checkpoint.promise,
  });
  const send = async (events: readonly unknown[], changes: Partial<AcceptRequest> = {}) =>
    await accept({ ledger: 'acme', events, ack: 'QUEUED', caller: CALLER, mayWrite: () => true, ...changes });
  return {
    intake,
    send,
    checkpointNow: () => {
      checkpoint.resolve();
      checkpoint = Promise.withResolvers<void>();
    },
    checkpointFails: () => checkpoint.reject(new Error('stopping')),
  };
}

const event = (id: string, n = 0) => ({ id, action: 'a', details: { n } });
const accepted = (position: number, eventId: string, index: number | null = null) => ({
  position,
  eventId,
  outcome: 'ACCEPTED',
  errors: [],
  ledger: 'acme',
  index,
});

describe('receipts', () => {
  it('come one for each event, in the order sent, and one bad event spoils no other', async () => {
    const { send, intake } = world();
    const receipts = await send([event('e-1'), { id: 'e-2' }, { action: 'b' }, 'nonsense', event('e-3')]);
    expect(receipts).toEqual([
      accepted(0, 'e-1'),
      {
        position: 1,
        eventId: 'e-2',
        outcome: 'REJECTED',
        errors: [{ path: ['action'], code: 'EVENT_INVALID', message: 'action is missing.' }],
        ledger: null,
        index: null,
      },
      accepted(2, 'made-1'),
      {
        position: 3,
        eventId: null,
        outcome: 'REJECTED',
        errors: [{ path: [], code: 'EVENT_INVALID', message: 'An event must be an object, not a string.' }],
        ledger: null,
        index: null,
      },
      accepted(4, 'e-3'),
    ]);
    expect(countReceipts(receipts)).toEqual({ accepted: 3, duplicates: 0, rejected: 2 });
    expect(intake.waiting('acme').map(({ eventId }) => eventId)).toEqual(['e-1', 'made-1', 'e-3']);
  });

  it('tell the same event from another one with its id, waiting or recorded', async () => {
    const { send, intake } = world();
    await send([event('e-1')]);
    const outcomes = async () =>
      (await send([event('e-1'), event('e-1', 1)])).map((one) => [one.outcome, one.index]);
    expect(await outcomes()).toEqual([
      ['DUPLICATE', null],
      ['REJECTED', null],
    ]);
    intake.record('acme');
    expect(await outcomes()).toEqual([
      ['DUPLICATE', 0],
      ['REJECTED', null],
    ]);
    const [, conflict] = await send([event('e-1'), event('e-1', 1)]);
    expect(conflict).toMatchObject({ eventId: 'e-1', errors: [{ path: ['id'], code: 'EVENT_ID_CONFLICT' }] });
  });

  it('decide on two events with one id in one request in the order sent', async () => {
    const receipts = await world().send([event('e', 1), event('e', 1), event('e', 2)]);
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['ACCEPTED', 'DUPLICATE', 'REJECTED']);
  });

  it('are none for no events, whatever the ledger', async () => {
    expect(await world().send([], { ledger: 'nowhere' })).toEqual([]);
  });
});

async function failureOf(request: Promise<unknown>): Promise<unknown> {
  const error: unknown = await request.catch((cause: unknown) => cause);
  if (!(error instanceof AppError)) throw new Error('It did not fail as it should');
  const { code, message, inputPath: path, status } = error;
  return { code, message, path, status };
}

describe('a request', () => {
  it('takes 1,000 events and is refused whole with one more', async () => {
    const { send, intake } = world();
    const events = Array.from({ length: BATCH_EVENTS_MAX + 1 }, (_, i) => event(`e-${i}`));
    await expect(send(events)).rejects.toMatchObject({
      code: 'BATCH_TOO_LARGE',
      inputPath: ['events'],
      message: '1001 events were sent; the limit is 1000.',
    });
    expect(intake.waiting('acme')).toEqual([]);
    expect(await send(events.slice(1))).toHaveLength(BATCH_EVENTS_MAX);
  });

  it('fails alike for a ledger that is not there and one that the caller may not write to', async () => {
    const { send, intake } = world();
    const missing = await failureOf(send([event('e')], { ledger: 'nowhere' }));
    const foreign = await failureOf(send([event('e')], { mayWrite: (ledger) => ledger !== 'acme' }));
    expect(missing).toMatchObject({ code: 'LEDGER_NOT_FOUND' });
    expect(foreign).toEqual(missing);
    expect(intake.waiting('acme')).toEqual([]);
    // Neither is an event's own mistake told apart.
    const bad = [{ id: 'x' }];
    expect(await send(bad, { ledger: 'nowhere' })).toEqual(await send(bad, { mayWrite: () => false }));
  });

  it('fails as the intake fails, and may be sent again', async () => {
    const { send, intake } = world(1);
    await expect(send([event('e-1'), event('e-2')])).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    intake.failNext(new AppError('STORAGE_UNAVAILABLE'), 'NOTHING_KEPT');
    await expect(send([event('e-1')])).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    expect((await send([event('e-1')]))[0]).toEqual(accepted(0, 'e-1'));
  });

  it('that failed although it was kept answers DUPLICATE when it is sent again', async () => {
    const { send, intake } = world();
    intake.failNext(new AppError('STORAGE_UNAVAILABLE'), 'KEPT');
    await expect(send([event('e-1')])).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    expect((await send([event('e-1')]))[0]?.outcome).toBe('DUPLICATE');
    intake.record('acme');
    expect(intake.recorded('acme')).toHaveLength(1);
  });
});

describe('an acknowledgement that waits', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('gives the index of every record', async () => {
    const { send, intake } = world();
    await send([event('old')]);
    const receipts = send([event('e-1'), event('old'), {}, event('e-1', 1), event('e-2')], {
      ack: 'RECORDED',
    });
    await vi.advanceTimersByTimeAsync(10);
    intake.record('acme');
    expect((await receipts).map(({ outcome, index }) => [outcome, index])).toEqual([
      ['ACCEPTED', 1],
      ['DUPLICATE', 0],
      ['REJECTED', null],
      ['REJECTED', null],
      ['ACCEPTED', 2],
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends after 30 seconds with the events accepted and pending', async () => {
    const { send, intake } = world();
    await send([event('old')]);
    intake.record('acme');
    let done = false;
    const receipts = send([event('e-1'), event('old'), {}], { ack: 'RECORDED' }).finally(() => {
      done = true;
    });
    await vi.advanceTimersByTimeAsync(ACK_WAIT_MS - 1);
    expect(done).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toBe(true);
    expect(await receipts).toMatchObject([
      { outcome: 'ACCEPTED', index: null, errors: [{ path: [], code: 'RECORD_PENDING' }] },
      { outcome: 'DUPLICATE', index: 0, errors: [] },
      { outcome: 'REJECTED', errors: [{ code: 'EVENT_INVALID' }] },
    ]);
    intake.record('acme');
    expect(intake.recorded('acme')).toHaveLength(2);
  });

  it('says which event went into quarantine', async () => {
    const { send, intake } = world();
    const receipts = send([event('e-1'), event('e-2')], { ack: 'RECORDED' });
    await vi.advanceTimersByTimeAsync(0);
    intake.quarantine('acme', 'e-1');
    intake.record('acme');
    expect(await receipts).toMatchObject([
      { outcome: 'ACCEPTED', index: null, errors: [{ code: 'EVENT_QUARANTINED' }] },
      { outcome: 'ACCEPTED', index: 0, errors: [] },
    ]);
  });

  it('keeps its receipts when the process stops meanwhile: the events are durable', async () => {
    const { send, intake } = world();
    const receipts = send([event('e-1')], { ack: 'RECORDED' });
    await vi.advanceTimersByTimeAsync(0);
    intake.stop();
    expect(await receipts).toMatchObject([{ outcome: 'ACCEPTED', errors: [{ code: 'RECORD_PENDING' }] }]);
  });

  it('waits for the checkpoint where one is asked for, in the same 30 seconds', async () => {
    const { send, intake, checkpointNow } = world();
    let done = false;
    const receipts = send([event('e-1')], { ack: 'CHECKPOINTED' }).finally(() => {
      done = true;
    });
    await vi.advanceTimersByTimeAsync(10);
    intake.record('acme');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(done).toBe(false);
    checkpointNow();
    expect(await receipts).toEqual([accepted(0, 'e-1', 0)]);

    const late = send([event('e-2')], { ack: 'CHECKPOINTED' });
    await vi.advanceTimersByTimeAsync(ACK_WAIT_MS - 1);
    intake.record('acme');
    await vi.advanceTimersByTimeAsync(1);
    expect(await late).toMatchObject([
      {
        outcome: 'ACCEPTED',
        index: 1,
        errors: [{ code: 'RECORD_PENDING', message: expect.stringContaining('not checkpointed') as string }],
      },
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not wait for a checkpoint where nothing was recorded, and survives one that fails', async () => {
    const { send, intake, checkpointFails } = world();
    expect(await send([{}], { ack: 'CHECKPOINTED' })).toMatchObject([{ outcome: 'REJECTED' }]);
    const receipts = send([event('e-1')], { ack: 'CHECKPOINTED' });
    await vi.advanceTimersByTimeAsync(0);
    intake.record('acme');
    await vi.advanceTimersByTimeAsync(0);
    checkpointFails();
    expect(await receipts).toMatchObject([{ index: 0, errors: [{ code: 'RECORD_PENDING' }] }]);
  });
});
