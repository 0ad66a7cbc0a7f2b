import { AppError } from '#server/errors.ts';
import type { JsonValue } from '#server/ledger/json.ts';
import { type Operation, type RecordOperation, SYSTEM_LEDGER } from '#server/ports/system-log.ts';

/** Who acts where nobody asked: the appliance's own schedule. */
export const APPLIANCE = { tokenId: 'indelible', name: 'Indelible' } as const;

/** What takes the event: `createAccept` of the appliance's own events. */
type AcceptOwn = (request: {
  readonly ledger: string;
  readonly events: readonly JsonValue[];
  readonly ack: 'QUEUED' | 'RECORDED';
  readonly caller: { readonly tokenId: string; readonly name: string };
  readonly mayWrite: () => boolean;
}) => Promise<readonly Outcome[]>;

interface Outcome {
  readonly outcome: string;
  readonly errors: readonly { readonly code: string; readonly message: string }[];
}

/** Makes what records operations in the ledger `system`. */
export function createRecordOperation(accept: AcceptOwn): RecordOperation {
  return async ({ until = 'QUEUED', ...operation }) => {
    const caller = operation.caller ?? APPLIANCE;
    const events = [eventOf(operation, caller)];
    const [receipt] = await accept({
      ledger: SYSTEM_LEDGER,
      events,
      ack: until,
      caller,
      mayWrite: () => true,
    });
    const problem = receipt?.errors[0];
    if (receipt?.outcome === 'REJECTED' || problem?.code === 'EVENT_QUARANTINED') {
      throw new Error(
        `The operation ${operation.action} was not recorded: ${problem?.message ?? 'no reason'}`,
      );
    }
    if (problem?.code === 'RECORD_PENDING') throw new AppError('RECORD_PENDING');
  };
}

function eventOf(operation: Operation, caller: NonNullable<Operation['caller']>): JsonValue {
  const { action, status, ledger, target, details, eventId } = operation;
  return {
    ...(eventId === undefined ? {} : { id: eventId }),
    action,
    status,
    actor: { id: caller.tokenId, name: caller.name, type: operation.caller === null ? 'service' : 'token' },
    target: { ...(target ?? { id: ledger, type: 'ledger' }) },
    context: { source: 'indelible' },
    details: { ...details },
  };
}
