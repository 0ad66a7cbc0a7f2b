import { readTime } from '#server/ledger/time.ts';
import { AppError } from '#server/errors.ts';
import { toStoredText } from '#server/ports/stored-text.ts';
import type { IndexRange } from '#server/records/page.ts';
import { builder } from './builder.ts';
import { DataClassification, EventStatus } from './record-enums.ts';

/** Event ids in one filter. */
export const FILTER_EVENT_IDS_MAX = 500;

export const RecordFilter = builder.inputType('RecordFilter', {
  description:
    'Which records. All given members must hold; a list means any of. …From is inclusive, …To is exclusive.',
  fields: (t) => ({
    eventId: t.stringList({ description: `Event ids, at most ${FILTER_EVENT_IDS_MAX}.` }),
    actorId: t.stringList({ description: 'Ids of actors.' }),
    actorType: t.stringList({ description: 'Types of actors.' }),
    action: t.stringList({ description: 'Actions; one that ends in `*` stands for all that begin so.' }),
    status: t.field({ type: [EventStatus], description: 'How the action ended.' }),
    targetType: t.stringList({ description: 'Types of targets.' }),
    targetId: t.stringList({ description: 'Ids of targets.' }),
    classification: t.field({ type: [DataClassification], description: 'How sensitive the data is.' }),
    correlationId: t.stringList({ description: 'Correlation ids.' }),
    requestId: t.stringList({ description: 'Ids of requests.' }),
    sessionId: t.stringList({ description: 'Ids of sessions.' }),
    ipAddress: t.stringList({ description: 'Addresses in any notation, or CIDR blocks.' }),
    occurredFrom: t.field({ type: 'DateTime', description: 'Happened at this time or later.' }),
    occurredTo: t.field({ type: 'DateTime', description: 'Happened before this time.' }),
    recordedFrom: t.field({ type: 'DateTime', description: 'Recorded at this time or later.' }),
    recordedTo: t.field({ type: 'DateTime', description: 'Recorded before this time.' }),
    indexFrom: t.field({ type: 'SafeInt', description: 'With this index or a higher one.' }),
    indexTo: t.field({ type: 'SafeInt', description: 'With an index below this one.' }),
    details: t.field({
      type: 'JSON',
      description:
        'An object: `details` has its members with these very values. Objects are compared member by ' +
        'member, ' +
        'also within one another; everything else as a whole.',
    }),
  }),
});

/** A filter that was checked. */
export interface CheckedFilter {
  /** As they are stored; `null`: any. */
  readonly eventIds: ReadonlySet<string> | null;
  /** ms since the epoch, `from` inclusive, `to` exclusive; `null`: open. */
  readonly recordedFrom: number | null;
  readonly recordedTo: number | null;
  /** `to` is infinite where the filter names none. */
  readonly indexes: IndexRange;
}

/** Checks what the schema's types cannot. Throws AppError BAD_USER_INPUT, TIMESTAMP_INVALID. */
export function checkFilter(filter: typeof RecordFilter.$inferInput | null | undefined): CheckedFilter {
  const eventIds = filter?.eventId ?? null;
  if (eventIds && eventIds.length > FILTER_EVENT_IDS_MAX) {
    throw new AppError('BAD_USER_INPUT', {
      message: `filter.eventId has ${eventIds.length} ids; the limit is ${FILTER_EVENT_IDS_MAX}.`,
      path: ['filter', 'eventId'],
    });
  }
  return {
    // What is not well-formed is no record's, and the database would take it for another text.
    eventIds: eventIds && new Set(eventIds.filter((id) => id.isWellFormed()).map(toStoredText)),
    recordedFrom: milliseconds(filter?.recordedFrom, ['filter', 'recordedFrom']),
    recordedTo: milliseconds(filter?.recordedTo, ['filter', 'recordedTo']),
    indexes: {
      from: Math.max(0, filter?.indexFrom ?? 0),
      to: Math.max(0, filter?.indexTo ?? Number.POSITIVE_INFINITY),
    },
  };
}

/**
 * The first millisecond that is not before a time: records carry milliseconds, so comparing with it loses
 * nothing.
 *
 * @throws AppError TIMESTAMP_INVALID
 */
export function milliseconds(time: string | null | undefined, path: readonly string[]): number | null {
  if (time === null || time === undefined) return null;
  const read = readTime(time);
  if (read === null) throw new AppError('TIMESTAMP_INVALID', { path });
  const [whole = '', fraction = ''] = read.occurredAt.slice(0, -1).split('.');
  // A leap second is the last millisecond's neighbour: it has no number of its own.
  const isLeap = whole.endsWith(':60');
  const seconds = Date.parse(`${isLeap ? `${whole.slice(0, -2)}59` : whole}Z`);
  if (isLeap) return seconds + 1000;
  const rest = fraction.slice(3);
  return seconds + Number(fraction.slice(0, 3)) + (/[1-9]/.test(rest) ? 1 : 0);
}
