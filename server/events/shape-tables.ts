import type { Members } from './read-members.ts';
import { isMembers } from './read-members.ts';

/** Where a value goes: a member of an event of the appliance's own shape, or of one of its sections. */
export type Place = readonly [member: string] | readonly [section: string, member: string];

/** What becomes of one member of a shape. */
export type Rule =
  /** It goes to its place as it is. */
  | { readonly kind: 'VALUE'; readonly to: Place }
  /**
   * `attempt`, `success` or `failure` in either case becomes the status. Other words: refused, or kept in
   * details.
   */
  | { readonly kind: 'STATUS'; readonly otherwise: 'REFUSED' | 'DETAILS' }
  /** `true` becomes SUCCESS, `false` FAILURE. */
  | { readonly kind: 'SUCCESS' }
  /** A text is the time; whole milliseconds since the epoch become one, and the number stays in details. */
  | { readonly kind: 'TIME' }
  /** It names the ledger that the event goes to. */
  | { readonly kind: 'LEDGER' }
  /** Its members go to their places; those it does not know go into details, under its own name. */
  | {
      readonly kind: 'MEMBERS';
      readonly members: ReadonlyMap<string, Rule>;
      /** The section that is there as soon as this member is, even if it is empty; `null` for none. */
      readonly section: string | null;
      /** What becomes of a value that is no object. */
      readonly otherwise: 'REFUSED' | 'DETAILS';
    }
  /** It is the event's details. */
  | { readonly kind: 'DETAILS'; readonly otherwise: 'REFUSED' | 'DETAILS' };

/** The members that a shape knows. All others go into details unchanged. */
export type Shape = ReadonlyMap<string, Rule>;
export type ShapeName = 'OWN' | 'PRINCIPAL' | 'USER' | 'OUTCOME';

const to = (...place: Place): Rule => ({ kind: 'VALUE', to: place });
const table = (rules: Record<string, Rule>): Shape => new Map(Object.entries(rules));

/** A section of the appliance's own shape: its members stay where they are. */
function section(
  name: string,
  members: readonly string[],
  otherwise: 'REFUSED' | 'DETAILS' = 'REFUSED',
): Rule {
  const rules = new Map(members.map((member) => [member, to(name, member)]));
  return { kind: 'MEMBERS', members: rules, section: name, otherwise };
}

const STATUS: Rule = { kind: 'STATUS', otherwise: 'REFUSED' };
const TIME: Rule = { kind: 'TIME' };

const SECTIONS = {
  actor: section('actor', ['id', 'type', 'name']),
  target: section('target', ['id', 'type', 'name']),
  context: section('context', [
    'correlationId',
    'requestId',
    'sessionId',
    'ipAddress',
    'userAgent',
    'source',
    'geolocation',
  ]),
  changes: section('changes', ['before', 'after', 'fields']),
};

const OWN_VALUES = {
  id: to('id'),
  action: to('action'),
  description: to('description'),
  version: to('version'),
  classification: to('classification'),
  retention: to('retention'),
  sequence: to('sequence'),
  hash: to('hash'),
  hashAlgorithm: to('hashAlgorithm'),
  signature: to('signature'),
  signatureAlgorithm: to('signatureAlgorithm'),
  keyId: to('keyId'),
};

/** GraphQL's `EventInput`. A status in lower case is taken too, since the shapes beside it write it so. */
const OWN = table({
  ...OWN_VALUES,
  ...SECTIONS,
  timestamp: to('timestamp'),
  status: STATUS,
  details: { kind: 'DETAILS', otherwise: 'REFUSED' },
});

/** `{principalId, organizationId, targetResourceType, targetResourceId, status, sessionContext{…}, …}` */
const PRINCIPAL = table({
  id: to('id'),
  timestamp: TIME,
  organizationId: { kind: 'LEDGER' },
  principalId: to('actor', 'id'),
  action: to('action'),
  targetResourceType: to('target', 'type'),
  targetResourceId: to('target', 'id'),
  status: STATUS,
  outcomeDescription: to('description'),
  correlationId: to('context', 'correlationId'),
  sessionContext: {
    kind: 'MEMBERS',
    members: table({
      sessionId: to('context', 'sessionId'),
      ipAddress: to('context', 'ipAddress'),
      userAgent: to('context', 'userAgent'),
      geolocation: to('context', 'geolocation'),
    }),
    section: null,
    otherwise: 'REFUSED',
  },
  dataClassification: to('classification'),
  retentionPolicy: to('retention'),
  eventVersion: to('version'),
  hash: to('hash'),
  hashAlgorithm: to('hashAlgorithm'),
  signature: to('signature'),
  details: { kind: 'DETAILS', otherwise: 'DETAILS' },
});

/** `{userId, action, resourceType, resourceId, success, errorMessage, ipAddress, userAgent, …}` */
const USER = table({
  id: to('id'),
  timestamp: TIME,
  userId: to('actor', 'id'),
  action: to('action'),
  resourceType: to('target', 'type'),
  resourceId: to('target', 'id'),
  success: { kind: 'SUCCESS' },
  status: { kind: 'STATUS', otherwise: 'DETAILS' },
  errorMessage: to('description'),
  ipAddress: to('context', 'ipAddress'),
  userAgent: to('context', 'userAgent'),
  sessionId: to('context', 'sessionId'),
  requestId: to('context', 'requestId'),
  changes: section('changes', ['before', 'after', 'fields'], 'DETAILS'),
  details: { kind: 'DETAILS', otherwise: 'DETAILS' },
});

const OUTCOME_RULES = {
  ...OWN_VALUES,
  ...SECTIONS,
  timestamp: TIME,
  outcome: STATUS,
  details: { kind: 'DETAILS', otherwise: 'DETAILS' },
} as const satisfies Record<string, Rule>;

/** `{actor{type,id}, target{type,id}, outcome: SUCCESS|FAILURE, action, …}` */
const OUTCOME = table(OUTCOME_RULES);

/** The same where `eventType` names the action, because there is no `action`. */
const OUTCOME_BY_EVENT_TYPE = table({ ...OUTCOME_RULES, eventType: to('action') });

/** Members that only the first foreign shape has. */
const PRINCIPAL_SIGNS = [
  'targetResourceType',
  'targetResourceId',
  'sessionContext',
  'outcomeDescription',
  'dataClassification',
  'retentionPolicy',
  'eventVersion',
  'organizationId',
];
/** Members that only the second foreign shape has. */
const USER_SIGNS = ['resourceType', 'resourceId', 'success', 'errorMessage'];

/**
 * Tells by its members which shape an event has.
 *
 * An actor with an id, or a target where no flat member says who acted, outweighs the signs of the flat
 * shapes: beside them a member that merely looks like another shape's is safe in details.
 */
export function shapeOf(event: Members): { readonly name: ShapeName; readonly rules: Shape } {
  const has = (name: string) => isPresent(event[name]);
  const { actor, target } = event;
  const structured =
    (isMembers(actor) && isPresent(actor['id'])) ||
    (isMembers(target) && !has('principalId') && !has('userId'));
  if (!structured) {
    if (has('principalId') || PRINCIPAL_SIGNS.some(has)) return { name: 'PRINCIPAL', rules: PRINCIPAL };
    if (has('userId') || USER_SIGNS.some(has)) return { name: 'USER', rules: USER };
  }
  if (!has('outcome') || has('status')) return { name: 'OWN', rules: OWN };
  const byEventType = !has('action') && has('eventType');
  return { name: 'OUTCOME', rules: byEventType ? OUTCOME_BY_EVENT_TYPE : OUTCOME };
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}
