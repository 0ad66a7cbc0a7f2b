import { AppError } from '#server/errors.ts';
import type { CountedIntake } from '#server/ports/intake-counts.ts';
import { countBetween } from '#server/records/count-between.ts';
import { builder } from './builder.ts';
import type { AppContext } from './context.ts';
import { timeText } from './encodings.ts';

const READ = { scope: 'records:read' } as const;
const ADMIN = { scope: 'admin' } as const;
const MINUTE_MS = 60_000;
/** Most minutes that the throughput is told of. */
export const THROUGHPUT_MINUTES_MAX = 1440;
/** What counting weighs against a record's field. */
const COUNT_COMPLEXITY = 100;
/** The throughput is looked up together, whatever the number of minutes. */
const ON_MINUTES = { field: COUNT_COMPLEXITY, multiplier: 60 } as const;

interface LedgerIntake extends CountedIntake {
  readonly ledgerNo: number;
  readonly minutes: number;
}

interface RecordedMinute {
  readonly from: number;
  readonly to: number;
  readonly recorded: number;
}

const Throughput = builder.objectRef<RecordedMinute>('Throughput').implement({
  description: 'A minute, and how many records the ledger got in it.',
  authScopes: READ,
  fields: (t) => ({
    from: t.field({
      type: 'DateTime',
      description: 'Where it begins, inclusive: a whole minute.',
      resolve: ({ from }) => timeText(from),
    }),
    to: t.field({
      type: 'DateTime',
      description: 'Where it ends, exclusive. Of the last one this is later than now.',
      resolve: ({ to }) => timeText(to),
    }),
    recorded: t.field({
      type: 'SafeInt',
      description: 'How many events were recorded in it. Exact.',
      resolve: ({ recorded }) => recorded,
    }),
  }),
});

const IntakeType = builder.objectRef<LedgerIntake>('Intake').implement({
  description:
    'What became of the events of a ledger that were ever accepted. All numbers are of one moment: ' +
    'accepted = recorded + quarantined + waiting.',
  authScopes: READ,
  fields: (t) => ({
    accepted: t.field({
      type: 'SafeInt',
      description:
        'Events that were ever accepted: those with a receipt ACCEPTED, and the ones whose sender did not ' +
        'get its receipt. Duplicates are not counted again, nor is an event that is replayed.',
      resolve: ({ recorded, quarantined, waiting }) => recorded + quarantined + waiting,
    }),
    recorded: t.field({
      type: 'SafeInt',
      description: 'Events that are records of the ledger: its size.',
      resolve: ({ recorded }) => recorded,
    }),
    quarantined: t.field({
      type: 'SafeInt',
      description: 'Accepted, but cannot be recorded: in quarantine, or discarded from it.',
      resolve: ({ quarantined }) => quarantined,
    }),
    discarded: t.field({
      type: 'SafeInt',
      description: 'Of the quarantined ones: given up.',
      resolve: ({ discarded }) => discarded,
    }),
    waiting: t.field({
      type: 'SafeInt',
      description: 'In the queue: accepted, or put back by a replay, and not recorded yet.',
      resolve: ({ waiting }) => waiting,
    }),
    waitingSince: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the oldest of those that wait came into the queue; null where none waits.',
      resolve: ({ waitingSince }) => (waitingSince === null ? null : timeText(waitingSince)),
    }),
    throughput: t.field({
      type: [Throughput],
      description:
        'Records by the minute they were recorded in, in UTC, the last `minutes` minutes, oldest first, ' +
        'also empty ones. The last one is the running one.',
      complexity: ON_MINUTES,
      resolve: countMinutes,
    }),
  }),
});

interface QuarantineCount {
  readonly open: number;
  readonly replayed: number;
  readonly discarded: number;
}

const QuarantineCounts = builder.objectRef<QuarantineCount>('QuarantineCounts').implement({
  description: 'How many events are, or were, in the quarantine of a ledger.',
  authScopes: ADMIN,
  fields: (t) => ({
    open: t.field({
      type: 'SafeInt',
      description: 'They wait for someone to decide.',
      resolve: ({ open }) => open,
    }),
    replayed: t.field({
      type: 'SafeInt',
      description: 'They were put back into the queue.',
      resolve: ({ replayed }) => replayed,
    }),
    discarded: t.field({
      type: 'SafeInt',
      description: 'They were given up.',
      resolve: ({ discarded }) => discarded,
    }),
  }),
});

builder.prismaObjectFields('Ledger', (t) => ({
  intake: t.field({
    type: IntakeType,
    select: { no: true },
    description:
      'What became of the events that were ever accepted for the ledger. Needs the scope records:read. ' +
      'Errors: BAD_USER_INPUT.',
    authScopes: READ,
    complexity: COUNT_COMPLEXITY,
    args: {
      minutes: t.arg.int({
        required: true,
        defaultValue: 60,
        description: `Of how many minutes the throughput is told, 1 to ${THROUGHPUT_MINUTES_MAX}.`,
      }),
    },
    resolve: async ({ no }, { minutes }, { services }) => {
      checkMinutes(minutes);
      return { ledgerNo: no, minutes, ...(await services.intakeCounts.count(no)) };
    },
  }),
  quarantine: t.field({
    type: QuarantineCounts,
    select: { no: true },
    description: 'How many events are, or were, in quarantine. Needs the scope admin.',
    authScopes: ADMIN,
    resolve: async ({ no }, _args, { db }) => {
      const where = { ledgerNo: no };
      const found = await db.quarantinedEvent.groupBy({ by: ['state'], where, _count: { _all: true } });
      const of = (wanted: string): number => found.find(({ state }) => state === wanted)?._count._all ?? 0;
      return { open: of('OPEN'), replayed: of('REPLAYED'), discarded: of('DISCARDED') };
    },
  }),
}));

function checkMinutes(minutes: number): void {
  if (minutes >= 1 && minutes <= THROUGHPUT_MINUTES_MAX) return;
  const message = `minutes is ${minutes}; it must be 1 to ${THROUGHPUT_MINUTES_MAX}.`;
  throw new AppError('BAD_USER_INPUT', { message, path: ['minutes'] });
}

async function countMinutes(
  { ledgerNo, recorded, minutes }: LedgerIntake,
  _args: object,
  { services }: AppContext,
): Promise<RecordedMinute[]> {
  const end = (Math.floor(services.clock() / MINUTE_MS) + 1) * MINUTE_MS;
  const edges = Array.from({ length: minutes + 1 }, (_, i) => end - (minutes - i) * MINUTE_MS);
  const counts = await countBetween(recorded, edges, (indexes) =>
    services.intakeCounts.recordedAt(ledgerNo, indexes),
  );
  return counts.map((count, i) => ({ from: edges[i] ?? 0, to: edges[i + 1] ?? 0, recorded: count }));
}
