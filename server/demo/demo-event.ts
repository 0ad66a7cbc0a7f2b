import type { JsonObject } from '#server/ledger/json.ts';

/** An event of the demo, before it has its id. The appliance's own shape. */
export interface DemoEvent {
  /** ms since the epoch. */
  readonly at: number;
  readonly action: string;
  readonly status: 'ATTEMPT' | 'SUCCESS' | 'FAILURE';
  readonly actor: { readonly id: string; readonly type: string; readonly name?: string };
  readonly target?: { readonly id?: string; readonly type?: string; readonly name?: string };
  readonly context: {
    readonly ipAddress?: string;
    readonly userAgent?: string;
    readonly sessionId?: string;
    readonly requestId?: string;
    readonly correlationId?: string;
    readonly source?: string;
    readonly geolocation?: string;
  };
  readonly changes?: {
    readonly before?: JsonObject;
    readonly after?: JsonObject;
    readonly fields?: string[];
  };
  readonly details?: JsonObject;
  readonly description?: string;
  readonly classification: 'PUBLIC' | 'INTERNAL' | 'CONFIDENTIAL' | 'PHI';
  readonly retention?: string;
}

/** What an act adds to the event that its person, session and time make. */
export type Act = Omit<DemoEvent, 'at' | 'actor' | 'context' | 'status'> & {
  readonly status?: DemoEvent['status'];
  readonly source: string;
};
