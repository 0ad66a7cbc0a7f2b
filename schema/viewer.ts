import { ALL_LEDGERS, type Caller, may } from '#server/access/caller.ts';
import { ERRORS } from '#server/errors.ts';
import { builder } from './builder.ts';
import type { ApplianceFacts } from './context.ts';
import { timeText } from './encodings.ts';

const ViewerType = builder.objectRef<Caller>('Viewer').implement({
  description: 'A token, as it sees itself.',
  fields: (t) => ({
    tokenId: t.exposeID('tokenId', { description: "The token's id." }),
    name: t.exposeString('name', { description: "The token's name." }),
    scopes: t.stringList({ description: 'What it may do.', resolve: ({ scopes }) => [...scopes] }),
    ledgers: t.stringList({
      description: 'Ids of ledgers, or `*` for all.',
      resolve: ({ ledgers }) => (ledgers === ALL_LEDGERS ? [ALL_LEDGERS] : [...ledgers]),
    }),
    sessionExpiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the browser session ends; null for a request with a Bearer token.',
      resolve: ({ session }) => (session === undefined ? null : timeText(session.expiresAt)),
    }),
  }),
});

const StorageKind = builder.enumType('StorageKind', {
  description: 'Where records are kept.',
  values: {
    SQLITE: { description: 'In files of the data folder.' },
    POSTGRES: { description: 'In a Postgres database.' },
  },
});

const ApplianceType = builder.objectRef<ApplianceFacts>('Appliance').implement({
  description: 'This appliance.',
  fields: (t) => ({
    version: t.exposeString('version', { description: 'Its version, and that of its page.' }),
    storage: t.expose('storage', { type: StorageKind, description: 'Where its records are kept.' }),
    dataDir: t.string({
      nullable: true,
      description: 'Where its files lie; null without the scope admin.',
      resolve: ({ dataDir }, _args, { caller }) => (may(caller, 'admin') ? dataDir : null),
    }),
    verifyHours: t.exposeInt('verifyHours', {
      description: 'Every ledger is verified as a whole this often, in hours; 0: only when asked for.',
    }),
    readOnly: t.string({
      nullable: true,
      description: 'Why it records nothing; null where it records.',
      resolve: ({ readOnly }, _args, { caller }) => reasonFor(caller, readOnly()),
    }),
  }),
});

/** Which ledger contradicts itself is told only to whoever may know of all of them. */
function reasonFor(caller: Caller, reason: string | null): string | null {
  const isOperator = may(caller, 'admin') && caller.ledgers === ALL_LEDGERS;
  return reason === null || isOperator ? reason : ERRORS.APPLIANCE_READ_ONLY.message;
}

/** Whoever has a token may ask, whatever its scopes: it is told what it knows, and what everyone sees. */
const ANYONE = () => true;

builder.queryField('viewer', (t) =>
  t.field({
    type: ViewerType,
    description: 'Who the request is from. Needs no scope.',
    authScopes: ANYONE,
    resolve: (_root, _args, { caller }) => caller,
  }),
);

builder.queryField('appliance', (t) =>
  t.field({
    type: ApplianceType,
    description: 'What answers. Needs no scope.',
    authScopes: ANYONE,
    resolve: (_root, _args, { services }) => services.appliance,
  }),
);
