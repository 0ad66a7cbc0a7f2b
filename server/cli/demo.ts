import { DAY_MS, EVENTS_MAX, EVENTS_MIN, makeMonth } from '#server/demo/month.ts';
import { isLedgerId } from '#server/ledger/entry.ts';
import { readText, readWhole } from './arguments.ts';
import type { Command, CommandContext } from './command.ts';
import { EXIT, UsageError } from './exit-codes.ts';
import { callGraphql, RefusedError } from './graphql-call.ts';
import type { ImportCounts } from './import/import-file.ts';
import { CHUNK_EVENTS_MAX } from './import/read-chunks.ts';
import { sendTarget } from './import.ts';
import { sendEvents } from './import/send-events.ts';
import { createProgressLine, describeCounts } from './progress-line.ts';
import { type ReachedAppliance, reachAppliance } from './reach-appliance.ts';

const LEDGER = 'demo';
const EVENTS = 20_000;
const SEED = 1;

/** `indelible demo`: fills a ledger of its own with a believable month. */
export const demoCommand: Command = {
  name: 'demo',
  summary: 'Fill a ledger with a believable month of a hospital and its software.',
  usage: `[--ledger ${LEDGER}] [--events ${EVENTS}] [--seed ${SEED}]`,
  help: `The month ends now. Among the ordinary work lie a night of password spraying and, four nights later,
an export of all patients at an odd hour. The same seed on the same day gives the same events: run twice,
they are duplicates.

  --ledger ID    the ledger; it is created if it does not exist
  --events N     events of the month, ${EVENTS_MIN} to ${EVENTS_MAX}; those that lie after now are left out
  --seed N       another seed gives another month
  --url, --token the appliance and the token to send with (INDELIBLE_URL, INDELIBLE_TOKEN); by default the
                 appliance of the data folder and its admin.token`,
  options: {
    ledger: { type: 'string' },
    events: { type: 'string' },
    seed: { type: 'string' },
    url: { type: 'string' },
    token: { type: 'string' },
  },
  async run(args, context) {
    if (args.positionals.length > 0) throw new UsageError(`demo takes no ${args.positionals[0]}`);
    const ledger = readText(args, 'ledger') ?? LEDGER;
    if (!isLedgerId(ledger)) throw new UsageError(`${ledger} cannot be the id of a ledger`);
    const events = readWhole(args, 'events', EVENTS, EVENTS_MIN, EVENTS_MAX);
    const seed = readWhole(args, 'seed', SEED, 0, 0xffff_ffff);
    const appliance = await reachAppliance(
      { url: readText(args, 'url'), token: readText(args, 'token') },
      context,
    );
    try {
      await ensureLedger(appliance, ledger);
      const counts = await sendMonth(appliance, ledger, { events, seed }, context);
      const look = appliance.isTemporary
        ? 'Start the server to look at it.'
        : `Look at it at ${appliance.url}`;
      context.output.line(`Ledger ${ledger}: ${describeCounts(counts)}. ${look}`);
      return counts.rejected > 0 ? EXIT.badNews : EXIT.done;
    } finally {
      await appliance.close();
    }
  },
};

async function ensureLedger(appliance: ReachedAppliance, id: string): Promise<void> {
  try {
    await callGraphql(appliance, 'mutation ($id: ID!) { createLedger(id: $id) { id } }', { id });
  } catch (error) {
    // It exists: good. Whether this token may write to it is seen with the first event; a token without admin
    // may.
    if (error instanceof RefusedError && ['LEDGER_EXISTS', 'FORBIDDEN'].includes(error.code)) return;
    throw error;
  }
}

async function sendMonth(
  appliance: ReachedAppliance,
  ledger: string,
  { events, seed }: { readonly events: number; readonly seed: number },
  context: CommandContext,
): Promise<ImportCounts> {
  const now = context.clock();
  const month = makeMonth({ seed, events, lastDay: now - (now % DAY_MS) });
  const past = month.filter(({ timestamp }) => Date.parse(timestamp) <= now);
  const target = sendTarget(appliance, ledger, context);
  const line = createProgressLine(context.output, context.clock, `ledger ${ledger}`);
  const counts = { events: 0, accepted: 0, duplicates: 0, rejected: 0 };
  try {
    for (let from = 0; from < past.length; from += CHUNK_EVENTS_MAX) {
      context.interrupted.throwIfAborted();
      const chunk = past.slice(from, from + CHUNK_EVENTS_MAX).map((event) => JSON.stringify(event));
      for (const { outcome } of await sendEvents(target, chunk)) {
        counts.events += 1;
        if (outcome === 'ACCEPTED') counts.accepted += 1;
        else if (outcome === 'DUPLICATE') counts.duplicates += 1;
        else counts.rejected += 1;
      }
      line.show(counts, counts.events, past.length);
    }
  } finally {
    line.clear();
  }
  return counts;
}
