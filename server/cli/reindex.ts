import { loadConfig } from '#server/config.ts';
import { readText } from './arguments.ts';
import type { Command } from './command.ts';
import { EXIT, UsageError } from './exit-codes.ts';
import { openIndexAccess } from './reindex/index-access.ts';
import { makeAnew } from './reindex/make-anew.ts';

/** `indelible reindex`: makes the search index anew from the records. */
export const reindexCommand: Command = {
  name: 'reindex',
  summary: 'Make the search index anew from the records.',
  usage: '[--ledger ID]',
  help: `The index only says where to look: it can be made anew at any time, and no record is touched. Servers
may run meanwhile, and record; until it is done, searches cover fewer records and say so.

With SQLite a running server does the work and this command waits for it; without one it is done here.
With DATABASE_URL it is done here, beside the servers.

  --ledger ID  only this ledger's; by default all`,
  options: { ledger: { type: 'string' } },
  async run(args, context) {
    if (args.positionals.length > 0) throw new UsageError(`reindex takes no ${args.positionals[0]}`);
    const access = await openIndexAccess(loadConfig({ env: context.env }), context.output);
    try {
      await makeAnew(access, readText(args, 'ledger'), context);
    } finally {
      await access.close();
    }
    return EXIT.done;
  },
};
