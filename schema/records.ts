import { AppError } from '#server/errors.ts';
import { toStoredText } from '#server/ports/stored-text.ts';
import { PAGE_RECORDS_DEFAULT, PAGE_RECORDS_MAX } from '#server/records/page.ts';
import { builder, pageComplexity } from './builder.ts';
import { findRecords } from './find-records.ts';
import { fromHistory } from './history.ts';
import { LEDGER_ARGUMENT, openLedger } from './ledger.ts';
import { QUESTION_ERRORS, readQuestion, SEARCH_ARGUMENT } from './question.ts';
import { RecordType } from './record.ts';
import { RecordConnection, RecordEdge } from './record-connection.ts';
import { RecordFilter } from './record-filter.ts';
import { checkPage, RecordOrder } from './record-order.ts';

const READ = { scope: 'records:read' } as const;

builder.queryField('record', (t) =>
  t.field({
    type: RecordType,
    nullable: true,
    description:
      'One record by its index or its event id (exactly one of them); null where there is none. ' +
      'Needs the scope records:read. Errors: LEDGER_NOT_FOUND, BAD_USER_INPUT.',
    authScopes: READ,
    args: {
      ledger: t.arg.id({ description: LEDGER_ARGUMENT }),
      index: t.arg({ type: 'SafeInt', description: '0-based position in the ledger.' }),
      eventId: t.arg.id({ description: 'The id that the event was sent with or given.' }),
    },
    resolve: async (_root, { ledger: ledgerId, index, eventId }, ctx) => {
      const byIndex = index !== null && index !== undefined;
      const byEventId = eventId !== null && eventId !== undefined;
      if (byIndex === byEventId) {
        throw new AppError('BAD_USER_INPUT', {
          message: 'Give exactly one of index and eventId.',
          path: ['index'],
        });
      }
      const ledger = await openLedger(ctx, ledgerId);
      const ledgerNo = ledger.no;
      // No record has such an id, and the database would take it for another one.
      if (byEventId && !eventId.isWellFormed()) return null;
      // Not by a unique key: Postgres has none of ledger and event id on its partitions.
      const row = await fromHistory(
        ctx,
        (db) =>
          byEventId
            ? db.record.findFirst({ where: { ledgerNo, eventId: toStoredText(eventId) } })
            : db.record.findUnique({ where: { ledgerNo_index: { ledgerNo, index: BigInt(index ?? 0) } } }),
        (found) => found !== null,
      );
      return row && { ...row, ledger };
    },
  }),
);

builder.queryField('records', (t) =>
  t.connection(
    {
      type: RecordType,
      description:
        `Records of a ledger, page by page: ${PAGE_RECORDS_DEFAULT} unless \`first\` or \`last\` says ` +
        `otherwise, at most ${PAGE_RECORDS_MAX}; only one of the two may be given. Needs the scope ` +
        `records:read. ` +
        `Errors: ${QUESTION_ERRORS}, PAGE_TOO_LARGE, CURSOR_INVALID.`,
      authScopes: READ,
      complexity: pageComplexity,
      args: {
        ledger: t.arg.id({ description: LEDGER_ARGUMENT }),
        filter: t.arg({ type: RecordFilter, description: 'Which records; all unless given.' }),
        search: t.arg.string({ description: SEARCH_ARGUMENT }),
        orderBy: t.arg({ type: RecordOrder, description: 'In which order; newest first unless given.' }),
        skip: t.arg({
          type: 'SafeInt',
          description:
            'Passes over so many matching records, in the order asked for, before the first of the page: ' +
            'at most `totalCount`, behind which the page is empty. Only with `first`, not with `last`, ' +
            '`after` or `before`.',
        }),
      },
      resolve: async (_root, args, ctx) => {
        const question = readQuestion(args);
        const request = checkPage(args);
        const ledger = await openLedger(ctx, args.ledger);
        return await findRecords(ctx, ledger, question, request);
      },
    },
    RecordConnection,
    RecordEdge,
  ),
);
