/** One event in one wait. */
export interface WaitPlace<Wait> {
  readonly eventId: string;
  readonly wait: Wait;
  /** Where in the wait's submission. */
  readonly at: number;
  /** Whether it was queued with another submission, perhaps by another process. */
  queuedBefore: boolean;
}

/** Which waits are for which event. */
export interface WaitPlaces<Wait> {
  add(wait: Wait, at: number, eventId: string): WaitPlace<Wait>;
  /** The wait is not for this event any more. */
  leave(place: WaitPlace<Wait>): void;
  /** Gives each place of an event, and forgets it. */
  takeAll(ledger: string, eventId: string, take: (place: WaitPlace<Wait>) => void): void;
  has(ledger: string, eventId: string): boolean;
  /** The events of a ledger of which some place is as asked for. */
  select(ledger: string, is: (place: WaitPlace<Wait>) => boolean): readonly string[];
  /** The same of all ledgers that have such events. */
  selectAll(is: (place: WaitPlace<Wait>) => boolean): ReadonlyMap<string, readonly string[]>;
  clear(): void;
}

/**
 * The places of one event are chained: no array, set or closure an event, because there are many and most
 * have one. The first of a chain is never one that was left, so a chain of left ones is gone.
 */
interface Link<Wait> extends WaitPlace<Wait> {
  isLeft: boolean;
  readonly next: Link<Wait> | null;
}

export function createWaitPlaces<Wait extends { readonly ledger: string }>(): WaitPlaces<Wait> {
  const ledgers = new Map<string, Map<string, Link<Wait>>>();

  const setFirst = (ledger: string, eventId: string, first: Link<Wait> | null): void => {
    let chains = ledgers.get(ledger);
    if (!chains) ledgers.set(ledger, (chains = new Map<string, Link<Wait>>()));
    if (first) chains.set(eventId, first);
    else chains.delete(eventId);
    if (chains.size === 0) ledgers.delete(ledger);
  };
  const getFirst = (ledger: string, eventId: string): Link<Wait> | null =>
    ledgers.get(ledger)?.get(eventId) ?? null;

  return {
    add(wait, at, eventId) {
      const next = getFirst(wait.ledger, eventId);
      const link: Link<Wait> = { eventId, wait, at, queuedBefore: false, isLeft: false, next };
      setFirst(wait.ledger, eventId, link);
      return link;
    },
    leave(place) {
      const { eventId, wait } = place;
      (place as Link<Wait>).isLeft = true;
      const first = getFirst(wait.ledger, eventId);
      if (first?.isLeft) setFirst(wait.ledger, eventId, findLink(first));
    },
    takeAll(ledger, eventId, take) {
      const first = getFirst(ledger, eventId);
      if (!first) return;
      setFirst(ledger, eventId, null);
      for (let link = findLink(first); link; link = findLink(link.next)) {
        link.isLeft = true;
        take(link);
      }
    },
    has: (ledger, eventId) => getFirst(ledger, eventId) !== null,
    select: (ledger, is) => selectFrom(ledgers.get(ledger) ?? [], is),
    selectAll(is) {
      const all = [...ledgers].map(([ledger, chains]) => [ledger, selectFrom(chains, is)] as const);
      return new Map(all.filter(([, eventIds]) => eventIds.length > 0));
    },
    clear: () => ledgers.clear(),
  };
}

function selectFrom<Wait>(
  chains: Iterable<readonly [string, Link<Wait>]>,
  is: (place: WaitPlace<Wait>) => boolean,
): readonly string[] {
  const eventIds: string[] = [];
  for (const [eventId, first] of chains) if (findLink(first, is)) eventIds.push(eventId);
  return eventIds;
}

/** The first from here on that was not left, and is as asked for. */
function findLink<Wait>(
  from: Link<Wait> | null,
  is: (place: WaitPlace<Wait>) => boolean = () => true,
): Link<Wait> | null {
  let link = from;
  while (link && (link.isLeft || !is(link))) link = link.next;
  return link;
}
