import { ALL_SCOPES } from '#server/access/scopes.ts';
import { type Arguments, readText, readTexts } from './arguments.ts';
import type { Command, CommandContext } from './command.ts';
import { EXIT, type ExitCode, UsageError } from './exit-codes.ts';
import { callGraphql, isMembers, RefusedError } from './graphql-call.ts';
import { nearest } from '#server/nearest.ts';
import { type ReachedAppliance, reachAppliance } from './reach-appliance.ts';

/** For the help: all of them are too wide for one line. */
const SCOPES_A_LINE = 5;

/** `indelible token`: makes, lists and revokes access tokens. */
export const tokenCommand: Command = {
  name: 'token',
  summary: 'Make, list or revoke access tokens.',
  usage: 'create --name NAME --scope SCOPE… --ledger ID… [--expires TIME] | list | revoke ID',
  help: `A token's secret is printed once, alone on standard output, when it is made. It is stored nowhere.

  --name NAME      its name for people
  --scope SCOPE    what it may do; give it more than once, or separate by commas:
                   ${ALL_SCOPES.slice(0, SCOPES_A_LINE).join(', ')},
                   ${ALL_SCOPES.slice(SCOPES_A_LINE).join(', ')}
  --ledger ID      ledgers it is bound to; more than one as above; "*" is all
  --expires TIME   when it stops working: a date, an RFC 3339 time, or days from now such as 90d; by
                   default never
  --url, --token   the appliance and the token to ask with (INDELIBLE_URL, INDELIBLE_TOKEN); by default
                   the appliance of the data folder and its admin.token`,
  options: {
    name: { type: 'string' },
    scope: { type: 'string', multiple: true },
    ledger: { type: 'string', multiple: true },
    expires: { type: 'string' },
    url: { type: 'string' },
    token: { type: 'string' },
  },
  async run(args, context) {
    const action = chooseAction(args, context);
    const appliance = await reachAppliance(
      { url: readText(args, 'url'), token: readText(args, 'token') },
      context,
    );
    try {
      return await action(appliance);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      context.output.note(`${error.message} [${error.code}]`);
      return EXIT.badNews;
    } finally {
      await appliance.close();
    }
  },
};

type Action = (appliance: ReachedAppliance) => Promise<ExitCode>;

/** Reads the arguments before anything is started for them. */
function chooseAction(args: Arguments, context: CommandContext): Action {
  const [action, id, ...rest] = args.positionals;
  switch (action) {
    case 'create': {
      if (id !== undefined) throw new UsageError(`create takes no ${id}: give --name, --scope and --ledger`);
      const variables = readNewToken(args, context);
      return (appliance) => createToken(appliance, variables, context);
    }
    case 'list':
      if (id !== undefined) throw new UsageError(`list takes no ${id}`);
      return (appliance) => listTokens(appliance, context);
    case 'revoke':
      if (id === undefined || rest.length > 0) throw new UsageError('Which token? indelible token revoke ID');
      return (appliance) => revokeToken(appliance, id, context);
    default: {
      const known = ['create', 'list', 'revoke'];
      const best = action === undefined ? '' : `; the nearest is ${nearest(action, known)}`;
      throw new UsageError(
        `token can ${known.join(', ')}${action === undefined ? '' : `, not ${action}`}${best}`,
      );
    }
  }
}

interface NewToken {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly ledgers: readonly string[];
  readonly expiresAt: string | null;
}

function readNewToken(args: Arguments, { clock }: CommandContext): NewToken {
  const name = readText(args, 'name');
  if (name === null || name.trim() === '') throw new UsageError('token create needs --name');
  const scopes = readTexts(args, 'scope');
  if (scopes.length === 0)
    throw new UsageError(`token create needs --scope, one of: ${ALL_SCOPES.join(', ')}`);
  const known: readonly string[] = ALL_SCOPES;
  const wrong = scopes.find((scope) => !known.includes(scope));
  if (wrong !== undefined) {
    throw new UsageError(`${wrong} is not a scope; the nearest is ${nearest(wrong, known)}`);
  }
  const ledgers = readTexts(args, 'ledger');
  if (ledgers.length === 0) throw new UsageError('token create needs --ledger, an id or "*" for all');
  return { name, scopes, ledgers, expiresAt: readExpiry(readText(args, 'expires'), clock()) };
}

const DAY_MS = 86_400_000;

/** A time as RFC 3339: what was given, the start of a date in UTC, or a number of days from now. */
function readExpiry(text: string | null, nowMs: number): string | null {
  if (text === null) return null;
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  if (days !== undefined) return new Date(nowMs + Number(days) * DAY_MS).toISOString();
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text;
  const ms = Date.parse(time);
  if (!/^\d{4}-\d\d-\d\dT/.test(time) || Number.isNaN(ms)) {
    throw new UsageError(`--expires must be a date, an RFC 3339 time or days such as 90d, not ${text}`);
  }
  if (ms <= nowMs) throw new UsageError(`--expires ${text} is in the past`);
  return time;
}

const TOKEN_MEMBERS = 'id name scopes ledgers createdAt expiresAt revokedAt';
const CREATE = `mutation ($name: String!, $scopes: [String!]!, $ledgers: [ID!]!, $expiresAt: DateTime) {
  createToken(name: $name, scopes: $scopes, ledgers: $ledgers, expiresAt: $expiresAt) {
    secret token { ${TOKEN_MEMBERS} }
  }
}`;
const LIST = `{ tokens { ${TOKEN_MEMBERS} } }`;
const REVOKE = `mutation ($id: ID!) { revokeToken(id: $id) { ${TOKEN_MEMBERS} } }`;

async function createToken(
  appliance: ReachedAppliance,
  variables: NewToken,
  { output }: CommandContext,
): Promise<ExitCode> {
  const { createToken: created } = await callGraphql(appliance, CREATE, { ...variables });
  const { secret, token } = isMembers(created) ? created : {};
  output.note(`Made ${describeToken(token)}`);
  output.note('Its secret is shown only this once:');
  output.line(String(secret));
  return EXIT.done;
}

async function listTokens(appliance: ReachedAppliance, { output }: CommandContext): Promise<ExitCode> {
  const { tokens } = await callGraphql(appliance, LIST, {});
  for (const token of Array.isArray(tokens) ? tokens : []) output.line(describeToken(token));
  return EXIT.done;
}

async function revokeToken(
  appliance: ReachedAppliance,
  id: string,
  { output }: CommandContext,
): Promise<ExitCode> {
  const { revokeToken: revoked } = await callGraphql(appliance, REVOKE, { id });
  output.line(`Revoked ${describeToken(revoked)}`);
  return EXIT.done;
}

function describeToken(token: unknown): string {
  if (!isMembers(token)) return 'a token';
  const list = (value: unknown) => (Array.isArray(value) ? value.join(',') : '');
  const { id, name, scopes, ledgers, createdAt, expiresAt, revokedAt } = token;
  const parts = [
    `${String(id)}  ${JSON.stringify(name)}`,
    `scopes ${list(scopes)}`,
    `ledgers ${list(ledgers)}`,
    `made ${String(createdAt)}`,
    ...(typeof expiresAt === 'string' ? [`expires ${expiresAt}`] : []),
    ...(typeof revokedAt === 'string' ? [`REVOKED ${revokedAt}`] : []),
  ];
  return parts.join('  ');
}
