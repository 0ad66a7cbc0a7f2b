import type { JsonValue } from '#server/ledger/json.ts';

/** The appliance's own ledger: who exported, verified, revealed and erased what. Nobody else writes to it. */
export const SYSTEM_LEDGER = 'system';

/** Something that was done with the appliance. */
export interface Operation {
  /** e.g. `export.start`. */
  readonly action: string;
  readonly status: 'ATTEMPT' | 'SUCCESS' | 'FAILURE';
  /** The token on whose behalf; `null`: the appliance's own schedule. */
  readonly caller: { readonly tokenId: string; readonly name: string } | null;
  /** Id of the ledger that it was done to, or in. */
  readonly ledger: string;
  /** What it was done to, where that is not the ledger itself. */
  readonly target?: { readonly id: string; readonly type: string };
  readonly details: { readonly [name: string]: JsonValue };
  /** Makes recording it twice one record; a new id where it is left out. */
  readonly eventId?: string;
  /**
   * RECORDED: resolves only when it is a record. Errors then also RECORD_PENDING: it is durable, and the
   * worker is late. QUEUED, durable too, where it is left out.
   */
  readonly until?: 'QUEUED' | 'RECORDED';
}

/**
 * Records operations in the ledger `system`. Resolves when they are durable. Errors: as `Intake.accept`: then
 * what was asked for must not be done.
 */
export type RecordOperation = (operation: Operation) => Promise<void>;
