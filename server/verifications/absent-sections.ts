import { setTimeout as wait } from 'node:timers/promises';
import { ERASED_DIGEST } from '#server/ledger/digest-check.ts';
import { parseJson } from '#server/ledger/json.ts';
import type { AbsentSections } from '#server/ledger/ledger-walk.ts';
import { RecordCheck } from '#server/ledger/record-check.ts';
import { readPreimage } from '#server/ledger/section.ts';
import type { ArchivedErasure } from '#server/ports/ledger-archive.ts';
import { SYSTEM_LEDGER } from '#server/ports/system-log.ts';
import { isInTree } from './is-in-tree.ts';
import type { Run } from './run.ts';

/** What an erasure is recorded as in the ledger `system`. */
const ACTION = 'sections.erase';
/** An erasure is carried out when its event is accepted; a moment later that is recorded. */
const RECORDING_WAIT_MS = 250;
const RECORDING_WAITS_MAX = 12;

/**
 * Tells of sections that are not there whether they were lawfully erased: an erasure was carried out, and the
 * ledger `system` has the event that says so. What the erasures took away is reported as a break otherwise.
 */
export async function checkAbsent(run: Run, absent: readonly AbsentSections[]): Promise<void> {
  if (absent.length === 0) return;
  const [first, last] = [absent[0]?.index ?? 0, absent.at(-1)?.index ?? 0];
  const byIndex = new Map<number, ArchivedErasure[]>();
  for (const erasure of await run.deps.archive.erasures(run.ledger.no, first, last + 1)) {
    byIndex.set(erasure.index, [...(byIndex.get(erasure.index) ?? []), erasure]);
  }
  for (const one of absent) await checkOne(run, one, byIndex.get(one.index) ?? []);
}

async function checkOne(
  run: Run,
  absent: AbsentSections,
  erasures: readonly ArchivedErasure[],
): Promise<void> {
  const { index, names, digest } = absent;
  const erased = new Set<string>();
  for (const erasure of erasures) {
    if (!names.some((name) => erasure.sections.includes(name))) continue;
    if (await isRecorded(run, erasure)) for (const name of erasure.sections) erased.add(name);
  }
  const missing = names.filter((name) => !erased.has(name)).map((name) => JSON.stringify(name));
  if (missing.length > 0) {
    const sections =
      missing.length === 1 ? `the section ${missing[0]} is` : `the sections ${missing.join(', ')} are`;
    run.breaks.add('CONTENT_MISMATCH', index, `${sections} missing, and no erasure is recorded`);
  } else if (digest !== null && digest !== ERASED_DIGEST) {
    run.breaks.add('INDEX_DRIFT', index, 'the column digest is not that of an event that was erased from');
  }
}

async function isRecorded(run: Run, erasure: ArchivedErasure): Promise<boolean> {
  for (let attempt = 0; attempt < RECORDING_WAITS_MAX; attempt++) {
    await run.pause();
    const found = await findEvent(run, erasure);
    if (found !== null) return found;
    await wait(RECORDING_WAIT_MS);
  }
  return false;
}

/** Whether `system` has the event of this erasure, in its tree; `null` where it has none of that id. */
async function findEvent({ deps, ledger }: Run, erasure: ArchivedErasure): Promise<boolean | null> {
  const system = await deps.archive.ledger(SYSTEM_LEDGER);
  if (system === null) return false;
  const record = await deps.archive.recordOf(system.no, erasure.id);
  if (record === null) return null;
  let problems = 0;
  try {
    new RecordCheck(deps.sha256, SYSTEM_LEDGER).report(record, () => (problems += 1));
    const [event, details] = [record.sections.get('event'), record.sections.get('details')];
    if (problems > 0 || event === undefined || details === undefined) return false;
    const [told, of] = [parseJson(readPreimage(event).json), parseJson(readPreimage(details).json)];
    if (!isErasure(told, of, ledger.id, erasure)) return false;
  } catch {
    // Garbage records nothing.
    return false;
  }
  // Read again: the head that has the record.
  const now = await deps.archive.ledger(SYSTEM_LEDGER);
  return now !== null && (await isInTree(deps, now, record));
}

function isErasure(event: unknown, details: unknown, ledger: string, erasure: ArchivedErasure): boolean {
  if (member(member(event, 'event'), 'action') !== ACTION) return false;
  const told = member(details, 'details');
  const sections: unknown = member(told, 'sections');
  return (
    member(told, 'ledger') === ledger &&
    member(told, 'index') === erasure.index &&
    Array.isArray(sections) &&
    erasure.sections.every((name) => sections.includes(name))
  );
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}
