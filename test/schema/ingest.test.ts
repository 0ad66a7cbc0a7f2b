import { execute, type GraphQLSchema, isInputObjectType, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '#schema/index.ts';
import { createIngest } from '#schema/ingest.ts';
import { RefusedValue } from '#server/ledger/json.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';

type Values = Record<string, unknown>;

const ONE = 'mutation ($event: EventInput!) { recordEvent(event: $event) { outcome } }';
const MANY = 'mutation ($events: [EventInput!]!) { recordEvents(events: $events) { accepted } }';
const TWO = `mutation ($a: EventInput!, $ledger: ID, $b: [EventInput!]!, $ack: AckLevel) {
  recordEvent(ledger: $ledger, event: $a, ack: $ack) { outcome } recordEvents(events: $b) { accepted } }`;
const DRAWN = 4000;

const ingest = createIngest(schema);

/** Executes against a schema and gives the answer together with what the resolvers were given. */
async function outcome(against: GraphQLSchema, query: string, variableValues: Values) {
  const accepted: unknown[] = [];
  const accept = async (request: { events: readonly unknown[]; ledger: string; ack: string }) => {
    accepted.push({ events: structuredClone(request.events), ledger: request.ledger, ack: request.ack });
    return request.events.map((_event, position) => ({
      position,
      eventId: null,
      outcome: 'ACCEPTED',
      errors: [],
      ledger: null,
      index: null,
    }));
  };
  const contextValue = {
    caller: { tokenId: 't', name: 't', scopes: new Set(['events:write']), ledgers: '*' },
    services: { accept },
  };
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const result = await execute({ schema: against, document, variableValues, contextValue });
  return { accepted, data: result.data, errors: result.errors?.map((error) => error.toJSON()) };
}

/** Both ways on copies of the same input; the short way is whatever the ingest chooses. */
async function bothWays(query: string, variableValues: Values) {
  const [long, short] = [structuredClone(variableValues), structuredClone(variableValues)];
  const chosen = ingest.schemaFor({ document: parse(query), variableValues: short });
  return {
    isShort: chosen !== schema,
    long: await outcome(schema, query, long),
    short: await outcome(chosen, query, short),
  };
}

const GOOD: readonly Values[] = [
  { action: 'a' },
  { action: '', status: 'FAILURE', id: null, timestamp: null, actor: null },
  {
    action: 'a',
    actor: { id: 'x', type: null },
    target: {},
    context: { source: 's' },
    sequence: 0,
    version: null,
  },
  {
    action: 'a',
    changes: { before: null, after: { n: 1 }, fields: ['a', 'b'] },
    details: { d: [null, 1, 'x', {}] },
  },
  { action: 'a', classification: 'PHI', description: 'd', hash: 'h', keyId: 'k', sequence: 2 ** 53 - 1 },
];
const BAD: readonly unknown[] = [
  null,
  'event',
  7,
  [],
  [{ action: 'a' }],
  {},
  { action: null },
  { action: 7 },
  { action: 'a', status: null },
  { action: 'a', status: 'success' },
  { action: 'a', status: 'UNKNOWN' },
  { action: 'a', unknown: 1 },
  { action: 'a', id: 7 },
  { action: 'a', id: 1.5 },
  { action: 'a', id: {} },
  { action: 'a', actor: {} },
  { action: 'a', actor: { id: null } },
  { action: 'a', actor: [] },
  { action: 'a', actor: { id: 'x', constructor: 'y' } },
  { action: 'a', changes: { fields: [null] } },
  { action: 'a', changes: { fields: 'one' } },
  { action: 'a', changes: { fields: [1] } },
  { action: 'a', sequence: 1.5 },
  { action: 'a', sequence: 2 ** 53 },
  { action: 'a', sequence: 9007199254740993n },
  { action: 'a', timestamp: 1 },
  { action: 'a', classification: 'SECRET' },
  { action: 'a', version: 1 },
];

describe('the short way for events', () => {
  it.each(GOOD.map((event) => [show(event), event] as const))(
    'is taken for %s with the same outcome',
    async (_, event) => {
      for (const [query, variables] of [
        [ONE, { event }],
        [MANY, { events: [event, { action: 'b' }] }],
        [TWO, { a: event, b: [event], ledger: 'l', ack: 'RECORDED' }],
      ] as const) {
        const { isShort, long, short } = await bothWays(query, variables);
        expect(isShort).toBe(true);
        expect(short).toEqual(long);
      }
    },
  );

  it.each(BAD.map((event) => [show(event), event]))(
    'is not taken for %s: the errors are the same',
    async (_, event) => {
      for (const [query, variables] of [
        [ONE, { event }],
        [MANY, { events: [{ action: 'b' }, event] }],
        // A list stands for itself here; any other value for a list of one.
        [MANY, { events: Array.isArray(event) ? null : event }],
      ] as const) {
        const { isShort, long, short } = await bothWays(query, variables);
        expect(isShort).toBe(false);
        expect(short).toEqual(long);
      }
    },
  );

  it.each([
    ['an event in the document', 'mutation { recordEvent(event: { action: "a" }) { outcome } }', {}],
    [
      'a variable inside an event',
      'mutation ($a: String!) { recordEvent(event: { action: $a }) { outcome } }',
      { a: 'a' },
    ],
    [
      'a list with variables in it',
      'mutation ($e: EventInput!) { recordEvents(events: [$e, { action: "b" }]) { accepted } }',
      { e: { action: 'a' } },
    ],
    [
      'a variable with a default',
      'mutation ($e: EventInput = { action: "a" }) { recordEvent(event: $e) { outcome } }',
      {},
    ],
    ['no variables at all', MANY, {}],
    ['a query', '{ __typename }', { events: [{ action: 'a' }] }],
  ])('is not taken for %s', async (_what, query, variables) => {
    const { isShort, long, short } = await bothWays(query, variables);
    expect(isShort).toBe(false);
    expect(short).toEqual(long);
  });

  it('looks at the operation that is asked for', () => {
    const document = parse(`${MANY.replace('mutation', 'mutation A')} query B { __typename }`);
    const variableValues = { events: [{ action: 'a' }] };
    expect(ingest.schemaFor({ document, operationName: 'A', variableValues })).not.toBe(schema);
    expect(ingest.schemaFor({ document, operationName: 'B', variableValues })).toBe(schema);
    expect(ingest.schemaFor({ document, variableValues })).toBe(schema);
  });

  it('gives what the long way gives for thousands of drawn inputs, good and bad', async () => {
    const random = new SeededRandom(20_261_121);
    const taken = { short: 0, long: 0 };
    for (let n = 0; n < DRAWN; n++) {
      const events = Array.from({ length: random.below(4) }, () => drawEvent(random));
      const { isShort, long, short } = await bothWays(MANY, { events });
      expect(short, `draw ${n}: ${show(events)}`).toEqual(long);
      taken[isShort ? 'short' : 'long'] += 1;
    }
    // Both ways were walked often enough for the comparison to mean something.
    expect(Math.min(taken.short, taken.long)).toBeGreaterThan(DRAWN / 10);
  });
});

const LEAVES: readonly unknown[] = [
  '',
  'text',
  0,
  1.5,
  -1,
  true,
  null,
  2n ** 70n,
  [],
  ['a'],
  {},
  { n: null },
];
const MEMBERS: readonly string[] = inputNames('EventInput');

function drawEvent(random: SeededRandom): Values {
  const event: Values = random.below(20) === 0 ? {} : { action: 'a' };
  for (let members = random.below(5); members > 0; members--) {
    const name = random.below(40) === 0 ? 'unheardOf' : random.pick(MEMBERS);
    event[name] = random.below(5) === 0 ? random.pick(LEAVES) : drawMember(random, name);
  }
  return event;
}

/** Mostly a value that fits. */
function drawMember(random: SeededRandom, name: string): unknown {
  switch (name) {
    case 'status':
      return random.pick(['ATTEMPT', 'SUCCESS', 'FAILURE']);
    case 'classification':
      return random.pick(['PUBLIC', 'PHI', null]);
    case 'sequence':
      return random.below(1000);
    case 'details':
      return { leaf: random.pick(LEAVES) };
    case 'changes':
      return { before: random.pick(LEAVES), fields: random.pick([null, [], ['a', 'b'], ['a', 1]]) };
    case 'actor':
    case 'target':
      return { id: 'i', name: random.pick([null, 'n', 'n', 'n', 5]) };
    case 'context':
      return { [random.pick(['source', 'sessionId', 'ipAddress'])]: random.pick(['s', null]) };
    default:
      return random.pick(['text', null]);
  }
}

function inputNames(name: string): string[] {
  const type = schema.getType(name);
  return isInputObjectType(type) ? Object.keys(type.getFields()) : [];
}

function show(value: unknown): string {
  return JSON.stringify(value, (_name, member) => (typeof member === 'bigint' ? `${member}n` : member));
}

describe('a refused value', () => {
  it('goes the short way in JSON members and fails the request in typed ones', async () => {
    const inJson = { action: 'a', details: { x: new RefusedValue('no') } };
    const inText = { action: 'a', description: new RefusedValue('no') };
    const chosen = (event: unknown) => ingest.schemaFor({ document: parse(ONE), variableValues: { event } });
    expect(chosen(inJson)).not.toBe(schema);
    expect(chosen(inText)).toBe(schema);
    const { errors } = await outcome(schema, ONE, { event: inText });
    expect(errors?.[0]?.message).toContain('String cannot represent a non string value');
  });
});
