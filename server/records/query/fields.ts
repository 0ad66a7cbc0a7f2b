import { distance } from '#server/nearest.ts';

/** How the values of a field are read and compared. */
export type FieldType =
  /** A whole text, its case ignored. */
  | 'keyword'
  /** Words in a text. */
  | 'words'
  /** One of a few known values. */
  | 'choice'
  /** An IP address. */
  | 'address'
  /** Any JSON: texts, numbers, true, false, null. */
  | 'json'
  | 'number'
  /** A time or a span of it. */
  | 'occurred'
  | 'recorded'
  | 'index';

/** A field of the query language. */
export interface QueryField {
  readonly name: string;
  /** Where its values are, in the named form of paths; `null`: they are no leaves of the content. */
  readonly path: string | null;
  readonly type: FieldType;
  /** Whether the name goes on with a path: `details.amount`. */
  readonly isParent: boolean;
  /** Where only these are accepted. */
  readonly choices: readonly string[];
  /** What it holds, a sentence. */
  readonly meaning: string;
}

/** Every field, in the order in which they are told about. */
export const QUERY_FIELDS: readonly QueryField[] = [
  field('actor', 'actor.id', 'keyword', 'Id of who did it.'),
  field('actor.type', 'actor.type', 'keyword', 'What kind of actor it was.'),
  field('actor.name', 'actor.name', 'words', "Words of the actor's name."),
  field('action', 'event.action', 'keyword', 'What was done.'),
  choice('status', 'event.status', ['success', 'failure', 'attempt'], 'How it ended.'),
  field('target', 'target.id', 'keyword', 'Id of what it was done to.'),
  field('target.type', 'target.type', 'keyword', 'What kind of target it was.'),
  field('target.name', 'target.name', 'words', "Words of the target's name."),
  field('ip', 'context.ipAddress', 'address', 'IP address it came from, also a network such as 10.0.0.0/8.'),
  field('session', 'context.sessionId', 'keyword', 'Id of the session.'),
  field('request', 'context.requestId', 'keyword', 'Id of the request.'),
  field(
    'correlation',
    'context.correlationId',
    'keyword',
    'Id that the producer gave to what belongs together.',
  ),
  field('source', 'context.source', 'keyword', 'Service that it came from.'),
  field('agent', 'context.userAgent', 'words', 'Words of the user agent.'),
  field('geolocation', 'context.geolocation', 'words', 'Words of the place.'),
  choice(
    'classification',
    'event.classification',
    ['PUBLIC', 'INTERNAL', 'CONFIDENTIAL', 'PHI'],
    'How sensitive the data is.',
  ),
  field('retention', 'event.retention', 'keyword', 'Retention policy that the producer named.'),
  field('version', 'event.version', 'keyword', "Version of the producer's event shape."),
  field('sequence', 'event.sequence', 'number', "The producer's own counter."),
  field('description', 'event.description', 'words', 'Words of the description.'),
  field('id', 'event.id', 'keyword', 'Id of the event.'),
  field('index', null, 'index', '0-based position in the ledger.'),
  field('occurred', null, 'occurred', 'When it happened.'),
  field('created', null, 'occurred', 'When it happened: the same as occurred.'),
  field('recorded', null, 'recorded', 'When it was recorded.'),
  field('changed', 'changes.fields', 'keyword', 'Name of a field that was changed.'),
  parent('details', 'details', 'A value in the details, at any depth.'),
  parent('before', 'changes.before', 'A value before the change.'),
  parent('after', 'changes.after', 'A value after the change.'),
];

function field(name: string, path: string | null, type: FieldType, meaning: string): QueryField {
  return { name, path, type, isParent: false, choices: [], meaning };
}

function choice(name: string, path: string, choices: readonly string[], meaning: string): QueryField {
  return { name, path, type: 'choice', isParent: false, choices, meaning };
}

function parent(name: string, path: string, meaning: string): QueryField {
  return { name, path, type: 'json', isParent: true, choices: [], meaning };
}

const BY_NAME: ReadonlyMap<string, QueryField> = new Map(QUERY_FIELDS.map((known) => [known.name, known]));

/** The field of exactly this name, or `null`. */
export function findField(name: string): QueryField | null {
  return BY_NAME.get(name) ?? null;
}

/** The field whose name has the fewest differences. */
export function nearestField(name: string): string {
  const cut = name.slice(0, 2 * NAME_LENGTH_MAX).toLowerCase();
  const [head = ''] = cut.split('.');
  const parents = QUERY_FIELDS.filter(({ isParent }) => isParent);
  let nearest = { name: '', differences: Number.POSITIVE_INFINITY };
  const consider = (known: string, differences: number) => {
    if (differences < nearest.differences) nearest = { name: known, differences };
  };
  for (const known of QUERY_FIELDS) consider(known.name, distance(cut, known.name));
  if (head !== cut) {
    for (const known of parents) {
      const differences = distance(head, known.name);
      if (differences <= TYPING_MISTAKES) consider(`${known.name}.…`, differences);
    }
  }
  return nearest.name;
}

const NAME_LENGTH_MAX = Math.max(...QUERY_FIELDS.map(({ name }) => name.length));

/** Differences up to which a name is taken for one that was meant to go on with a path. */
const TYPING_MISTAKES = 2;
