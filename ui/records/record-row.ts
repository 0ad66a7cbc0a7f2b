import type { RecordRowFragment } from '#ui/graphql/generated.ts';

type RowEvent = NonNullable<RecordRowFragment['event']>;

/** A record as the table has it: all its columns, whichever are shown. What was erased is `null`. */
export type RecordRow = Omit<RecordRowFragment, 'event'> & {
  readonly [Name in keyof RowEvent]: RowEvent[Name] | null;
};

const ERASED: { readonly [Name in keyof RowEvent]: null } = {
  occurredAt: null,
  action: null,
  status: null,
  description: null,
  classification: null,
};

/** The row of an answer's record. */
export function rowOf({ event, ...record }: RecordRowFragment): RecordRow {
  return { ...record, ...(event ?? ERASED) };
}
