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
problem, 0 also with warnings. With DATABASE_URL it looks at Postgres as the servers see it: connect as their
role. It compares every ledger with its newest checkpoints, as each start does. It does not read all
records again.`,
  options: {},
  async run(args, context) {
    if (args.positionals.length > 0) throw new UsageError(`doctor takes no ${args.positionals[0]}`);
    const counts = { ok: 0, warning: 0, problem: 0 };
    for await (const { what, level, text, hint } of examine(context)) {
      context.output.line(`${LABELS[level]}  ${what}: ${text}`);
      counts[level] += 1;
      if (hint !== undefined) context.output.line(`         ${hint}`);
    }
    const warnings = counts.warning === 0 ? '' : `, ${counted(counts.warning, 'warning')}`;
    context.output.line(
      counts.problem === 0
        ? `\nAll is well${warnings}.`
        : `\n${counted(counts.problem, 'problem')}${warnings}.`,
    );
    return counts.problem === 0 ? EXIT.done : EXIT.badNews;
  },
};

const LABELS = { ok: 'ok     ', warning: 'warning', problem: 'PROBLEM' } as const;

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

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
  if (config.databaseUrl === null) {
    yield* checkDatabase(paths, clock);
    return;
  }
  const { checkPostgres, checkReplica } = await import('./doctor/check-postgres.ts');
  yield* checkPostgres({ url: config.databaseUrl, queueName: config.queueName, paths, clock });
  if (config.replicaUrl !== null) yield* checkReplica(config.databaseUrl, config.replicaUrl);
}
