import type { CreatedToken } from '#server/access/tokens.ts';
import type { StoredToken } from '#server/ports/token-store.ts';
import { builder } from './builder.ts';
import { timeText } from './encodings.ts';
import { milliseconds } from './record-filter.ts';

const ADMIN = { scope: 'admin' } as const;

const TokenType = builder.objectRef<StoredToken>('Token').implement({
  description: 'Access to the API. Its secret is stored hashed and cannot be read.',
  authScopes: ADMIN,
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id; actor of events that are sent without one.' }),
    name: t.exposeString('name', { description: 'Its name for people.' }),
    scopes: t.exposeStringList('scopes', { description: 'What it may do.' }),
    ledgers: t.exposeStringList('ledgers', { description: 'Ids of the ledgers it is bound to; `*` is all.' }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was made.',
      resolve: ({ createdAt }) => timeText(createdAt),
    }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it stops working; null: never.',
      resolve: ({ expiresAt }) => (expiresAt === null ? null : timeText(expiresAt)),
    }),
    revokedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked; null: it was not.',
      resolve: ({ revokedAt }) => (revokedAt === null ? null : timeText(revokedAt)),
    }),
  }),
});

const CreatedTokenType = builder.objectRef<CreatedToken>('CreatedToken').implement({
  description: 'A new token with its secret.',
  authScopes: ADMIN,
  fields: (t) => ({
    token: t.expose('token', { type: TokenType, description: 'The token.' }),
    secret: t.exposeString('secret', {
      description: 'What to send as `Authorization: Bearer <secret>`. Shown this once.',
    }),
  }),
});

builder.queryField('tokens', (t) =>
  t.field({
    type: [TokenType],
    description:
      "All tokens whose ledgers are among the caller's, expired and revoked ones too; no secrets. " +
      'Needs the scope admin.',
    authScopes: ADMIN,
    resolve: async (_root, _args, { caller, services }) => [...(await services.tokens.list(caller))],
  }),
);

builder.mutationField('createToken', (t) =>
  t.field({
    type: CreatedTokenType,
    description:
      'Makes a token. It can be given only scopes and ledgers that the caller has. Needs the scope admin. ' +
      'Errors: BAD_USER_INPUT, TIMESTAMP_INVALID, LEDGER_NOT_FOUND, FORBIDDEN.',
    authScopes: ADMIN,
    args: {
      name: t.arg.string({ required: true, description: 'Its name for people, at most 1,024 characters.' }),
      scopes: t.arg.stringList({ required: true, description: 'What it may do.' }),
      ledgers: t.arg.idList({
        required: true,
        description: 'Ids of the ledgers to bind it to, at most 1,000; `*` alone is all.',
      }),
      expiresAt: t.arg({ type: 'DateTime', description: 'When it stops working; never if absent.' }),
    },
    resolve: (_root, { name, scopes, ledgers, expiresAt }, { caller, services }) =>
      services.tokens.create(caller, {
        name,
        scopes,
        ledgers,
        expiresAt: milliseconds(expiresAt, ['expiresAt']),
      }),
  }),
);

builder.mutationField('revokeToken', (t) =>
  t.field({
    type: TokenType,
    description:
      'Stops a token from the next request on, for ever; streams that it opened give nothing more. ' +
      'Revoking again ' +
      'changes nothing. Needs the scope admin. Errors: TOKEN_NOT_FOUND.',
    authScopes: ADMIN,
    args: { id: t.arg.id({ required: true, description: "The token's id." }) },
    resolve: (_root, { id }, { caller, services }) => services.tokens.revoke(caller, id),
  }),
);
