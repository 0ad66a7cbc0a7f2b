import { callGraphql, isMembers } from '#server/cli/graphql-call.ts';
import type { CommandContext } from '#server/cli/command.ts';
import { CannotRunError } from '#server/cli/exit-codes.ts';
import { whole } from '#server/cli/progress-line.ts';
import type { ReachedAppliance } from '#server/cli/reach-appliance.ts';
import type { ExportFormat } from '#server/exports/export-params.ts';

/** What is asked for. */
export interface AskedExport {
  readonly ledger: string;
  readonly search: string | null;
  readonly format: ExportFormat;
  readonly withhold: readonly string[];
}

/** An export whose file can be fetched. */
export interface FetchableExport {
  readonly id: string;
  /** Path on the appliance. */
  readonly url: string;
  readonly count: number;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Pause between two looks, in ms. */
const LOOK_MS = 500;
const FIELDS = 'id state count bytes read total sha256 url error { code message }';
const START = `mutation ($ledger: ID!, $search: String, $format: ExportFormat!, $withhold: [String!]) {
  export: startExport(ledger: $ledger, search: $search, format: $format, withhold: $withhold) { ${FIELDS} }
}`;
const READ = `query ($id: ID!) { export(id: $id) { ${FIELDS} } }`;
const CANCEL = 'mutation ($id: ID!) { cancelExport(id: $id) { id } }';

/**
 * Has an export made and waits for its end, showing how far it is. An interruption ends it on the appliance
 * as well.
 *
 * @returns what can be fetched, or why there is nothing
 * @throws RefusedError, CannotRunError; the reason of the interruption
 */
export async function followExport(
  appliance: ReachedAppliance,
  asked: AskedExport,
  context: CommandContext,
): Promise<FetchableExport | { readonly failure: string }> {
  const { interrupted, wait, output } = context;
  let { export: found } = await callGraphql(appliance, START, { ...asked }, interrupted);
  const id = idOf(found);
  try {
    for (;;) {
      if (!isMembers(found)) return { failure: 'The export is not there any more.' };
      const ended = readEnd(found);
      if (ended !== null) return ended;
      const [read, total, count] = [found['read'], found['total'], found['count']].map(Number);
      output.status(`${whole(read ?? 0)} of ${whole(total ?? 0)} records read, ${whole(count ?? 0)} match`);
      await wait(LOOK_MS, interrupted);
      ({ export: found } = await callGraphql(appliance, READ, { id }, interrupted));
    }
  } catch (error) {
    // Best effort: nobody waits for it any more, and where this does not arrive it is only made in vain.
    if (interrupted.aborted) await callGraphql(appliance, CANCEL, { id }).catch(() => undefined);
    throw error;
  }
}

function idOf(found: unknown): string {
  const id = isMembers(found) ? found['id'] : null;
  if (typeof id === 'string') return id;
  throw new CannotRunError('The appliance answered without an export.');
}

function reasonOf(error: unknown): string {
  return isMembers(error) ? String(error['message']) : 'no reason was given';
}

/** `null` while it waits or runs. */
function readEnd(
  found: Readonly<Record<string, unknown>>,
): FetchableExport | { readonly failure: string } | null {
  const { id, state, url, count, bytes, sha256, error } = found;
  if (state === 'FAILED') return { failure: `The export failed: ${reasonOf(error)}` };
  if (state === 'CANCELLED') return { failure: 'The export was cancelled.' };
  if (state !== 'DONE') return null;
  if (typeof url !== 'string') return { failure: 'The file of the export was removed. Make it anew.' };
  if (typeof id !== 'string' || typeof sha256 !== 'string') return null;
  return { id, url, count: Number(count), bytes: Number(bytes), sha256 };
}
