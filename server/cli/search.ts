import { type Arguments, readText, readWhole } from './arguments.ts';
import type { Command, CommandContext } from './command.ts';
import { EXIT, type ExitCode, UsageError } from './exit-codes.ts';
import { callGraphql, isMembers, RefusedError } from './graphql-call.ts';
import { type ReachedAppliance, reachAppliance } from './reach-appliance.ts';
import { type Format, FORMATS } from './search/formats.ts';
import { RECORD_SELECTION } from './search/found-record.ts';

const PAGE_RECORDS = 500;
/** What is answered to a command line that is wrong. */
const MISTAKES: ReadonlySet<string> = new Set(['SEARCH_INVALID', 'TIMESTAMP_INVALID']);

/** `indelible search`: finds records and writes them one by one. */
export const searchCommand: Command = {
  name: 'search',
  summary: 'Find records and print them.',
  usage: "'QUERY' [--ledger ID] [--from TIME] [--to TIME] [--format table|ndjson|csv] [--limit N]",
  help: `Prints every record that matches, newest first, as they are found. The query is in the language
of the search bar (docs/SEARCH.md), for example:

  indelible search 'actor:alice -action:user.read ip:10.0.0.0/8 "card declined"' --from 2026-01-01

  --ledger ID      the ledger; by default the token's own, or "default"
  --from TIME      only what happened at this time or later: an RFC 3339 time, or a date in UTC
  --to TIME        only what happened before this time
  --format NAME    table (default), ndjson (everything, exact) or csv (cells that a spreadsheet would take
                   for a formula begin with an apostrophe)
  --limit N        at most so many records
  --url, --token   the appliance and the token to ask with (INDELIBLE_URL, INDELIBLE_TOKEN); by default
                   the appliance of the data folder and its admin.token`,
  options: {
    ledger: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    format: { type: 'string' },
    limit: { type: 'string' },
    url: { type: 'string' },
    token: { type: 'string' },
  },
  async run(args, context) {
    const asked = readAsked(args);
    const reach = { url: readText(args, 'url'), token: readText(args, 'token') };
    const appliance = await reachAppliance(reach, context);
    try {
      return await printAll(appliance, asked, context);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      context.output.note(`${error.message} [${error.code}]`);
      return MISTAKES.has(error.code) ? EXIT.wrongUsage : EXIT.badNews;
    } finally {
      await appliance.close();
    }
  },
};

interface Asked {
  readonly ledger: string | null;
  readonly search: string;
  readonly filter: Readonly<Record<string, string>>;
  readonly format: Format;
  readonly limit: number;
}

function readAsked(args: Arguments): Asked {
  const [search, ...rest] = args.positionals;
  if (search === undefined) throw new UsageError("Search for what? indelible search 'actor:alice'");
  if (rest.length > 0) {
    throw new UsageError(`Put the whole query into quotes: indelible search '${args.positionals.join(' ')}'`);
  }
  const name = readText(args, 'format') ?? 'table';
  const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (format === undefined) {
    throw new UsageError(`--format must be ${Object.keys(FORMATS).join(', ')}, not ${name}`);
  }
  const [from, to] = [readTime(args, 'from'), readTime(args, 'to')];
  return {
    ledger: readText(args, 'ledger'),
    search,
    filter: {
      ...(from === null ? {} : { occurredFrom: from }),
      ...(to === null ? {} : { occurredTo: to }),
    },
    format,
    limit: readWhole(args, 'limit', Number.MAX_SAFE_INTEGER, 1, Number.MAX_SAFE_INTEGER),
  };
}

/** RFC 3339 as it is, so that no digit is lost; a date is its beginning in UTC. The appliance checks it. */
function readTime(args: Arguments, name: string): string | null {
  const text = readText(args, name);
  return text !== null && /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text;
}

const PAGE = `query ($ledger: ID, $filter: RecordFilter, $search: String, $first: Int, $after: String) {
  records(ledger: $ledger, filter: $filter, search: $search, first: $first, after: $after) {
    totalCount indexedThrough pageInfo { hasNextPage endCursor } nodes { ${RECORD_SELECTION} }
  }
}`;

interface Found {
  readonly totalCount: number;
  readonly indexedThrough: number;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly nodes: readonly Readonly<Record<string, unknown>>[];
}

async function printAll(
  appliance: ReachedAppliance,
  { ledger, search, filter, format, limit }: Asked,
  { output, interrupted }: CommandContext,
): Promise<ExitCode> {
  let printed = 0;
  for (let after: string | null = null; ; ) {
    interrupted.throwIfAborted();
    const first = Math.min(PAGE_RECORDS, limit - printed);
    const page = await readPage(appliance, { ledger, search, filter, first, after }, interrupted);
    const lines = page.nodes.map((record) => format.record(record)).join('');
    await output.data((after === null ? format.head : '') + lines);
    printed += page.nodes.length;
    const total = page.totalCount.toLocaleString('en');
    output.status(`${printed.toLocaleString('en')} of ${total}`);
    after = page.pageInfo.endCursor;
    if (page.pageInfo.hasNextPage && printed < limit && after !== null) continue;
    output.status('');
    output.note(`${total} records match, of those with index 0 to ${page.indexedThrough}.`);
    return EXIT.done;
  }
}

async function readPage(
  appliance: ReachedAppliance,
  variables: Readonly<Record<string, unknown>>,
  interrupted: AbortSignal,
): Promise<Found> {
  const { records } = await callGraphql(appliance, PAGE, variables, interrupted);
  if (!isMembers(records)) throw new Error('The appliance answered without records.');
  // The shape is the query's.
  return records as never;
}
