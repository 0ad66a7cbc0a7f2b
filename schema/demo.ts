import { mayReach } from '#server/access/ledger.ts';
import { DEMO_LEDGER } from '#server/demo/create-demo.ts';
import { AppError } from '#server/errors.ts';
import { builder } from './builder.ts';

builder.mutationField('createDemo', (t) =>
  t.prismaField({
    type: 'Ledger',
    description:
      'Makes the ledger `demo` with a month of believable events, unless it is there; again completes what ' +
      'is not. A ledger `demo` that was made for something else is given as it is. Needs the scopes admin ' +
      'and events:write, and a token bound to this id or to all ledgers (else FORBIDDEN). ' +
      'Errors: QUEUE_FULL, STORAGE_UNAVAILABLE.',
    authScopes: { $all: { scope: 'admin', anyScope: ['events:write'] } },
    resolve: async (query, _root, _args, { db, caller, services }) => {
      if (!mayReach(caller, DEMO_LEDGER)) {
        throw new AppError('FORBIDDEN', { message: 'The token is not bound to this ledger.' });
      }
      await services.createDemo(caller);
      return await db.ledger.findUniqueOrThrow({ ...query, where: { id: DEMO_LEDGER } });
    },
  }),
);
