import type { JsonObject } from '#server/ledger/json.ts';
import { fromStoredText } from '#server/ports/stored-text.ts';
import { builder } from './builder.ts';
import type { AppContext } from './context.ts';
import { base64, exactJson, timeText } from './encodings.ts';
import { fromHistory } from './history.ts';
import { findLedger, LedgerType } from './ledger.ts';
import { DataClassification, EventStatus } from './record-enums.ts';
import {
  contentOf,
  eventOf,
  membersOf,
  type RecordSection,
  requiredText,
  type StoredRecord,
  sectionsOf,
  text,
} from './record-content.ts';
import { revealSalt } from './reveal.ts';

const READ = { scope: 'records:read' } as const;

const SectionState = builder.enumType('SectionState', {
  description: "What became of a section's content.",
  values: {
    PRESENT: { description: 'Salt and content are stored.' },
    ERASED: { description: 'Salt and content were lawfully erased; the commitment stays.' },
  },
});

const Actor = textObject('Actor', 'Who did it.', {
  id: 'Its id.',
  type: 'What kind it is, e.g. `user`, `service`, `token`.',
  name: 'Its name for people.',
});

const Target = textObject('Target', 'What it was done to.', {
  id: 'Its id.',
  type: 'What kind it is.',
  name: 'Its name for people.',
});

const Context = textObject('Context', 'Where the event came from.', {
  correlationId: 'Joins events of one business transaction.',
  requestId: 'The request it happened in.',
  sessionId: 'The session it happened in.',
  ipAddress: 'Address of the client, as sent.',
  userAgent: 'Client software, as sent.',
  source: 'The system that sent the event.',
  geolocation: 'Place of the client, as sent.',
});

const Producer = textObject(
  'Producer',
  "The producer's own seal on the event, kept as received and not checked.",
  {
    hash: 'Hash that the producer made.',
    hashAlgorithm: 'How it was made.',
    signature: 'Signature that the producer made.',
    signatureAlgorithm: 'How it was made.',
    keyId: 'Key it was made with.',
  },
);

const Changes = builder.objectRef<JsonObject>('Changes').implement({
  description: 'What the action changed.',
  authScopes: READ,
  fields: (t) => ({
    before: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The state before.',
      resolve: ({ before }) => exactJson(before),
    }),
    after: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The state after.',
      resolve: ({ after }) => exactJson(after),
    }),
    fields: t.stringList({
      nullable: true,
      description: 'Names of the fields that changed.',
      resolve: ({ fields }) => (Array.isArray(fields) ? fields.map(String) : null),
    }),
  }),
});

const RecordEvent = builder.objectRef<JsonObject>('RecordEvent').implement({
  description: 'What happened: the section `event` of a record.',
  authScopes: READ,
  fields: (t) => ({
    occurredAt: t.field({
      type: 'DateTime',
      description: 'When it happened.',
      resolve: (event) => requiredText(event, 'occurredAt'),
    }),
    action: t.string({
      description: 'What was done.',
      resolve: (event) => requiredText(event, 'action'),
    }),
    status: t.field({
      type: EventStatus,
      description: 'How it ended.',
      resolve: (event) => statusOf(requiredText(event, 'status')),
    }),
    description: t.string({
      nullable: true,
      description: 'What happened, in words.',
      resolve: (event) => text(event, 'description'),
    }),
    classification: t.field({
      type: DataClassification,
      nullable: true,
      description: 'How sensitive the data is.',
      resolve: (event) => classificationOf(text(event, 'classification')),
    }),
  }),
});

const Section = builder.objectRef<RecordSection>('RecordSection').implement({
  description: 'One separately committed, separately erasable part of a record.',
  authScopes: READ,
  fields: (t) => ({
    name: t.exposeString('name', {
      description: 'One of `event`, `actor`, `target`, `context`, `changes`, `details`.',
    }),
    commitment: t.exposeString('commitment', {
      description: 'SHA-256(salt || json), base64: as in the entry.',
    }),
    state: t.field({
      type: SectionState,
      description: "What became of the section's content.",
      resolve: ({ content }) => (content === null ? 'ERASED' : 'PRESENT'),
    }),
    salt: t.string({
      nullable: true,
      description:
        '16 random bytes, base64; null when erased. Needs the scope records:reveal besides records:read. ' +
        'It is recorded in the ledger `system` who asked for the salts of which records, before they are ' +
        'given.',
      authScopes: { scope: 'records:reveal' },
      resolve: (section, _args, ctx) => revealSalt(section, ctx),
    }),
    json: t.string({
      nullable: true,
      description: 'Exactly the text that was hashed behind the salt; null when erased.',
      resolve: ({ content }) => content?.json ?? null,
    }),
    value: t.field({
      type: 'JSON',
      nullable: true,
      description: "The section's content, exact; null when erased.",
      resolve: ({ content }) => exactJson(content?.value),
    }),
  }),
});

export const RecordRef = builder.objectRef<StoredRecord>('Record');

