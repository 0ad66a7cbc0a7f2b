import { mayReach } from '#server/access/ledger.ts';
import { AppError } from '#server/errors.ts';
import { decodeQueuedEvent } from '#server/events/queued-event.ts';
import { fromStoredText } from '#server/ports/stored-text.ts';
import { builder, pageComplexity } from './builder.ts';
import type { AppContext } from './context.ts';
import { timeText } from './encodings.ts';
import { LEDGER_ARGUMENT, openLedger } from './ledger.ts';

const ADMIN = { scope: 'admin' } as const;
const REASON_CHARACTERS_MAX = 1024;
/** The highest number of the quarantine's INTEGER. */
const QUARANTINE_ID_MAX = 2 ** 31 - 1;

const QuarantineState = builder.enumType('QuarantineState', {
  description: 'What became of a quarantined event.',
  values: {
    OPEN: { description: 'It waits for someone to decide.' },
    REPLAYED: { description: 'It was put back into the queue.' },
    DISCARDED: { description: 'It was given up; its bytes stay.' },
  },
});

interface SentSection {
  readonly name: string;
  readonly json: string;
}

const QuarantinedSection = builder.objectRef<SentSection>('QuarantinedSection').implement({
  description: 'A section of a quarantined event.',
  authScopes: { scope: 'records:read' },
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name, e.g. `actor`.' }),
    json: t.exposeString('json', {
      description: 'The section\'s canonical JSON, `{"<name>":…}`, as it would be recorded.',
    }),
  }),
});

const QuarantinedEventType = builder.prismaObject('QuarantinedEvent', {
  description:
    'An accepted event that cannot be recorded, kept with its reason until someone replays or discards it.',
  authScopes: ADMIN,
  fields: (t) => ({
    id: t.id({ description: 'Its id in the quarantine.', resolve: ({ id }) => String(id) }),
    ledger: t.relation('ledger', { description: 'The ledger it was sent to.' }),
    eventId: t.id({
      nullable: true,
      description: "The event's id; null where it could not be read.",
      resolve: ({ eventId }) => (eventId === null ? null : fromStoredText(eventId)),
    }),
    code: t.exposeString('code', { description: 'Why it cannot be recorded, machine-readable.' }),
    message: t.exposeString('message', { description: 'Why it cannot be recorded.' }),
    line: t.exposeString('line', {
      description:
        "The event as it was accepted: digest, id and each section's JSON, joined by TAB. " +
        'Needs the scope records:read besides admin.',
      authScopes: { scope: 'records:read' },
    }),
    sections: t.field({
      type: [QuarantinedSection],
      nullable: true,
      description:
        "The event's sections, in their order; null where the line cannot be read. " +
        'Needs the scope records:read besides admin.',
      authScopes: { scope: 'records:read' },
      resolve: ({ line }) => sectionsOf(line),
    }),
    state: t.field({
      type: QuarantineState,
      description: 'What became of it.',
      resolve: ({ state }) => stateOf(state),
    }),
    quarantinedAt: t.field({
      type: 'DateTime',
      description: 'When it was put here.',
      resolve: ({ quarantinedAt }) => timeText(quarantinedAt),
    }),
    closedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was replayed or discarded.',
      resolve: ({ closedAt }) => (closedAt === null ? null : timeText(closedAt)),
    }),
    closedBy: t.exposeString('closedBy', { nullable: true, description: 'Id of the token that closed it.' }),
    closedReason: t.exposeString('closedReason', { nullable: true, description: 'Why it was discarded.' }),
  }),
});

builder.queryField('quarantinedEvents', (t) =>
  t.prismaConnection(
    {
      type: QuarantinedEventType,
      cursor: 'id',
      description:
        'Events in quarantine, oldest first, 50 unless `first` or `last` says otherwise, at most 500. ' +
        'Needs the scope admin. Errors: LEDGER_NOT_FOUND.',
      authScopes: ADMIN,
      complexity: pageComplexity,
      args: {
        ledger: t.arg.id({ description: LEDGER_ARGUMENT }),
        state: t.arg({ type: QuarantineState, description: 'Only those in this state; all unless given.' }),
      },
      resolve: async (query, _root, args, ctx) => {
        const where = await quarantineOf(ctx, args);
        return await ctx.db.quarantinedEvent.findMany({ ...query, where, orderBy: { id: 'asc' } });
      },
    },
    { name: 'QuarantinedEventConnection', description: 'A page of quarantined events.', authScopes: ADMIN },
    { name: 'QuarantinedEventEdge', description: 'A quarantined event on a page.', authScopes: ADMIN },
  ),
);

