import { AppError } from '#server/errors.ts';
import { follow } from '#server/records/follow.ts';
import { builder } from './builder.ts';
import type { AppContext } from './context.ts';
import { fromHistory } from './history.ts';
import { LEDGER_ARGUMENT, ledgerSize, openLedger } from './ledger.ts';
import { RecordType } from './record.ts';
import { createRecordCheck } from './record-check.ts';
import type { StoredRecord } from './record-content.ts';
import { type Question, ASKING_ERRORS, readQuestion, SEARCH_ARGUMENT } from './question.ts';
import { RecordFilter } from './record-filter.ts';

builder.subscriptionField('recordAppended', (t) =>
  t.field({
    type: RecordType,
    description:
      'Every record of a ledger from `after` on, in order, none twice, none missed. To go on after a ' +
      'broken connection ' +
      'give the index of the last record you got. It ends with APPLIANCE_STOPPING when the server stops ' +
      'and with ' +
      'UNAUTHENTICATED when the token does. Needs the scope records:read. ' +
      `Errors: ${ASKING_ERRORS}.`,
    authScopes: { scope: 'records:read' },
    args: {
      ledger: t.arg.id({ description: LEDGER_ARGUMENT }),
      filter: t.arg({ type: RecordFilter, description: 'Which records; all unless given.' }),
      search: t.arg.string({ description: SEARCH_ARGUMENT }),
      after: t.arg({
        type: 'SafeInt',
        description:
          'Index of the last record that is known already; −1 for none. Left out: only what comes from ' +
          'now on.',
      }),
    },
    subscribe: (_root, { ledger, after, ...asked }, ctx) => append(ctx, ledger, readQuestion(asked), after),
    resolve: (record) => record,
  }),
);

async function append(
  ctx: AppContext,
  given: string | null | undefined,
  { condition, indexes }: Question,
  after: number | null | undefined,
): Promise<AsyncIterable<StoredRecord>> {
  const ledger = await openLedger(ctx, given);
  const size = await ledgerSize(ctx, ledger.no);
  if (typeof after === 'number' && (after < -1 || after >= size)) {
    throw new AppError('BAD_USER_INPUT', {
      message: `after is ${after}, but the last record has index ${size - 1}; −1 stands for the start.`,
      path: ['after'],
    });
  }
  const from = typeof after === 'number' ? after + 1 : size;
  return follow<StoredRecord>({
    from: Math.max(from, indexes.from),
    to: Number.isFinite(indexes.to) ? indexes.to : null,
    indexOf: ({ index }) => Number(index),
    matches: createRecordCheck(ctx.services.matcherOf(condition)),
    onGrowth: (wake) => ctx.services.events.onGrowth(ledger.id, wake),
    signal: ctx.stopping,
    read: async (index, take) => {
      await ctx.reauthenticate();
      // It waits only after the primary has said that there is nothing more: a copy that lags loses nothing.
      const rows = await fromHistory(
        ctx,
        (db) =>
          db.record.findMany({
            where: { ledgerNo: ledger.no, index: { gte: BigInt(index) } },
            orderBy: { index: 'asc' },
            take,
          }),
        (found) => found.length > 0,
      );
      return rows.map((row) => ({ ...row, ledger }));
    },
  });
}