export const RecordType = builder.node(RecordRef, {
  description: 'One event as the ledger holds it. Needs the scope records:read throughout.',
  authScopes: READ,
  id: {
    description: 'Its id in the whole appliance, for `node`.',
    resolve: ({ ledger, index }) => `${ledger.id}:${index}`,
  },
  loadOne: (id, ctx) => loadRecord(id, ctx),
  brandLoadedObjects: true,
  fields: (t) => ({
    ledger: t.field({
      type: LedgerType,
      description: 'The ledger it is in.',
      resolve: ({ ledger }) => ledger,
    }),
    index: t.field({
      type: 'SafeInt',
      description: '0-based position in its ledger.',
      resolve: ({ index }) => Number(index),
    }),
    eventId: t.id({
      description: "The event's idempotency key, unique in its ledger.",
      resolve: ({ eventId }) => fromStoredText(eventId),
    }),
    recordedAt: t.field({
      type: 'DateTime',
      description: 'When it was recorded; never earlier than the record before it.',
      resolve: ({ recordedAt }) => timeText(recordedAt),
    }),
    entry: t.exposeString('entry', {
      description: 'The logged bytes: canonical JSON that holds commitments only.',
    }),
    leafHash: t.string({
      description: 'SHA-256(0x00 || entry), base64.',
      resolve: ({ leafHash }) => base64(leafHash),
    }),
    sections: t.field({
      type: [Section],
      description: 'Every section that the entry commits to.',
      complexity: { field: 1, multiplier: 6 },
      resolve: sectionsOf,
    }),
    actor: t.field({
      type: Actor,
      nullable: true,
      description: 'Who did it.',
      resolve: (record) => membersOf(record, 'actor'),
    }),
    target: t.field({
      type: Target,
      nullable: true,
      description: 'What it was done to.',
      resolve: (record) => membersOf(record, 'target'),
    }),
    context: t.field({
      type: Context,
      nullable: true,
      description: 'Where it came from.',
      resolve: (record) => membersOf(record, 'context'),
    }),
    changes: t.field({
      type: Changes,
      nullable: true,
      description: 'What it changed.',
      resolve: (record) => membersOf(record, 'changes'),
    }),
    details: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Everything else: an object, exactly as sent.',
      resolve: (record) => exactJson(contentOf(record, 'details')?.value),
    }),
  }),
});

builder.objectFields(RecordType, (t) => ({
  event: t.field({
    type: RecordEvent,
    nullable: true,
    description:
      'What happened; null where it was erased. Then the members of the same names beside it are ' +
      'RECORD_ERASED: ask for this one wherever several records are shown.',
    resolve: (record) => membersOf(record, 'event'),
  }),
  occurredAt: t.field({
    type: 'DateTime',
    description: 'When it happened, in UTC with as many fractional digits as were sent, at least three.',
    resolve: (record) => requiredText(eventOf(record), 'occurredAt'),
  }),
  occurredAtSent: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'The time as it was sent, where that text differs from `occurredAt`.',
    resolve: (record) => text(eventOf(record), 'occurredAtSent'),
  }),
  action: t.string({
    description: 'What was done.',
    resolve: (record) => requiredText(eventOf(record), 'action'),
  }),
  status: t.field({
    type: EventStatus,
    description: 'How it ended.',
    resolve: (record) => statusOf(requiredText(eventOf(record), 'status')),
  }),
  description: t.string({
    nullable: true,
    description: 'What happened, in words.',
    resolve: (record) => text(eventOf(record), 'description'),
  }),
  version: t.string({
    nullable: true,
    description: "Version of the producer's event shape.",
    resolve: (record) => text(eventOf(record), 'version'),
  }),
  classification: t.field({
    type: DataClassification,
    nullable: true,
    description: 'How sensitive the data is.',
    resolve: (record) => classificationOf(text(eventOf(record), 'classification')),
  }),
  retention: t.string({
    nullable: true,
    description: 'Retention policy that the producer named.',
    resolve: (record) => text(eventOf(record), 'retention'),
  }),
  sequence: t.field({
    type: 'SafeInt',
    nullable: true,
    description: "The producer's own counter.",
    resolve: (record) => {
      const { sequence } = eventOf(record);
      return typeof sequence === 'number' ? sequence : null;
    },
  }),
  producer: t.field({
    type: Producer,
    nullable: true,
    description: "The producer's own seal, as received.",
    resolve: (record) => {
      const { producer } = eventOf(record);
      return typeof producer === 'object' && producer !== null ? (producer as JsonObject) : null;
    },
  }),
}));

/** An object type all of whose fields are optional texts. */
function textObject(name: string, description: string, fields: Readonly<Record<string, string>>) {
  return builder.objectRef<JsonObject>(name).implement({
    description,
    authScopes: READ,
    fields: (t) =>
      Object.fromEntries(
        Object.entries(fields).map(([field, meaning]) => [
          field,
          t.string({ nullable: true, description: meaning, resolve: (members) => text(members, field) }),
        ]),
      ),
  });
}

/** The record of a node's id; `null` where the id is none, or its ledger is missing or not the caller's. */
async function loadRecord(id: string, ctx: AppContext): Promise<StoredRecord | null> {
  const [ledgerId, digits, ...rest] = id.split(':');
  const index = Number(digits);
  if (!ledgerId || !digits || rest.length > 0 || !Number.isSafeInteger(index) || String(index) !== digits)
    return null;
  const ledger = await findLedger(ctx, ledgerId);
  if (!ledger) return null;
  const where = { ledgerNo_index: { ledgerNo: ledger.no, index: BigInt(index) } };
  const row = await fromHistory(
    ctx,
    (db) => db.record.findUnique({ where }),
    (found) => found !== null,
  );
  return row && { ...row, ledger };
}

function statusOf(stored: string): 'ATTEMPT' | 'SUCCESS' | 'FAILURE' {
  const status = stored.toUpperCase();
  if (status === 'ATTEMPT' || status === 'SUCCESS' || status === 'FAILURE') return status;
  throw new Error('A stored status is not one.');
}

function classificationOf(stored: string | null): 'PUBLIC' | 'INTERNAL' | 'CONFIDENTIAL' | 'PHI' | null {
  switch (stored) {
    case null:
    case 'PUBLIC':
    case 'INTERNAL':
    case 'CONFIDENTIAL':
    case 'PHI':
      return stored;
    default:
      throw new Error('A stored classification is not one.');
  }
}
