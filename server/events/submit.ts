import { AppError } from '#server/errors.ts';
import type { Admission, Intake, Settlement, SubmittedEvent } from '#server/ports/intake.ts';
import { SYSTEM_LEDGER } from '#server/ports/system-log.ts';
import type { EventError } from './event-error.ts';
import { type AckLevel, type Receipt, rejection } from './receipt.ts';

/** A validated event and the place its receipt goes to. */
export interface PlacedEvent {
  readonly position: number;
  readonly event: SubmittedEvent;
}

export interface SubmitDeps {
  readonly intake: Intake;
  /**
   * Resolves once a checkpoint covers the record; rejects with the signal's reason when that is aborted
   * first.
   */
  readonly checkpointed: (ledger: string, index: number, signal: AbortSignal) => Promise<void>;
  readonly ackWaitMs: number;
  /** Whether the events are the appliance's own. */
  readonly isAppliance: boolean;
}

/** Receipts as soon as the events are durable; and later, where the sender wants to wait. */
export interface Submitted {
  readonly receipts: readonly Receipt[];
  /**
   * The same receipts with what is known once the wait is over. Never rejects: what is accepted stays
   * accepted.
   */
  readonly settled: () => Promise<readonly Receipt[]>;
}

/**
 * Puts validated events of one ledger into the intake, in order, at most BATCH_EVENTS_MAX of them.
 *
 * @throws AppError as `Intake.accept`. LEDGER_NOT_FOUND is the same for a missing ledger and a forbidden one.
 *   LEDGER_RESERVED for the ledger `system`, where the events are not the appliance's own.
 */
export async function submit(
  deps: SubmitDeps,
  ledger: string,
  isWritable: boolean,
  events: readonly PlacedEvent[],
  ack: AckLevel,
): Promise<Submitted> {
  if (events.length === 0) return { receipts: [], settled: async () => [] };
  if (!isWritable) throw ledgerNotFound();
  if (ledger === SYSTEM_LEDGER && !deps.isAppliance) throw new AppError('LEDGER_RESERVED');
  const submission = { ledger, events: events.map(({ event }) => event), settle: ack !== 'QUEUED' };
  const { admissions, settled } = await deps.intake.accept(submission);
  const receipts = events.map(({ position, event }, order) =>
    admitted(ledger, position, event.eventId, admissions[order]),
  );
  // Whoever does not wait to the end must not make a failure of the wait an unhandled one.
  settled?.catch(() => undefined);
  return {
    receipts,
    settled: async () => (settled === null ? receipts : await settle(deps, ledger, receipts, settled, ack)),
  };
}

/** The one answer for ledgers that are not there for this caller. */
export function ledgerNotFound(): AppError {
  return new AppError('LEDGER_NOT_FOUND');
}

function admitted(
  ledger: string,
  position: number,
  eventId: string,
  admission: Admission | undefined,
): Receipt {
  switch (admission?.outcome) {
    case 'ACCEPTED':
      return { position, eventId, outcome: 'ACCEPTED', errors: [], ledger, index: null };
    case 'DUPLICATE':
      return { position, eventId, outcome: 'DUPLICATE', errors: [], ledger, index: admission.index };
    case 'CONFLICT':
      return rejection(position, eventId, [ID_CONFLICT]);
    case undefined:
      throw new Error('The intake gave fewer admissions than it got events');
  }
}

const ID_CONFLICT: EventError = {
  path: ['id'],
  code: 'EVENT_ID_CONFLICT',
  message: 'Another event with this id and other content is in the ledger.',
};

/** Waits for records, then for the checkpoint, within one limit for both. */
async function settle(
  deps: SubmitDeps,
  ledger: string,
  receipts: readonly Receipt[],
  settled: Promise<readonly Settlement[]>,
  ack: AckLevel,
): Promise<readonly Receipt[]> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), deps.ackWaitMs);
  try {
    const settlements = await before(settled, deadline.signal);
    if (settlements === null) return receipts.map((receipt) => pending(receipt, 'recorded'));
    const recorded = receipts.map((receipt, order) => concluded(receipt, settlements[order]));
    const last = Math.max(...recorded.map(({ index }) => index ?? -1));
    if (ack !== 'CHECKPOINTED' || last === -1) return recorded;
    const reached = await before(
      deps.checkpointed(ledger, last, deadline.signal).then(() => true),
      deadline.signal,
    );
    return reached === null ? recorded.map((receipt) => pending(receipt, 'checkpointed')) : recorded;
  } finally {
    clearTimeout(timer);
    deadline.abort();
  }
}

/**
 * The promise's value, or `null` where the signal comes first or the promise fails. A failure is no loss: the
 * events are durable already, the wait ends because the process stops, and the receipt says that it was not
 * seen through.
 */
async function before<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  if (signal.aborted) return null;
  return await new Promise<T | null>((resolve) => {
    signal.addEventListener('abort', () => resolve(null), { once: true });
    promise.then(resolve, () => resolve(null));
  });
}

function concluded(receipt: Receipt, settlement: Settlement | undefined): Receipt {
  if (receipt.outcome === 'REJECTED' || settlement === undefined) return receipt;
  switch (settlement.state) {
    case 'RECORDED':
      return { ...receipt, index: settlement.index };
    case 'QUARANTINED':
      return { ...receipt, errors: [...receipt.errors, QUARANTINED] };
    case 'NONE':
      return receipt;
  }
}

const QUARANTINED: EventError = {
  path: [],
  code: 'EVENT_QUARANTINED',
  message: 'The event was accepted, could not be recorded and is kept in quarantine.',
};

function pending(receipt: Receipt, what: 'recorded' | 'checkpointed'): Receipt {
  if (receipt.outcome === 'REJECTED' || receipt.errors.length > 0) return receipt;
  if (what === 'recorded' && receipt.index !== null) return receipt;
  const message = `The event is durable and was not ${what} within the time to wait.`;
  return { ...receipt, errors: [{ path: [], code: 'RECORD_PENDING', message }] };
}
