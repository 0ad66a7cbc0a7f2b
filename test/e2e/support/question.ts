import type { JsonValue } from '#server/ledger/json.ts';
import type { KnownRecord } from './finding-ledgers.ts';

/** What is asked of an appliance: one field of a query. */
export interface Question {
  /** The field as it is written, with the arguments `which` (`filter` and `search`) among its own. */
  readonly write: (which: string) => string;
  /** What has to be answered, given the matches in the order of the ledger, and all records of it. */
  readonly answer: (matches: readonly KnownRecord[], all: readonly KnownRecord[]) => JsonValue;
}

/** A text member of a record's section; `null` where it has none. */
export function memberOf({ values }: KnownRecord, section: string, member: string): string | null {
  // Sections are objects.
  const members = values[section] as Readonly<Record<string, JsonValue>> | undefined;
  const value = members?.[member];
  return typeof value === 'string' ? value : null;
}
