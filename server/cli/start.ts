import type { Command } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { importServer } from './reach-appliance.ts';

/** `indelible start`: runs the appliance until it is stopped. */
export const startCommand: Command = {
  name: 'start',
  summary: 'Run the appliance until Ctrl+C.',
  usage: '',
  help: 'The environment sets it up: INDELIBLE_DATA_DIR, HOST, PORT and others (docs/OPERATIONS.md).',
  options: {},
  async run(_args, { output, env }) {
    const { main } = await importServer(() => import('#server/main.ts'));
    const { loadConfig } = await import('#server/config.ts');
    const code = await main((line) => output.line(line), loadConfig({ env }));
    return code === EXIT.done ? EXIT.done : EXIT.couldNotRun;
  },
};
