import { mayReach, resolveLedger } from '#server/access/ledger.ts';
import type { EventError } from '#server/events/event-error.ts';
import { type AckLevel, countReceipts, type Receipt } from '#server/events/receipt.ts';
import { BATCH_EVENTS_MAX } from '#server/ports/intake.ts';
import { builder } from './builder.ts';
import type { AppContext } from './context.ts';
import { EventInput } from './event-input.ts';
import { LEDGER_ARGUMENT, openLedger } from './ledger.ts';
import { RecordType } from './record.ts';
import type { StoredRecord } from './record-content.ts';

/** Finds the records of one request's receipts, all of them with one read. */
type RecordLookup = (index: number, ctx: AppContext) => Promise<StoredRecord | null>;

interface GivenReceipt extends Receipt {
  readonly lookUp: RecordLookup;
}

const AckLevelType = builder.enumType('AckLevel', {
  description: 'How far an event must have come before the mutation answers. The wait ends after 30 seconds.',
  values: {
    QUEUED: { description: 'It is on the disk and will be recorded, whatever happens.' },
    RECORDED: { description: 'It is in the ledger: the receipt has its record.' },
    CHECKPOINTED: { description: 'A signed checkpoint covers it.' },
  },
});

const EventOutcome = builder.enumType('EventOutcome', {
  description: 'What became of an event.',
  values: {
    ACCEPTED: { description: 'It is durable.' },
    DUPLICATE: { description: 'The same event was accepted before; nothing was added.' },
    REJECTED: { description: 'Nothing of it was kept; the errors say why.' },
  },
});

const EventErrorType = builder.objectRef<EventError>('EventError').implement({
  description: 'One thing that is wrong with one event.',
  fields: (t) => ({
    path: t.exposeStringList('path', { description: 'Member names from the event inwards.' }),
    code: t.exposeString('code', { description: 'Machine-readable; docs/ERRORS.md has them all.' }),
    message: t.exposeString('message', { description: 'In words, with the limit where there is one.' }),
  }),
});

const EventReceipt = builder.objectRef<GivenReceipt>('EventReceipt').implement({
  description: 'What a sender gets back for one event.',
  fields: (t) => ({
    position: t.exposeInt('position', { description: '0-based place of the event in what was sent.' }),
    eventId: t.exposeID('eventId', {
      nullable: true,
      description: "The event's id, sent or made; null where it was rejected without a usable one.",
    }),
    outcome: t.expose('outcome', { type: EventOutcome, description: 'What became of it.' }),
    errors: t.expose('errors', {
      type: [EventErrorType],
      description:
        'Why it was rejected. An accepted event may have RECORD_PENDING (the wait was over) or ' +
        'EVENT_QUARANTINED.',
      complexity: 1,
    }),
    record: t.field({
      type: RecordType,
      nullable: true,
      description:
        'Its record, where it is recorded already: from ack RECORDED on, and for duplicates. ' +
        'Needs the scope records:read.',
      authScopes: { scope: 'records:read' },
      resolve: ({ index, lookUp }, _args, ctx) => (index === null ? null : lookUp(index, ctx)),
    }),
  }),
});

const RecordEventsPayload = builder
  .objectRef<{ receipts: readonly GivenReceipt[] } & ReturnType<typeof countReceipts>>('RecordEventsPayload')
  .implement({
    description:
      'What a sender gets back for several events: accepted + duplicates + rejected is what was sent.',
    fields: (t) => ({
      receipts: t.expose('receipts', {
        type: [EventReceipt],
        description: 'One for every event, in the order sent.',
        complexity: { field: 1, multiplier: 1 },
      }),
      accepted: t.exposeInt('accepted', { description: 'How many were accepted.' }),
      duplicates: t.exposeInt('duplicates', { description: 'How many had been accepted before.' }),
      rejected: t.exposeInt('rejected', { description: 'How many were rejected.' }),
    }),
  });

