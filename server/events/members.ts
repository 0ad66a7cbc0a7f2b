import { ACTION_CHARACTERS_MAX, NAME_CHARACTERS_MAX } from './limits.ts';

/** A member of an event that holds text. */
export interface TextMember {
  readonly name: string;
  /** Most Unicode code points; `null`: only the limit on the whole event holds. */
  readonly charactersMax: number | null;
  /** Whether the empty string is refused. */
  readonly filled: boolean;
  /** How the member begins in canonical JSON behind another one: `,"name":`. */
  readonly opening: string;
}

function member(name: string, charactersMax: number | null, filled = false): TextMember {
  return { name, charactersMax, filled, opening: `,"${name}":` };
}

const text = (name: string) => member(name, null);
const named = (name: string) => member(name, NAME_CHARACTERS_MAX);

/** Text members at the top of an event. */
export const TEXT = {
  id: member('id', NAME_CHARACTERS_MAX, true),
  action: member('action', ACTION_CHARACTERS_MAX, true),
  description: text('description'),
  version: named('version'),
  retention: named('retention'),
  hash: text('hash'),
  hashAlgorithm: named('hashAlgorithm'),
  keyId: named('keyId'),
  signature: text('signature'),
  signatureAlgorithm: named('signatureAlgorithm'),
} as const;

/** Members of the sections that hold text only, each list in canonical order. */
export const ACTOR_MEMBERS = [member('id', NAME_CHARACTERS_MAX, true), named('name'), named('type')] as const;
export const TARGET_MEMBERS = [named('id'), named('name'), named('type')] as const;
export const CONTEXT_MEMBERS = [
  named('correlationId'),
  text('geolocation'),
  text('ipAddress'),
  named('requestId'),
  named('sessionId'),
  text('source'),
  text('userAgent'),
] as const;

const names = (members: readonly TextMember[]) => new Set(members.map(({ name }) => name));

/** Every member an event of the appliance's own shape may have: GraphQL's `EventInput`. */
export const EVENT_NAMES: ReadonlySet<string> = new Set([
  ...names(Object.values(TEXT)),

  'timestamp',
  'status',
  'classification',
  'sequence',
  'actor',
  'target',
  'context',
  'changes',
  'details',
]);

/** The members of an event that have members of their own, and which. `details` takes any. */
export const NESTED_NAMES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['actor', names(ACTOR_MEMBERS)],
  ['target', names(TARGET_MEMBERS)],
  ['context', names(CONTEXT_MEMBERS)],
  ['changes', new Set(['before', 'after', 'fields'])],
]);

/** Canonical JSON texts of the values that the ledger keeps for each `status`. */
export const STATUSES: ReadonlyMap<unknown, string> = new Map([
  ['ATTEMPT', '"attempt"'],
  ['SUCCESS', '"success"'],
  ['FAILURE', '"failure"'],
]);

/** The same for each `classification`. */
export const CLASSIFICATIONS: ReadonlyMap<unknown, string> = new Map(
  ['PUBLIC', 'INTERNAL', 'CONFIDENTIAL', 'PHI'].map((name) => [name, `"${name}"`]),
);

/** Constant defaults, filled in before the digest: sending them or leaving them out is the same event. */
export const DEFAULT_STATUS = 'SUCCESS';
export const DEFAULT_CLASSIFICATION = 'INTERNAL';
export const DEFAULT_VERSION = '1.0';
