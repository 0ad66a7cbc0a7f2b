import { describe, expect, it } from 'vitest';
import { type AcceptManyRequest, createAcceptMany, type ReceivedEvent } from '#server/events/accept-many.ts';
import { AppError } from '#server/errors.ts';
import { parseJson } from '#server/ledger/json.ts';
import { BATCH_EVENTS_MAX, type Intake } from '#server/ports/intake.ts';
import { sha256 } from '#server/sha256.ts';
import { createMemoryIntake } from '#test/support/memory-intake.ts';
import { CALLER, NOW } from '#test/support/sample-events.ts';

function world(options: { wrap?: (intake: Intake) => Intake; waitingMax?: number } = {}) {
  const { waitingMax = Number.POSITIVE_INFINITY } = options;
  const intake = createMemoryIntake({ ledgers: ['acme', 'globex', 'default'], waitingMax });
  let made = 0;
  const acceptMany = createAcceptMany({
    intake: options.wrap?.(intake) ?? intake,
    clock: () => NOW,
    newId: () => `made-${(made += 1)}`,
    sha256,
    checkpointed: async () => undefined,
  });
  const send = async (events: readonly unknown[], changes: Partial<AcceptManyRequest> = {}) =>
    await acceptMany({
      ledger: null,
      defaultLedger: 'default',
      events: events.map(received),
      ack: 'QUEUED',
      caller: CALLER,
      mayWrite: () => true,
      ...changes,
    });
  const ids = (ledger: string) => intake.waiting(ledger).map(({ eventId }) => eventId);
  return { intake, send, ids };
}

function received(value: unknown): ReceivedEvent {
  if (typeof value === 'string') return { problem: value };
  return { value: parseJson(JSON.stringify(value)) };
}

const notGlobex = (ledger: string) => ledger !== 'globex';
const own = (id: string) => ({ id, action: 'a' });
const of = (organizationId: string, id: string) => ({ id, action: 'a', status: 'success', organizationId });

describe('events of many shapes for many ledgers', () => {
  it('go to the ledger of their organization, else to the default one', async () => {
    const { send, ids } = world();
    const receipts = await send([
      of('acme', 'e-0'),
      own('e-1'),
      of('globex', 'e-2'),
      of('acme', 'e-3'),
      own('e-4'),
    ]);
    expect(
      receipts.map(({ position, eventId, outcome, ledger }) => [position, eventId, outcome, ledger]),
    ).toEqual([
      [0, 'e-0', 'ACCEPTED', 'acme'],
      [1, 'e-1', 'ACCEPTED', 'default'],
      [2, 'e-2', 'ACCEPTED', 'globex'],
      [3, 'e-3', 'ACCEPTED', 'acme'],
      [4, 'e-4', 'ACCEPTED', 'default'],
    ]);
    expect([ids('acme'), ids('globex'), ids('default')]).toEqual([['e-0', 'e-3'], ['e-2'], ['e-1', 'e-4']]);
  });

  it('go to the ledger that the request names, and one that names another is rejected', async () => {
    const { send, ids } = world();
    const receipts = await send([own('e-0'), of('acme', 'e-1'), of('globex', 'e-2')], { ledger: 'acme' });
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['ACCEPTED', 'ACCEPTED', 'REJECTED']);
    expect(receipts[2]).toMatchObject({
      eventId: 'e-2',
      errors: [{ path: ['organizationId'], code: 'LEDGER_MISMATCH' }],
    });
    expect(ids('acme')).toEqual(['e-0', 'e-1']);
  });

  it('are rejected alike for an organization without a ledger, a foreign one and no ledger id', async () => {
    const { send, ids } = world();
    const receipts = await send(
      [of('nowhere', 'e'), of('globex', 'e'), of('', 'e'), of('no/id', 'e'), of('acme', 'f')],
      { mayWrite: notGlobex },
    );
    const [missing, ...rest] = receipts.map((receipt) => ({ ...receipt, position: null, eventId: null }));
    expect(missing).toMatchObject({
      outcome: 'REJECTED',
      errors: [{ path: ['organizationId'], code: 'LEDGER_NOT_FOUND' }],
    });
    expect(rest.slice(0, 3)).toEqual([missing, missing, missing]);
    expect(rest[3]).toMatchObject({ outcome: 'ACCEPTED' });
    expect(ids('globex')).toEqual([]);
  });

  it('are rejected one by one for what is no JSON, no event or not valid', async () => {
    const { send } = world();
    const receipts = await send([
      'Unexpected end at offset 7',
      [],
      { principalId: 5, action: 'a', id: 'e-2' },
      { id: 'e-3', action: 'a', success: 'no' },
    ]);
    expect(receipts).toMatchObject([
      { eventId: null, errors: [{ code: 'JSON_INVALID', message: 'Unexpected end at offset 7' }] },
      { eventId: null, errors: [{ path: [], code: 'EVENT_INVALID' }] },
      { eventId: 'e-2', errors: [{ path: ['principalId'], code: 'EVENT_INVALID' }] },
      { eventId: 'e-3', errors: [{ path: ['success'], code: 'EVENT_INVALID' }] },
    ]);
  });

  it('come back with the indexes of each ledger where the sender waits', async () => {
    const { send, intake } = world();
    const recording = send([of('acme', 'e-0'), own('e-1'), of('acme', 'e-2')], { ack: 'RECORDED' });
    await Promise.resolve();
    intake.record('acme');
    intake.record('default');
    expect((await recording).map(({ index }) => index)).toEqual([0, 0, 1]);
  });

  it('are one submission for each 1,000 events of a ledger, in order', async () => {
    const sizes: number[] = [];
    const { send, ids } = world({
      wrap: (intake) => ({
        accept: async (submission) => {
          sizes.push(submission.events.length);
          return await intake.accept(submission);
        },
      }),
    });
    const events = Array.from({ length: 2 * BATCH_EVENTS_MAX + 1 }, (_, i) => own(`e-${i}`));
    const receipts = await send(events);
    expect(sizes).toEqual([BATCH_EVENTS_MAX, BATCH_EVENTS_MAX, 1]);
    expect(receipts.every(({ outcome, position }, i) => outcome === 'ACCEPTED' && position === i)).toBe(true);
    expect(ids('default')).toEqual(events.map(({ id }) => id));
  });
});

