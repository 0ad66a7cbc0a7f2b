import { AppError } from '#server/errors.ts';
import { BATCH_EVENTS_MAX, type Submission } from '#server/ports/intake.ts';
import type { Enqueue, NewBatch } from './enqueue.ts';
import { createSentIds, type Decision, decide, insertIds, selectKnown } from './intake-keys.ts';
import type { LedgerNumbers } from './ledger-numbers.ts';
import type { PostgresClient } from './open.ts';
import { add, NOTHING, type QueueAmount, type QueueRoom } from './queue-room.ts';

/** Most characters in one batch that is made of several submissions. */
const BATCH_CHARACTERS_MAX = 8 * 1024 * 1024;

/** A submission on its way into the queue. */
export interface GroupMember {
  readonly submission: Submission;
  /** What it adds to the queue if all of it is new. */
  readonly amount: QueueAmount;
}

/** A batch made of submissions that arrived together. */
export interface GroupBatch<Member> extends NewBatch {
  readonly ledger: string;
  readonly eventIds: readonly string[];
  readonly members: readonly Member[];
}

/** What one transaction keeps of a group: it holds once that is committed. */
export interface GroupPlan<Member> {
  readonly decided: readonly { readonly member: Member; readonly decision: Decision }[];
  readonly refused: readonly { readonly member: Member; readonly error: AppError }[];
  readonly batches: readonly GroupBatch<Member>[];
  readonly kept: QueueAmount;
}

export interface GroupDeps {
  readonly numbers: LedgerNumbers;
  readonly room: QueueRoom;
  readonly enqueue: Enqueue;
  readonly newJobId: () => string;
}

/** Why not everything new may be queued: `refusal`, or there may be no room for all of it. */
export interface Narrow {
  readonly refusal: AppError | null;
}

/**
 * Decides the submissions of a group and queues what is new, in the transaction of `client`.
 *
 * @param narrow `null` where there is room for all of the group, and nothing is refused
 */
export async function keepGroup<Member extends GroupMember>(
  { numbers, room, enqueue, newJobId }: GroupDeps,
  client: PostgresClient,
  group: readonly Member[],
  narrow: Narrow | null,
): Promise<GroupPlan<Member>> {
  const { placed, refused } = await placeMembers(numbers, client, group);
  if (narrow || room.isStale()) await room.read(client);
  const all = placed.map(({ member }) => member.amount).reduce(add, NOTHING);
  const chosen =
    narrow && (narrow.refusal || !room.fits(all))
      ? await chooseMembers(client, room, placed, narrow.refusal, refused)
      : placed;
  const ids = createSentIds();
  for (const { member, ledgerNo } of chosen) ids.add(ledgerNo, member.submission.events);
  if (ids.all.length > 0) await insertIds(client, ids.all);
  const batches: OpenBatch<Member>[] = [];
  const open = new Map<number, OpenBatch<Member>>();
  let kept = NOTHING;
  const decided = chosen.map(({ member, ledgerNo }) => {
    const decision = decide(ids, ledgerNo, member.submission.events);
    const amount = amountOf(decision.accepted);
    kept = add(kept, amount);
    if (amount.events > 0) pack(batches, open, { member, ledgerNo, decision, amount, newJobId });
    return { member, decision };
  });
  await enqueue(client, batches);
  return { decided, refused, batches, kept };
}

interface Placed<Member> {
  readonly member: Member;
  readonly ledgerNo: number;
}

type Refused<Member> = { member: Member; error: AppError }[];

/** Finds the ledgers; submissions to ledgers that do not exist are refused. */
async function placeMembers<Member extends GroupMember>(
  numbers: LedgerNumbers,
  client: PostgresClient,
  group: readonly Member[],
): Promise<{ placed: readonly Placed<Member>[]; refused: Refused<Member> }> {
  const placed: Placed<Member>[] = [];
  const refused: Refused<Member> = [];
  for (const member of group) {
    const ledgerNo = await numbers.find(client, member.submission.ledger);
    if (ledgerNo === null) refused.push({ member, error: new AppError('LEDGER_NOT_FOUND') });
    else placed.push({ member, ledgerNo });
  }
  return { placed, refused };
}

/**
 * Those submissions that have nothing new, or for whose new events there is room. Chosen before anything is
 * written: a refused submission must leave no ids behind.
 */
async function chooseMembers<Member extends GroupMember>(
  client: PostgresClient,
  room: QueueRoom,
  placed: readonly Placed<Member>[],
  refusal: AppError | null,
  refused: Refused<Member>,
): Promise<readonly Placed<Member>[]> {
  const ids = createSentIds();
  for (const { member, ledgerNo } of placed) ids.add(ledgerNo, member.submission.events);
  const known = await selectKnown(client, ids.all);
  const chosen = new Set<unknown>();
  let taken = NOTHING;
  return placed.filter(({ member, ledgerNo }) => {
    const fresh = new Map(
      member.submission.events
        .map((event) => ({ event, id: ids.get(ledgerNo, event.eventId) }))
        .filter(({ id }) => !known.has(id) && !chosen.has(id))
        .toReversed() // Of two events with one id the first counts.
        .map(({ event, id }) => [id, event]),
    );
    const amount = amountOf([...fresh.values()]);
    const after = add(taken, amount);
    if (amount.events > 0 && (refusal || !room.fits(after))) {
      refused.push({ member, error: refusal ?? new AppError('QUEUE_FULL', { retryAfterS: 2 }) });
      return false;
    }
    taken = after;
    for (const id of fresh.keys()) chosen.add(id);
    return true;
  });
}

/** What events add to the queue. */
export function amountOf(events: readonly { readonly line: string }[]): QueueAmount {
  return { events: events.length, characters: events.reduce((sum, { line }) => sum + line.length, 0) };
}

interface OpenBatch<Member> extends GroupBatch<Member> {
  readonly lines: string[];
  readonly eventIds: string[];
  readonly members: Member[];
  characters: number;
}

interface Packed<Member> extends Placed<Member> {
  readonly decision: Decision;
  readonly amount: QueueAmount;
  readonly newJobId: () => string;
}

/**
 * One submission stays whole: it goes into the ledger's open batch if it fits, else it opens the next one.
 */
function pack<Member extends GroupMember>(
  batches: OpenBatch<Member>[],
  open: Map<number, OpenBatch<Member>>,
  { member, ledgerNo, decision, amount, newJobId }: Packed<Member>,
): void {
  let batch = open.get(ledgerNo);
  if (
    !batch ||
    batch.lines.length + amount.events > BATCH_EVENTS_MAX ||
    batch.characters + amount.characters > BATCH_CHARACTERS_MAX
  ) {
    const { ledger } = member.submission;
    batch = { id: newJobId(), ledger, ledgerNo, lines: [], eventIds: [], members: [], characters: 0 };
    batches.push(batch);
    open.set(ledgerNo, batch);
  }
  for (const { line, eventId } of decision.accepted) {
    batch.lines.push(line);
    batch.eventIds.push(eventId);
  }
  batch.members.push(member);
  batch.characters += amount.characters;
}
