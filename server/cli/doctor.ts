import { type Config, loadConfig } from '#server/config.ts';
import { dataDirPaths } from '#server/storage/data-dir.ts';
import type { Command, CommandContext } from './command.ts';
import { checkDatabase } from './doctor/check-database.ts';
import { checkFolder, checkHolder, checkNode } from './doctor/check-machine.ts';
import { type Finding, fine, problem, reasonOf } from './doctor/finding.ts';
import { EXIT, UsageError } from './exit-codes.ts';

/** `indelible doctor`: looks for everything that commonly goes wrong, and writes nothing. */
export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Check the machine, the settings, the data folder and the ledgers.',
  usage: '',
  help: `It changes nothing and may run beside the server. One line a check; exit code 1 if there is a
problem. It compares every ledger with its newest checkpoints, as each start does. It does not read all
records again.`,
  options: {},
  async run(args, context) {
    if (args.positionals.length > 0) throw new UsageError(`doctor takes no ${args.positionals[0]}`);
    let problems = 0;
    for await (const { what, ok, text, hint } of examine(context)) {
      context.output.line(`${ok ? 'ok     ' : 'PROBLEM'}  ${what}: ${text}`);
      if (ok) continue;
      problems += 1;
      if (hint !== undefined) context.output.line(`         ${hint}`);
    }
    context.output.line(
      problems === 0 ? '\nAll is well.' : `\n${problems} ${problems === 1 ? 'problem' : 'problems'}.`,
    );
    return problems === 0 ? EXIT.done : EXIT.badNews;
  },
};

async function* examine({ env, clock }: CommandContext): AsyncGenerator<Finding> {
  yield checkNode(process.version);
  let config: Config;
  try {
    config = loadConfig({ env });
    yield fine('Settings', 'are valid');
  } catch (error) {
    yield problem('Settings', reasonOf(error), 'docs/OPERATIONS.md lists them all.');
    return;
  }
  const paths = dataDirPaths(config.dataDir);
  yield* checkFolder(paths);
  yield await checkHolder(config, paths);
  yield* checkDatabase(paths, clock);
}
