import { ALL_SCOPES, type Scope } from '#server/access/scopes.ts';

/** What a case is run with. `theirs` exists and is not the caller's; `missing` does not exist. */
export interface Subjects {
  readonly ledger: string;
  readonly tokenId: string;
  readonly quarantinedId: string;
  readonly nodeId: string;
  readonly verificationId: string;
  readonly exportId: string;
  readonly viewId: string;
}

export interface OperationCase {
  readonly operation: (subjects: Subjects) => string;
  /** Any of these is enough, alone. */
  readonly scopes: readonly Scope[];
  /** What is answered for a subject of a foreign ledger and for one that is not there, alike. */
  readonly foreign: { readonly code: string } | { readonly data: unknown };
}

const READERS: readonly Scope[] = [
  'records:read',
  'events:write',
  'ledgers:verify',
  'exports:create',
  'admin',
];
const NO_LEDGER = { code: 'LEDGER_NOT_FOUND' };

/** A case for every operation there is: a new one without a case fails the test. */
export const OPERATIONS: Readonly<Record<string, OperationCase>> = {
  'Query.viewer': {
    operation: () => '{ viewer { ledgers } }',
    scopes: ALL_SCOPES,
    foreign: { data: { viewer: { ledgers: ['mine'] } } },
  },
  'Query.appliance': {
    operation: () => '{ appliance { storage readOnly } }',
    scopes: ALL_SCOPES,
    foreign: { data: { appliance: { storage: 'SQLITE', readOnly: null } } },
  },
  'Query.ledgers': {
    operation: () => '{ ledgers { id } }',
    scopes: READERS,
    foreign: { data: { ledgers: [{ id: 'mine' }] } },
  },
  'Query.ledger': {
    operation: ({ ledger }) => `{ ledger(id: "${ledger}") { id } }`,
    scopes: READERS,
    foreign: { data: { ledger: null } },
  },
  'Query.record': {
    operation: ({ ledger }) => `{ record(ledger: "${ledger}", index: 0) { index } }`,
    scopes: ['records:read'],
    foreign: NO_LEDGER,
  },
  'Query.records': {
    operation: ({ ledger }) => `{ records(ledger: "${ledger}") { totalCount nodes { index } } }`,
    scopes: ['records:read'],
    foreign: NO_LEDGER,
  },
  'Query.histogram': {
    operation: ({ ledger }) =>
      `{ histogram(ledger: "${ledger}", from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z") {
        count } }`,
    scopes: ['records:read'],
    foreign: NO_LEDGER,
  },
  'Query.facets': {
    operation: ({ ledger }) => `{ facets(ledger: "${ledger}", field: ACTION) { value count } }`,
    scopes: ['records:read'],
    foreign: NO_LEDGER,
  },
  'Query.searchCompletions': {
    operation: ({ ledger }) =>
      `{ searchCompletions(ledger: "${ledger}", search: "actor:", cursor: 6) { options { text } } }`,
    scopes: ['records:read'],
    foreign: NO_LEDGER,
  },
  'Query.inclusionProof': {
    operation: ({ ledger }) => `{ inclusionProof(ledger: "${ledger}", index: 0) { root } }`,
    scopes: ['records:read', 'ledgers:verify'],
    foreign: NO_LEDGER,
  },
  'Query.consistencyProof': {
    operation: ({ ledger }) => `{ consistencyProof(ledger: "${ledger}", from: 0) { toRoot } }`,
    scopes: ['records:read', 'ledgers:verify'],
    foreign: NO_LEDGER,
  },
  'Query.node': {
    operation: ({ nodeId }) => `{ node(id: "${nodeId}") { id } }`,
    scopes: ['records:read'],
    foreign: { data: { node: null } },
  },
  'Query.tokens': {
    operation: () => '{ tokens { ledgers } }',
    scopes: ['admin'],
    foreign: { data: { tokens: [{ ledgers: ['mine'] }] } },
  },
  'Query.quarantinedEvents': {
    operation: ({ ledger }) => `{ quarantinedEvents(ledger: "${ledger}") { edges { node { id } } } }`,
    scopes: ['admin'],
    foreign: NO_LEDGER,
  },
  'Query.verification': {
    operation: ({ verificationId }) => `{ verification(id: "${verificationId}") { id } }`,
    scopes: ['ledgers:verify'],
    foreign: { data: { verification: null } },
  },
  'Mutation.startVerification': {
    operation: ({ ledger }) => `mutation { startVerification(ledger: "${ledger}") { id } }`,
    scopes: ['ledgers:verify'],
    foreign: NO_LEDGER,
  },
  'Mutation.cancelVerification': {
    operation: ({ verificationId }) => `mutation { cancelVerification(id: "${verificationId}") { id } }`,
    scopes: ['ledgers:verify'],
    foreign: { code: 'VERIFICATION_NOT_FOUND' },
  },
  'Subscription.verificationProgress': {
    operation: ({ verificationId }) =>
      `subscription { verificationProgress(id: "${verificationId}") { id } }`,
    scopes: ['ledgers:verify'],
    foreign: { code: 'VERIFICATION_NOT_FOUND' },
  },
  'Query.export': {
    operation: ({ exportId }) => `{ export(id: "${exportId}") { id } }`,
    scopes: ['exports:create'],
    foreign: { data: { export: null } },
  },
  'Mutation.startExport': {
    operation: ({ ledger }) => `mutation { startExport(ledger: "${ledger}", format: CSV) { id } }`,
    scopes: ['exports:create'],
    foreign: NO_LEDGER,
  },
  'Mutation.eraseSections': {
    operation: ({ ledger }) =>
      `mutation { eraseSections(ledger: "${ledger}", index: 0, sections: ["details"], reason: "r") {
        __typename } }`,
    scopes: ['admin'],
    foreign: NO_LEDGER,
  },
  'Mutation.cancelExport': {
    operation: ({ exportId }) => `mutation { cancelExport(id: "${exportId}") { id } }`,
    scopes: ['exports:create'],
    foreign: { code: 'EXPORT_NOT_FOUND' },
  },
  'Mutation.recordEvent': {
    operation: ({ ledger }) =>
      `mutation { recordEvent(ledger: "${ledger}", event: { action: "a" }) { outcome errors { code } } }`,
    scopes: ['events:write'],
    foreign: NO_LEDGER,
  },
  'Mutation.recordEvents': {
    operation: ({ ledger }) =>
      `mutation { recordEvents(ledger: "${ledger}", events: [{ action: "a" }]) { accepted } }`,
    scopes: ['events:write'],
    foreign: NO_LEDGER,
  },
  'Mutation.createLedger': {
    // The bound token may create neither; whether the ledger exists must not show.
    operation: ({ ledger }) => `mutation { createLedger(id: "${ledger}") { id } }`,
    scopes: ['admin'],
    foreign: { code: 'FORBIDDEN' },
  },
  'Mutation.createToken': {
    operation: ({ ledger }) =>
      `mutation { createToken(name: "t", scopes: ["admin"], ledgers: ["${ledger}"]) { token { id } } }`,
    scopes: ['admin'],
    foreign: NO_LEDGER,
  },
  'Mutation.revokeToken': {
    operation: ({ tokenId }) => `mutation { revokeToken(id: "${tokenId}") { id } }`,
    scopes: ['admin'],
    foreign: { code: 'TOKEN_NOT_FOUND' },
  },
  'Mutation.saveView': {
    operation: ({ ledger }) =>
      `mutation { saveView(ledger: "${ledger}", name: "n", parameters: "q=1") { name } }`,
    scopes: ['records:read'],
    foreign: NO_LEDGER,
  },
  'Mutation.deleteView': {
    operation: ({ viewId }) => `mutation { deleteView(id: "${viewId}") }`,
    scopes: ['records:read'],
    foreign: { code: 'VIEW_NOT_FOUND' },
  },
  'Mutation.createDemo': {
    operation: () => 'mutation { createDemo { id } }',
    // It takes two of them.
    scopes: [],
    foreign: { code: 'FORBIDDEN' },
  },
  'Mutation.replayQuarantinedEvent': {
    operation: ({ quarantinedId }) => `mutation { replayQuarantinedEvent(id: "${quarantinedId}") { id } }`,
    scopes: ['admin'],
    foreign: { code: 'QUARANTINED_EVENT_NOT_FOUND' },
  },
  'Mutation.discardQuarantinedEvent': {
    operation: ({ quarantinedId }) =>
      `mutation { discardQuarantinedEvent(id: "${quarantinedId}", reason: "test") { id } }`,
    scopes: ['admin'],
    foreign: { code: 'QUARANTINED_EVENT_NOT_FOUND' },
  },
  'Subscription.recordAppended': {
    operation: ({ ledger }) =>
      `subscription { recordAppended(ledger: "${ledger}", after: -1, filter: { indexTo: 1 }) { index } }`,
    scopes: ['records:read'],
    foreign: NO_LEDGER,
  },
};
