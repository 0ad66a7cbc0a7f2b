import { DataClassification, EventStatus } from './record-enums.ts';
import { builder } from './builder.ts';

/**
 * Characters are Unicode code points. The limits themselves are checked by `server/events`, event by event.
 */
const NAME_LIMIT = 'At most 1,024 characters.';

const ActorInput = builder.inputType('ActorInput', {
  description: 'Who did it.',
  fields: (t) => ({
    id: t.string({ required: true, description: `Its id. Not empty. ${NAME_LIMIT}` }),
    type: t.string({ description: `What kind it is, e.g. \`user\`. ${NAME_LIMIT}` }),
    name: t.string({ description: `Its name for people. ${NAME_LIMIT}` }),
  }),
});

const TargetInput = builder.inputType('TargetInput', {
  description: 'What it was done to.',
  fields: (t) => ({
    id: t.string({ description: `Its id. ${NAME_LIMIT}` }),
    type: t.string({ description: `What kind it is. ${NAME_LIMIT}` }),
    name: t.string({ description: `Its name for people. ${NAME_LIMIT}` }),
  }),
});

const ContextInput = builder.inputType('ContextInput', {
  description: 'Where the event came from.',
  fields: (t) => ({
    correlationId: t.string({ description: `Joins events of one business transaction. ${NAME_LIMIT}` }),
    requestId: t.string({ description: `The request it happened in. ${NAME_LIMIT}` }),
    sessionId: t.string({ description: `The session it happened in. ${NAME_LIMIT}` }),
    ipAddress: t.string({ description: 'Address of the client, kept as sent.' }),
    userAgent: t.string({ description: 'Client software, kept as sent.' }),
    source: t.string({ description: 'The system that sends the event.' }),
    geolocation: t.string({ description: 'Place of the client, kept as sent.' }),
  }),
});

const ChangesInput = builder.inputType('ChangesInput', {
  description: 'What the action changed.',
  fields: (t) => ({
    before: t.field({ type: 'JSON', description: 'The state before.' }),
    after: t.field({ type: 'JSON', description: 'The state after.' }),
    fields: t.stringList({ description: 'Names of the fields that changed.' }),
  }),
});

export const EventInput = builder.inputType('EventInput', {
  description:
    'What happened. At most 1 MiB as canonical JSON, nested at most 64 deep. Strings are kept exactly. ' +
    "A member that is null is absent. A value that breaks a limit is this event's rejection, never its " +
    "neighbours'.",
  fields: (t) => ({
    id: t.id({
      description:
        'Idempotency key, unique in its ledger for ever; a UUIDv7 is made if absent. Sent again with the ' +
        'same ' +
        'content: DUPLICATE; with other content: REJECTED, EVENT_ID_CONFLICT. ' +
        NAME_LIMIT,
    }),
    timestamp: t.field({
      type: 'DateTime',
      description:
        'When it happened; now if absent. Any RFC 3339 offset, up to nanoseconds, nothing is lost.',
    }),
    action: t.string({ required: true, description: 'What was done. Not empty. At most 256 characters.' }),
    status: t.field({
      type: EventStatus,
      required: true,
      defaultValue: 'SUCCESS',
      description: 'How it ended.',
    }),
    actor: t.field({ type: ActorInput, description: 'Who did it; the calling token if absent.' }),
    target: t.field({ type: TargetInput, description: 'What it was done to.' }),
    context: t.field({ type: ContextInput, description: 'Where it came from.' }),
    changes: t.field({ type: ChangesInput, description: 'What it changed.' }),
    details: t.field({ type: 'JSON', description: 'Everything else: an object.' }),
    description: t.string({ description: 'What happened, in words.' }),
    version: t.string({
      defaultValue: '1.0',
      description: `Version of the producer's event shape. ${NAME_LIMIT}`,
    }),
    classification: t.field({
      type: DataClassification,
      defaultValue: 'INTERNAL',
      description: 'How sensitive the data is.',
    }),
    retention: t.string({ description: `Retention policy, by name. ${NAME_LIMIT}` }),
    sequence: t.field({ type: 'SafeInt', description: "The producer's own counter." }),
    hash: t.string({ description: "The producer's own hash; kept, not checked." }),
    hashAlgorithm: t.string({ description: `How that hash was made. ${NAME_LIMIT}` }),
    signature: t.string({ description: "The producer's own signature; kept, not checked." }),
    signatureAlgorithm: t.string({ description: `How that signature was made. ${NAME_LIMIT}` }),
    keyId: t.string({ description: `Key that it was made with. ${NAME_LIMIT}` }),
  }),
});
