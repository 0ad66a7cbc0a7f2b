import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EXPORT_FORMATS, type ExportFormat } from '#server/exports/export-params.ts';
import { exportName } from '#server/exports/export-name.ts';
import { isLedgerId } from '#server/ledger/entry.ts';
import { type Arguments, readText, readTexts } from './arguments.ts';
import type { Command, CommandContext } from './command.ts';
import { CannotRunError, EXIT, type ExitCode, UsageError } from './exit-codes.ts';
import { downloadExport } from './export/download-export.ts';
import { type AskedExport, followExport } from './export/follow-export.ts';
import { RefusedError } from './graphql-call.ts';
import { whole } from './progress-line.ts';
import { type ReachedAppliance, reachAppliance } from './reach-appliance.ts';

/** What is answered to a command line that is wrong. */
const MISTAKES: ReadonlySet<string> = new Set(['SEARCH_INVALID', 'TIMESTAMP_INVALID', 'BAD_USER_INPUT']);

/** `indelible export`: has an export made, and fetches it. */
export const exportCommand: Command = {
  name: 'export',
  summary: 'Write records into a file: an evidence pack that proves itself, CSV or NDJSON.',
  usage: '[--ledger ID] [--query QUERY] [--format evidence|csv|ndjson] [--withhold NAMES] [--out FILE]',
  help: `Writes every record that matches, of those that the ledger has now, in order of index. The appliance
looks at every record, not at its search index; what comes of it is fetched, in one piece or several, and its
SHA-256 is checked. See: indelible verify --help

  --ledger ID       the ledger; "default" unless given
  --query QUERY     in the language of the search bar (docs/SEARCH.md); everything unless given
  --format NAME     evidence (default): a pack of records, proofs and the signed checkpoint, with what
                    verifies it; csv: cells that a spreadsheet would run begin with an apostrophe;
                    ndjson: a JSON object a line, exact
  --withhold NAMES  sections to leave out, with commas between: event, actor, target, context, changes,
                    details. In a pack their commitments stay, and everything else still proves
  --out FILE        where to; a name in this folder unless given. An existing file is never overwritten
  --url, --token    the appliance and the token to ask with (INDELIBLE_URL, INDELIBLE_TOKEN), which needs
                    the scope exports:create; by default those of the data folder`,
  options: {
    ledger: { type: 'string' },
    query: { type: 'string' },
    format: { type: 'string' },
    withhold: { type: 'string', multiple: true },
    out: { type: 'string' },
    url: { type: 'string' },
    token: { type: 'string' },
  },
  async run(args, context) {
    const asked = readAsked(args);
    const out = readText(args, 'out');
    refuseExisting(out);
    const reach = { url: readText(args, 'url'), token: readText(args, 'token') };
    const appliance = await reachAppliance(reach, context);
    try {
      return await exportTo(appliance, asked, out, context);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      context.output.note(`${error.message} [${error.code}]`);
      return MISTAKES.has(error.code) ? EXIT.wrongUsage : EXIT.badNews;
    } finally {
      await appliance.close();
    }
  },
};

function readAsked(args: Arguments): AskedExport {
  if (args.positionals.length > 0) {
    throw new UsageError(`Give what to look for as --query '${args.positionals.join(' ')}'`);
  }
  const ledger = readText(args, 'ledger') ?? 'default';
  if (!isLedgerId(ledger)) throw new UsageError(`${ledger} cannot be the id of a ledger`);
  return {
    ledger,
    search: readText(args, 'query'),
    format: readFormat(readText(args, 'format') ?? 'evidence'),
    withhold: readTexts(args, 'withhold'),
  };
}

function readFormat(name: string): ExportFormat {
  const format = EXPORT_FORMATS.find((one) => one.toLowerCase() === name);
  if (format !== undefined) return format;
  const names = EXPORT_FORMATS.map((one) => one.toLowerCase()).join(', ');
  throw new UsageError(`--format must be ${names}, not ${name}`);
}

function refuseExisting(out: string | null): void {
  if (out !== null && existsSync(out) && !isFolder(out)) throw new UsageError(`${out} exists already`);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

async function exportTo(
  appliance: ReachedAppliance,
  asked: AskedExport,
  out: string | null,
  context: CommandContext,
): Promise<ExitCode> {
  const { output } = context;
  const finished = await followExport(appliance, asked, context);
  if ('failure' in finished) {
    output.note(finished.failure);
    return EXIT.badNews;
  }
  const name = exportName(asked.ledger, finished.id, asked.format);
  const file = out === null ? name : isFolder(out) ? join(out, name) : out;
  if (existsSync(file))
    throw new CannotRunError(`${file} exists already. The export stays on the appliance.`);
  const isWhole = await downloadExport(appliance, finished, file, context);
  output.status('');
  if (!isWhole) {
    output.note(`What was fetched has not the SHA-256 ${finished.sha256}: it was removed. Try again.`);
    return EXIT.badNews;
  }
  const records = finished.count === 1 ? '1 record' : `${whole(finished.count)} records`;
  output.line(`${file}: ${records}, ${whole(finished.bytes)} bytes, SHA-256 ${finished.sha256}`);
  return EXIT.done;
}