const ACK_ARGUMENT = 'How far the event must have come before this answers.';
const ERRORS_GIVEN =
  'Errors: LEDGER_NOT_FOUND, LEDGER_RESERVED; QUEUE_FULL, STORAGE_UNAVAILABLE, ' +
  'APPLIANCE_READ_ONLY, APPLIANCE_STOPPING ' +
  '(503: nothing ' +
  'of the request is acknowledged; send it again).';

builder.mutationField('recordEvent', (t) =>
  t.field({
    type: EventReceipt,
    description: `Records one event. Needs the scope events:write. ${ERRORS_GIVEN}`,
    authScopes: { scope: 'events:write' },
    args: {
      ledger: t.arg.id({ description: LEDGER_ARGUMENT }),
      event: t.arg({ type: EventInput, required: true, description: 'The event.' }),
      ack: t.arg({ type: AckLevelType, defaultValue: 'QUEUED', description: ACK_ARGUMENT }),
    },
    resolve: async (_root, { ledger, event, ack }, ctx) => {
      const [receipt] = await record(ctx, ledger, [event], ack);
      if (!receipt) throw new Error('An event got no receipt.');
      return receipt;
    },
  }),
);

builder.mutationField('recordEvents', (t) =>
  t.field({
    type: RecordEventsPayload,
    description:
      `Records up to ${BATCH_EVENTS_MAX.toLocaleString('en')} events of one ledger, in order. A bad ` +
      `value in one event ` +
      "is that event's rejection and never spoils its neighbours; only what GraphQL's own typing refuses " +
      'fails the ' +
      `request. Needs the scope events:write. ${ERRORS_GIVEN} BATCH_TOO_LARGE.`,
    authScopes: { scope: 'events:write' },
    complexity: ({ events }) => ({ field: 1, multiplier: events.length }),
    args: {
      ledger: t.arg.id({ description: LEDGER_ARGUMENT }),
      events: t.arg({
        type: [EventInput],
        required: true,
        description: `The events, at most ${BATCH_EVENTS_MAX.toLocaleString('en')}.`,
      }),
      ack: t.arg({ type: AckLevelType, defaultValue: 'QUEUED', description: ACK_ARGUMENT }),
    },
    resolve: async (_root, { ledger, events, ack }, ctx) => {
      const receipts = await record(ctx, ledger, events, ack);
      return { receipts, ...countReceipts(receipts) };
    },
  }),
);

async function record(
  ctx: AppContext,
  given: string | null | undefined,
  events: readonly unknown[],
  ack: AckLevel | null | undefined,
): Promise<readonly GivenReceipt[]> {
  const { caller, services } = ctx;
  const ledger = resolveLedger(caller, given ?? null);
  const mayWrite = (id: string) => mayReach(caller, id);
  const receipts = await services.accept({ ledger, events, ack: ack ?? 'QUEUED', caller, mayWrite });
  const lookUp = lookUpOnce(ledger, receipts);
  return receipts.map((receipt) => ({ ...receipt, lookUp }));
}

function lookUpOnce(ledgerId: string, receipts: readonly Receipt[]): RecordLookup {
  let records: Promise<ReadonlyMap<number, StoredRecord>> | null = null;
  return async (index, ctx) => {
    records ??= readRecords(ctx, ledgerId, receipts);
    return (await records).get(index) ?? null;
  };
}

async function readRecords(
  ctx: AppContext,
  ledgerId: string,
  receipts: readonly Receipt[],
): Promise<ReadonlyMap<number, StoredRecord>> {
  const ledger = await openLedger(ctx, ledgerId);
  const indexes = receipts.flatMap(({ index }) => (index === null ? [] : [BigInt(index)]));
  // Recorded a moment ago: a copy would not have them yet.
  const rows = await ctx.db.record.findMany({ where: { ledgerNo: ledger.no, index: { in: indexes } } });
  return new Map(rows.map((row) => [Number(row.index), { ...row, ledger }]));
}
