/**
 * The GraphQL-over-HTTP audits as requests and what must come back. Their ids and names are in the corpus.
 */
export interface Audit {
  readonly request: RequestInit & { readonly search?: string };
  readonly expected: {
    readonly status?: readonly number[];
    readonly type?: string;
    /** Whether the body must hold an answer without errors. */
    readonly isAnswered?: boolean;
    /** Members that the body must not have. */
    readonly without?: readonly string[];
  };
}

const JSON_TYPE = 'application/json';
const RESPONSE_TYPE = 'application/graphql-response+json';

function post(body: unknown, accept?: string, type: string | null = JSON_TYPE): Audit['request'] {
  return {
    method: 'POST',
    headers: {
      ...(accept === undefined ? {} : { accept }),
      ...(type === null ? {} : { 'content-type': type }),
    },
    body: typeof body === 'string' ? new TextEncoder().encode(body) : JSON.stringify(body),
  };
}

function get(search: Record<string, string>, accept: string): Audit['request'] {
  return { method: 'GET', headers: { accept }, search: `?${new URLSearchParams(search)}` };
}

const PLAIN = { query: '{ __typename }' };
const ANSWERED = { status: [200], isAnswered: true };
const BAD = { status: [400] };
const BOTH = [RESPONSE_TYPE, JSON_TYPE] as const;

/** Audits of one wrong parameter of several kinds. */
function wrong(ids: readonly string[], parameter: string, values: readonly unknown[]): Record<string, Audit> {
  const body = parameter === 'query' ? {} : PLAIN;
  return Object.fromEntries(
    ids.map((id, i) => [id, { request: post({ ...body, [parameter]: values[i] }), expected: BAD }]),
  );
}

/** Audits of one good body, with each of the two media types accepted. */
function allowed(ids: readonly string[], body: unknown): Record<string, Audit> {
  return Object.fromEntries(
    ids.map((id, i) => [
      id,
      { request: post(body, BOTH[i]), expected: { ...ANSWERED, type: BOTH[i] ?? '' } },
    ]),
  );
}

const VARIABLES = { query: 'query ($n: String!) { __type(name: $n) { name } }', variables: { n: 'Query' } };
const NOT_GRAPHQL = { query: '{' };
const NOT_VALID = { query: '{ 8f31403dfe404bccbb0e835f2629c6a7 }' };
const NOT_COERCED = { query: 'query ($id: ID!) { ledger(id: $id) { id } }', variables: { id: [1, 2] } };

export const AUDITS: Readonly<Record<string, Audit>> = {
  '22EB': { request: post(PLAIN, RESPONSE_TYPE), expected: { ...ANSWERED, type: RESPONSE_TYPE } },
  '4655': { request: post(PLAIN, JSON_TYPE), expected: { ...ANSWERED, type: JSON_TYPE } },
  '47DE': { request: post(PLAIN, '*/*'), expected: { ...ANSWERED, type: JSON_TYPE } },
  '80D8': { request: post(PLAIN), expected: { ...ANSWERED, type: JSON_TYPE } },
  '82A3': { request: post(PLAIN, JSON_TYPE), expected: { type: 'charset=utf-8' } },
  BF61: { request: post(PLAIN, JSON_TYPE, 'application/json; charset=utf-8'), expected: ANSWERED },
  '78D5': { request: post(PLAIN, JSON_TYPE, 'application/json'), expected: ANSWERED },
  '2C94': { request: post(PLAIN), expected: ANSWERED },
  '5A70': { request: get(PLAIN, RESPONSE_TYPE), expected: ANSWERED },
  '9C48': { request: get({ query: 'mutation { __typename }' }, RESPONSE_TYPE), expected: { status: [405] } },
  '9ABE': { request: post(JSON.stringify(PLAIN), undefined, null), expected: { status: [400, 415] } },
  '03D4': { request: post(PLAIN), expected: ANSWERED },
  A5BF: { request: { method: 'POST', headers: { 'content-type': JSON_TYPE } }, expected: BAD },
  '423L': { request: post({ notquery: 1 }), expected: BAD },
  ...wrong(['LKJ0', 'LKJ1', 'LKJ2', 'LKJ3'], 'query', [{}, 0, false, ['array']]),
  ...allowed(['34A2', '13EE'], PLAIN),
  ...wrong(['6C00', '6C01', '6C02', '6C03'], 'operationName', [{}, 0, false, ['array']]),
  ...allowed(['8161', 'B8B3'], { query: 'query Q { __typename }', operationName: 'Q' }),
  ...allowed(['94B0', '0220'], { ...PLAIN, variables: null }),
  ...allowed(['94B1', '0221'], { ...PLAIN, operationName: null }),
  ...allowed(['94B2', '0222'], { ...PLAIN, extensions: null }),
  ...wrong(['4760', '4761', '4762', '4763'], 'variables', ['string', 0, false, ['array']]),
  ...allowed(['2EA1', '28B9'], VARIABLES),
  D6D5: {
    request: get({ query: VARIABLES.query, variables: JSON.stringify(VARIABLES.variables) }, RESPONSE_TYPE),
    expected: ANSWERED,
  },
  '6A70': {
    request: get({ query: VARIABLES.query, variables: JSON.stringify(VARIABLES.variables) }, JSON_TYPE),
    expected: ANSWERED,
  },
  ...wrong(['58B0', '58B1', '58B2', '58B3'], 'extensions', ['string', 0, false, ['array']]),
  ...allowed(['428F', '1B7A'], { ...PLAIN, extensions: { a: 1 } }),
  B6DC: { request: post('{ "not a JSON', JSON_TYPE), expected: { status: [400] } },
  BCF8: { request: post('{ "not a JSON', JSON_TYPE), expected: BAD },
  B7N8: { request: post('{ "not a JSON', RESPONSE_TYPE), expected: BAD },
  '8764': { request: post({ qeury: '{ __typename }' }, RESPONSE_TYPE), expected: BAD },
  '3E3A': { request: post({ qeury: '{ __typename }' }, RESPONSE_TYPE), expected: BAD },
  '572B': { request: post(NOT_GRAPHQL, JSON_TYPE), expected: { status: [200] } },
  FDE2: { request: post(NOT_VALID, JSON_TYPE), expected: { status: [200] } },
  '7B9B': { request: post(NOT_COERCED, JSON_TYPE), expected: { status: [200] } },
  '865D': { request: post(NOT_GRAPHQL, RESPONSE_TYPE), expected: BAD },
  '556A': { request: post(NOT_GRAPHQL, RESPONSE_TYPE), expected: BAD },
  D586: { request: post(NOT_GRAPHQL, RESPONSE_TYPE), expected: { without: ['data'] } },
  '51FE': { request: post(NOT_VALID, RESPONSE_TYPE), expected: BAD },
  '74FF': { request: post(NOT_VALID, RESPONSE_TYPE), expected: BAD },
  '5E5B': { request: post(NOT_VALID, RESPONSE_TYPE), expected: { without: ['data'] } },
  '86EE': { request: post(NOT_COERCED, RESPONSE_TYPE), expected: BAD },
};