describe('a request of which nothing was kept', () => {
  it('fails as the intake fails', async () => {
    const { send } = world({ waitingMax: 1 });
    await expect(send([own('e-0'), own('e-1')])).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  });

  it('fails alike for a named ledger that is not there and one that is foreign', async () => {
    const { send } = world();
    await expect(send([own('e')], { ledger: 'nowhere' })).rejects.toMatchObject({
      code: 'LEDGER_NOT_FOUND',
      inputPath: [],
    });
    const foreign = send([own('e')], { ledger: 'globex', mayWrite: notGlobex });
    await expect(foreign).rejects.toMatchObject({ code: 'LEDGER_NOT_FOUND', inputPath: [] });
  });

  it('fails with what is not an AppError as it is', async () => {
    const { send, intake } = world();
    intake.failNext(new Error('a bug'), 'NOTHING_KEPT');
    await expect(send([own('e')])).rejects.toThrow('a bug');
  });
});

describe('a request of which a part was kept', () => {
  it('says so in the receipts: what failed is rejected with the reason and can be sent again', async () => {
    const down = new AppError('STORAGE_UNAVAILABLE');
    const { send, ids } = world({
      wrap: (intake) => ({
        accept: async (submission) => {
          if (submission.ledger === 'globex') throw down;
          return await intake.accept(submission);
        },
      }),
    });
    const receipts = await send([of('acme', 'e-0'), of('globex', 'e-1')]);
    expect(receipts).toMatchObject([
      { eventId: 'e-0', outcome: 'ACCEPTED' },
      { eventId: 'e-1', outcome: 'REJECTED', errors: [{ path: [], code: 'STORAGE_UNAVAILABLE' }] },
    ]);
    expect(ids('acme')).toEqual(['e-0']);
  });

  it('stops a ledger at its first failure, so that no event overtakes another', async () => {
    const { send, ids } = world({ waitingMax: BATCH_EVENTS_MAX + 1 });
    const events = Array.from({ length: 2 * BATCH_EVENTS_MAX + 1 }, (_, i) => own(`e-${i}`));
    const receipts = await send(events);
    expect(receipts.map(({ outcome }) => outcome)).toEqual(
      events.map((_, i) => (i < BATCH_EVENTS_MAX ? 'ACCEPTED' : 'REJECTED')),
    );
    expect(receipts.at(-1)).toMatchObject({ errors: [{ code: 'QUEUE_FULL' }] });
    expect(ids('default')).toHaveLength(BATCH_EVENTS_MAX);
  });
});
