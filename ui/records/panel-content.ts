import type { PanelRecordQuery, PanelRowFragment } from '#ui/graphql/generated.ts';
import { readEntry } from '#server/ledger/entry.ts';
import { type JsonObject, type JsonValue, parseJson, RefusedValue } from '#server/ledger/json.ts';

/** A record as the panel asks for it. */
export type PanelRecord = NonNullable<PanelRecordQuery['record']>;

/** Who did something, or what it was done to. */
export interface Party {
  readonly id: string | null;
  readonly type: string | null;
  readonly name: string | null;
}

/** What a record says, read from the texts that were hashed. `null`: it does not say, or it is gone. */
export interface RecordFacts {
  readonly index: number;
  readonly eventId: string;
  readonly recordedAt: string;
  readonly occurredAt: string | null;
  readonly action: string | null;
  readonly status: string | null;
  readonly description: string | null;
  readonly classification: string | null;
  readonly actor: Party | null;
  readonly target: Party | null;
  readonly sessionId: string | null;
  readonly requestId: string | null;
  readonly correlationId: string | null;
  readonly ipAddress: string | null;
  /** Names of sections whose content was erased. */
  readonly erased: readonly string[];
}

/** Reads what a record says. Texts that are no JSON say nothing; never throws. */
export function factsOf(row: PanelRowFragment & { readonly entry?: string }): RecordFacts {
  const [event, actor, target, context] = ['event', 'actor', 'target', 'context'].map((name) =>
    membersOf(sectionValue(row.sections.find((section) => section.name === name))),
  );
  return {
    index: row.index,
    eventId: textOf(event, 'id') ?? row.eventId,
    recordedAt: recordedAtOf(row),
    occurredAt: textOf(event, 'occurredAt'),
    action: textOf(event, 'action'),
    status: textOf(event, 'status'),
    description: textOf(event, 'description'),
    classification: textOf(event, 'classification'),
    actor: partyOf(actor),
    target: partyOf(target),
    sessionId: textOf(context, 'sessionId'),
    requestId: textOf(context, 'requestId'),
    correlationId: textOf(context, 'correlationId'),
    ipAddress: textOf(context, 'ipAddress'),
    erased: row.sections.filter(({ state }) => state === 'ERASED').map(({ name }) => name),
  };
}

/** The time in the entry is the one that was hashed. */
function recordedAtOf({
  recordedAt,
  entry,
}: {
  readonly recordedAt: string;
  readonly entry?: string;
}): string {
  const read = entry === undefined ? null : readEntry(entry);
  return read === null || 'problem' in read ? recordedAt : new Date(read.recordedAt).toISOString();
}

/** A section's value, every digit kept; `undefined` where it is not there or no JSON of its name. */
export function sectionValue(
  section: { readonly name: string; readonly json: string | null } | undefined,
): JsonValue | undefined {
  if (section === undefined || section.json === null) return undefined;
  try {
    const whole = membersOf(parseJson(section.json));
    return whole === null || !Object.hasOwn(whole, section.name) ? undefined : whole[section.name];
  } catch {
    // Broken content is shown as the text that it is, and the proof says what is wrong with it.
    return undefined;
  }
}

/** The value as an object; `null` where it is none. */
export function membersOf(value: JsonValue | undefined): JsonObject | null {
  const isMembers = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMembers && !(value instanceof RefusedValue) ? value : null;
}

function textOf(members: JsonObject | null | undefined, name: string): string | null {
  const value = members?.[name];
  return typeof value === 'string' ? value : null;
}

function partyOf(members: JsonObject | null | undefined): Party | null {
  if (!members) return null;
  return { id: textOf(members, 'id'), type: textOf(members, 'type'), name: textOf(members, 'name') };
}
