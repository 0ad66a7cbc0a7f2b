import { readInstant } from '#server/index/leaves.ts';
import type { Condition } from '#server/ports/condition.ts';
import { intersect } from '#server/records/page.ts';
import { builder, ON_PAGE, pageComplexity } from './builder.ts';
import { findRecords, readRange } from './find-records.ts';
import { ledgerSize } from './ledger.ts';
import { SEARCH_ERRORS } from './question.ts';
import { RecordType } from './record.ts';
import { QUESTION_COMPLEXITY } from './record-counts.ts';
import { RecordConnection, RecordEdge } from './record-connection.ts';
import { eventOf, membersOf, requiredText, type StoredRecord, text } from './record-content.ts';
import { checkCount, checkPage, RecordOrder } from './record-order.ts';

const READ = { scope: 'records:read' } as const;

/** Most records on either side of one. */
export const AROUND_MAX = 100;

interface Around {
  readonly before: readonly StoredRecord[];
  readonly after: readonly StoredRecord[];
}

const RecordsAround = builder.objectRef<Around>('RecordsAround').implement({
  description: 'What was recorded just before and just after a record.',
  authScopes: READ,
  fields: (t) => ({
    before: t.field({
      type: [RecordType],
      description: 'The records just before it, in the order they were recorded.',
      complexity: ON_PAGE,
      resolve: ({ before }) => before,
    }),
    after: t.field({
      type: [RecordType],
      description: 'The records just after it, in the order they were recorded.',
      complexity: ON_PAGE,
      resolve: ({ after }) => after,
    }),
  }),
});

/** What two records may have in common: a member of a section. */
const RelatedBy = builder.enumType('RelatedBy', {
  description: 'What records have in common.',
  values: {
    REQUEST: { value: 'context.requestId', description: 'The request they happened in.' },
    SESSION: { value: 'context.sessionId', description: 'The session they happened in.' },
    CORRELATION: { value: 'context.correlationId', description: 'The business transaction.' },
    IP_ADDRESS: { value: 'context.ipAddress', description: 'The address of the client, as sent.' },
    ACTOR: { value: 'actor.id', description: 'Who did it.' },
    TARGET: { value: 'target.id', description: 'What it was done to, by type and id.' },
  } as const,
});

type RelatedMember = typeof RelatedBy.$inferType;

builder.objectFields(RecordType, (t) => ({
  around: t.field({
    type: RecordsAround,
    description: 'What was recorded in the ledger just before and just after it. Errors: PAGE_TOO_LARGE.',
    complexity: ({ first }) => ({ field: 1, multiplier: 2 * Math.max(1, first ?? 1) }),
    args: {
      first: t.arg.int({
        required: true,
        defaultValue: 10,
        description: `How many on each side, at most ${AROUND_MAX}.`,
      }),
    },
    resolve: async (record, { first }, ctx) => {
      const count = checkCount(first, 'first', AROUND_MAX) ?? 0;
      const index = Number(record.index);
      const all = { from: 0, to: await ledgerSize(ctx, record.ledgerNo) };
      const rows = await readRange(
        ctx,
        record.ledger,
        intersect(all, { from: index - count, to: index + count + 1 }),
      );
      return {
        before: rows.filter((row) => row.index < record.index),
        after: rows.filter((row) => row.index > record.index),
      };
    },
  }),
  related: t.connection(
    {
      type: RecordType,
      description:
        'The records that have the same value as this one, itself among them; none where it has no value. ' +
        `Errors: BAD_USER_INPUT, ${SEARCH_ERRORS}, PAGE_TOO_LARGE, CURSOR_INVALID.`,
      // Each is a question to the index of its own.
      complexity: (args) => ({ ...pageComplexity(args), field: QUESTION_COMPLEXITY }),
      args: {
        by: t.arg({ type: RelatedBy, required: true, description: 'What they have in common.' }),
        withinMinutes: t.arg.int({
          description: 'Only those that happened at most so many minutes before or after it.',
        }),
        orderBy: t.arg({ type: RecordOrder, description: 'In which order; newest first unless given.' }),
      },
      resolve: async (record, { by, withinMinutes, ...page }, ctx) => {
        const minutes = checkCount(withinMinutes, 'withinMinutes', Number.MAX_SAFE_INTEGER);
        const of = [sameValue(record, by), ...(minutes === null ? [] : [happenedNear(record, minutes)])];
        const indexes = { from: 0, to: Number.POSITIVE_INFINITY };
        const question = { condition: { kind: 'all', of }, plain: null, indexes } as const;
        return await findRecords(ctx, record.ledger, question, checkPage(page));
      },
    },
    RecordConnection,
    RecordEdge,
  ),
}));

function sameValue(record: StoredRecord, by: RelatedMember): Condition {
  const [section, member] = by.split('.') as ['context' | 'actor' | 'target', string];
  const members = membersOf(record, section);
  const value = text(members, member);
  if (value === null) return { kind: 'any', of: [] };
  const same = (name: string, is: string): Condition => ({
    kind: 'value',
    path: { kind: 'exact', members: [section, name] },
    test: { test: 'equals', text: is, ignoreCase: false },
  });
  const type = section === 'target' ? text(members, 'type') : null;
  return { kind: 'all', of: [same(member, value), ...(type === null ? [] : [same('type', type)])] };
}

function happenedNear(record: StoredRecord, minutes: number): Condition {
  const at = readInstant(requiredText(eventOf(record), 'occurredAt'));
  if (at === null) throw new Error(`Record ${record.index}: it does not tell when it happened.`);
  const reach = minutes * 60_000;
  // What happened exactly so long before or after it is near.
  const last = at.nanos + 1;
  const to = last === MS_NANOS ? { ms: at.ms + reach + 1, nanos: 0 } : { ms: at.ms + reach, nanos: last };
  return { kind: 'occurred', from: { ms: at.ms - reach, nanos: at.nanos }, to };
}

const MS_NANOS = 1_000_000;