builder.mutationField('replayQuarantinedEvent', (t) =>
  t.prismaField({
    type: QuarantinedEventType,
    description:
      'Puts a quarantined event back into the queue. Needs the scope admin. ' +
      'Errors: QUARANTINED_EVENT_NOT_FOUND, QUARANTINED_EVENT_CLOSED.',
    authScopes: ADMIN,
    args: { id: t.arg.id({ required: true, description: 'Its id in the quarantine.' }) },
    resolve: async (query, _root, args, ctx) => {
      const id = await findQuarantined(ctx, args.id);
      await ctx.services.quarantine.replay(id, ctx.caller.tokenId);
      return await ctx.db.quarantinedEvent.findUniqueOrThrow({ ...query, where: { id } });
    },
  }),
);

builder.mutationField('discardQuarantinedEvent', (t) =>
  t.prismaField({
    type: QuarantinedEventType,
    description:
      'Gives a quarantined event up; its bytes and the reason stay. Needs the scope admin. ' +
      'Errors: QUARANTINED_EVENT_NOT_FOUND, QUARANTINED_EVENT_CLOSED, BAD_USER_INPUT.',
    authScopes: ADMIN,
    args: {
      id: t.arg.id({ required: true, description: 'Its id in the quarantine.' }),
      reason: t.arg.string({
        required: true,
        description: `Why it is given up: 1 to ${REASON_CHARACTERS_MAX.toLocaleString('en')} characters.`,
      }),
    },
    resolve: async (query, _root, args, ctx) => {
      if (args.reason.trim() === '' || args.reason.length > REASON_CHARACTERS_MAX) {
        throw new AppError('BAD_USER_INPUT', {
          message: `reason has 1 to ${REASON_CHARACTERS_MAX.toLocaleString('en')} characters.`,
          path: ['reason'],
        });
      }
      // Postgres cannot store it.
      if (args.reason.includes('\u0000')) {
        throw new AppError('BAD_USER_INPUT', {
          message: 'reason has the character U+0000, which cannot be stored.',
          path: ['reason'],
        });
      }
      const id = await findQuarantined(ctx, args.id);
      await ctx.services.quarantine.discard(id, ctx.caller.tokenId, args.reason);
      return await ctx.db.quarantinedEvent.findUniqueOrThrow({ ...query, where: { id } });
    },
  }),
);

async function quarantineOf(
  ctx: AppContext,
  {
    ledger,
    state,
  }: { readonly ledger?: string | null | undefined; readonly state?: string | null | undefined },
) {
  const { no } = await openLedger(ctx, ledger);
  return { ledgerNo: no, ...(state ? { state } : {}) };
}

/** The id as a number; an event of a foreign ledger answers like one that is not there. */
async function findQuarantined(ctx: AppContext, given: string): Promise<number> {
  const id = Number(given);
  const event =
    Number.isInteger(id) && id > 0 && id <= QUARANTINE_ID_MAX
      ? await ctx.db.quarantinedEvent.findUnique({ where: { id }, include: { ledger: true } })
      : null;
  if (!event || !mayReach(ctx.caller, event.ledger.id)) throw new AppError('QUARANTINED_EVENT_NOT_FOUND');
  return id;
}

/** What cannot be read is a reason to be in quarantine; `line` still has it. */
function sectionsOf(line: string): SentSection[] | null {
  try {
    return [...decodeQueuedEvent(line).sections].map(([name, json]) => ({ name, json }));
  } catch {
    return null;
  }
}

function stateOf(stored: string): 'OPEN' | 'REPLAYED' | 'DISCARDED' {
  if (stored === 'OPEN' || stored === 'REPLAYED' || stored === 'DISCARDED') return stored;
  throw new Error('A stored quarantine state is not one.');
}
