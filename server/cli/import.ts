import { isLedgerId } from '#server/ledger/entry.ts';
import { readText, readWhole } from './arguments.ts';
import type { Command, CommandContext } from './command.ts';
import { EXIT, type ExitCode, UsageError } from './exit-codes.ts';
import { fileSize, type ImportedFile, importFile } from './import/import-file.ts';
import { openProgressFile } from './import/progress-file.ts';
import { openRejectedFile } from './import/rejected-file.ts';
import type { SendTarget } from './import/send-events.ts';
import { createProgressLine, describeCounts, whole } from './progress-line.ts';
import { type ReachedAppliance, reachAppliance } from './reach-appliance.ts';

/** `indelible import`: sends the events of files to the appliance. */
export const importCommand: Command = {
  name: 'import',
  summary: 'Send the events of files: NDJSON or JSON arrays, of any size.',
  usage: 'FILE… [--ledger ID] [--from N] [--url URL] [--token TOKEN]',
  help: `Each file is one JSON array, or has one JSON object a line (NDJSON). Every shape that the REST API
takes will do.

An event without an id gets one made from its content and its place in the file, so a file may be imported
twice: the second time gives only duplicates. After an interruption the same command goes on where it
stopped. Rejected events are listed with their line and reason in FILE.rejected.ndjson, and the exit code
is 1.

  --ledger ID    the ledger; by default the one an event names, or the token's own
  --from N       begin at the N-th event of the file, counted from 1
  --url URL      the appliance (INDELIBLE_URL); by default the one on this machine's data folder, started
                 for the import if need be
  --token TOKEN  token with events:write (INDELIBLE_TOKEN); by default the data folder's admin.token`,
  options: {
    ledger: { type: 'string' },
    from: { type: 'string' },
    url: { type: 'string' },
    token: { type: 'string' },
  },
  async run(args, context) {
    const files = args.positionals;
    if (files.length === 0) throw new UsageError('Which file? indelible import FILE…');
    const ledger = readText(args, 'ledger');
    if (ledger !== null && !isLedgerId(ledger))
      throw new UsageError(`${ledger} cannot be the id of a ledger`);
    const from =
      readText(args, 'from') === null ? null : readWhole(args, 'from', 1, 1, Number.MAX_SAFE_INTEGER);
    if (from !== null && files.length > 1) throw new UsageError('--from goes with one file only');
    // Before anything is started for them.
    for (const file of files) fileSize(file);
    const appliance = await reachAppliance(
      { url: readText(args, 'url'), token: readText(args, 'token') },
      context,
    );
    try {
      let code: ExitCode = EXIT.done;
      for (const file of files) {
        const imported = await importOne(file, appliance, ledger, from, context);
        if (imported.rejected > 0 || imported.broken !== null) code = EXIT.badNews;
      }
      return code;
    } finally {
      await appliance.close();
    }
  },
};

async function importOne(
  file: string,
  appliance: ReachedAppliance,
  ledger: string | null,
  from: number | null,
  context: CommandContext,
): Promise<ImportedFile> {
  const { output, clock } = context;
  const line = createProgressLine(output, clock, file);
  const rejected = openRejectedFile(file);
  const startedAt = clock();
  let resumed = false;
  let answered = 0;
  try {
    const imported = await importFile({
      file,
      target: sendTarget(appliance, ledger, context),
      progress: openProgressFile(file, appliance.dataDir, appliance.url, ledger),
      rejected,
      skip: from === null ? null : from - 1,
      onProgress: (counts, done, total) => {
        if (counts.events > 0 && done === 0 && !resumed) {
          resumed = true;
          output.note(`${file}: going on after event ${whole(counts.events)}.`);
        }
        answered = counts.events;
        line.show(counts, done, total);
      },
    });
    output.line(`${file}: ${describeCounts(imported)} in ${((clock() - startedAt) / 1000).toFixed(1)} s.`);
    if (imported.rejected > 0) output.line(`The rejected events are in ${rejected.path}`);
    if (imported.broken !== null)
      output.note(`${file}: ${imported.broken} All events before that were sent.`);
    return imported;
  } catch (error) {
    if (answered > 0)
      output.note(`${file}: stopped after event ${whole(answered)}. The same command goes on there.`);
    throw error;
  } finally {
    line.clear();
  }
}

/** Where events of a command are sent, with the context's patience. */
export function sendTarget(
  appliance: ReachedAppliance,
  ledger: string | null,
  context: CommandContext,
): SendTarget {
  return {
    url: appliance.url,
    token: appliance.token,
    ledger,
    wait: context.wait,
    interrupted: context.interrupted,
    onRetry: (reason, waitMs) =>
      context.output.note(`${reason}; trying again in ${(waitMs / 1000).toFixed(1)} s.`),
  };
}
