import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '#server/app.ts';
import { loadConfig } from '#server/config.ts';
import { type JsonValue, parseJson, stringifyJson } from '#server/ledger/json.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string; readonly path?: readonly string[]; readonly id?: string };
}

export interface GraphqlAnswer<Data> extends Answer {
  readonly data: Data;
  readonly errors: readonly GraphqlError[];
  readonly codes: readonly string[];
}

export interface ApplianceOptions {
  /** Settings beside those every test has. */
  readonly env?: Readonly<Record<string, string>>;
  /** A data folder that outlives the appliance; a temporary one unless given. */
  readonly dataDir?: string;
}

/** A whole appliance in this process, on a free port. */
export interface Appliance {
  readonly url: string;
  readonly adminToken: string;
  readonly dataDir: string;
  /**
   * Sends an operation and reads the answer, both exactly. The administrator's token unless another one is
   * given.
   */
  graphql<Data = never>(
    query: string,
    variables?: Readonly<Record<string, unknown>>,
    token?: string | null,
  ): Promise<GraphqlAnswer<Data>>;
  request(path: string, init?: RequestInit & { token?: string | null }): Promise<Answer>;
  /** Makes a token and gives its secret. */
  token(scopes: readonly string[], ledgers?: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

const ADMIN_TOKEN = 'test-administrator-token';

/** Starts the real thing: SQLite in a data folder, the writer thread, the HTTP server. */
export async function startAppliance(options: ApplianceOptions = {}): Promise<Appliance> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'indelible-appliance-'));
  const env = {
    INDELIBLE_DATA_DIR: dataDir,
    INDELIBLE_ADMIN_TOKEN: ADMIN_TOKEN,
    PORT: '0',
    LOG_LEVEL: 'silent',
    ...options.env,
  };
  const app = createApp(loadConfig({ env }));
  const { url } = await app.start();

  const request: Appliance['request'] = async (path, { token = ADMIN_TOKEN, headers, ...init } = {}) => {
    const sent = new Headers(headers);
    if (token !== null) sent.set('authorization', `Bearer ${token}`);
    const response = await fetch(new URL(path, url), { ...init, headers: sent });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const graphql: Appliance['graphql'] = async (query, variables = {}, token = ADMIN_TOKEN) => {
    const answer = await request('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: stringifyJson({ query, variables: variables as Record<string, JsonValue> }),
      token,
    });
    const body = parseJson(answer.text) as { data?: unknown; errors?: GraphqlError[] };
    const errors = body.errors ?? [];
    return {
      ...answer,
      data: body.data as never,
      errors,
      codes: errors.map(({ extensions }) => extensions.code),
    };
  };
  return {
    url,
    dataDir,
    adminToken: ADMIN_TOKEN,
    request,
    graphql,
    token: async (scopes, ledgers = ['*']) => {
      const mutation = `mutation ($scopes: [String!]!, $ledgers: [ID!]!) {
        createToken(name: "test", scopes: $scopes, ledgers: $ledgers) { secret } }`;
      const { data, errors } = await graphql<{ createToken: { secret: string } }>(mutation, {
        scopes,
        ledgers,
      });
      if (errors.length > 0) throw new Error(`No token was made: ${JSON.stringify(errors)}`);
      return data.createToken.secret;
    },
    stop: async () => {
      await app.stop();
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
