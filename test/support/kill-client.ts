import { setTimeout as delay } from 'node:timers/promises';
import { canonicalJson } from '#server/ledger/canonical.ts';
import type { SeededRandom } from '#test/support/seeded-random.ts';

/** A producer that keeps every event until it is acknowledged, as a careful one does. */
export interface KillClient {
  /** Event id → canonical JSON of its details section, for each event that was acknowledged. */
  readonly acknowledged: ReadonlyMap<string, string>;
  /** Sends new events, and those not acknowledged yet, until the server is gone. */
  sendUntilGone(url: string, gone: Promise<void>): Promise<void>;
  /**
   * Sends new events, and those not acknowledged yet, to whichever server is there, until told to end. Broken
   * connections and 503 are what it expects; anything else is a finding.
   */
  sendUntil(url: () => string | null, end: AbortSignal): Promise<void>;
  /** Sends what was never acknowledged, until it is. */
  sendRest(url: string): Promise<void>;
}

interface KillEvent {
  readonly id: string;
  readonly action: string;
  readonly details: { readonly client: string; readonly n: number; readonly big: string };
}

const MUTATION = `mutation ($events: [EventInput!]!, $ack: AckLevel) {
  recordEvents(events: $events, ack: $ack) { receipts { eventId outcome errors { code } } }
}`;
const ACKS = ['QUEUED', 'RECORDED', 'CHECKPOINTED'] as const;

type SendEvents = (url: string, events: readonly KillEvent[], ack: string) => Promise<Receipt[]>;

/** The two ways in. */
function createWays(token: string): { readonly sendGraphql: SendEvents; readonly sendNdjson: SendEvents } {
  const sendGraphql = async (url: string, events: readonly KillEvent[], ack: string): Promise<Receipt[]> => {
    const body = JSON.stringify({ query: MUTATION, variables: { events, ack } });
    const answer = (await post(`${url}/graphql`, 'application/json', body).then((text) =>
      JSON.parse(text),
    )) as {
      data?: { recordEvents: { receipts: Receipt[] } };
    };
    if (!answer.data) throw new Error(`No data: ${JSON.stringify(answer)}`);
    return answer.data.recordEvents.receipts;
  };

  const sendNdjson = async (url: string, events: readonly KillEvent[], ack: string): Promise<Receipt[]> => {
    const body = events.map((event) => JSON.stringify(event)).join('\n');
    const text = await post(`${url}/v1/events?ack=${ack}`, 'application/x-ndjson', body);
    const lines = text.split('\n').filter((line) => line !== '');
    return lines
      .map((line) => JSON.parse(line) as Receipt)
      .filter((receipt) => receipt.outcome !== undefined);
  };

  const post = async (url: string, type: string, body: string): Promise<string> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': type };
    const response = await fetch(url, { method: 'POST', headers, body });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return response.text();
  };
  return { sendGraphql, sendNdjson };
}

export function createClient(name: string, token: string, random: SeededRandom): KillClient {
  const { sendGraphql, sendNdjson } = createWays(token);
  const acknowledged = new Map<string, string>();
  const open = new Map<string, KillEvent>();
  let made = 0;

  const nextBatch = (): KillEvent[] => {
    const batch = [...open.values()].slice(0, 200);
    const fresh = [1, 1, 7, 100][Math.floor(random.fraction() * 4)] ?? 1;
    for (let i = 0; i < fresh; i++) {
      const n = made++;
      const event = {
        id: `${name}-${n}`,
        action: 'kill.test',
        details: { client: name, n, big: '€'.repeat(n % 50) },
      };
      open.set(event.id, event);
      batch.push(event);
    }
    return batch;
  };

  const send = async (url: string, events: readonly KillEvent[]): Promise<void> => {
    const ack = ACKS[Math.floor(random.fraction() * 10)] ?? 'QUEUED';
    const receipts =
      random.fraction() < 0.5 ? await sendGraphql(url, events, ack) : await sendNdjson(url, events, ack);
    for (const receipt of receipts) {
      if (receipt.outcome !== 'ACCEPTED' && receipt.outcome !== 'DUPLICATE') {
        throw new Error(`${receipt.eventId} was refused: ${JSON.stringify(receipt)}`);
      }
      const event = open.get(receipt.eventId);
      if (!event) continue;
      open.delete(event.id);
      acknowledged.set(event.id, canonicalJson({ details: { ...event.details } }));
    }
  };

  return {
    acknowledged,
    async sendUntilGone(url, gone) {
      const end = new AbortController();
      void gone.then(() => end.abort());
      while (!end.signal.aborted) {
        try {
          await send(url, nextBatch());
        } catch (error) {
          // The connection breaks when the server dies; anything else is a finding.
          if (!isBrokenConnection(error)) throw error;
          await gone;
        }
      }
    },
    async sendUntil(url, end) {
      while (!end.aborted) {
        const at = url();
        try {
          if (at === null) await delay(OUTAGE_PAUSE_MS);
          else await send(at, nextBatch());
        } catch (error) {
          if (!isBrokenConnection(error) && !isOutage(error)) throw error;
          await delay(OUTAGE_PAUSE_MS);
        }
      }
    },
    async sendRest(url) {
      while (open.size > 0) await send(url, [...open.values()].slice(0, 500));
    },
  };
}

interface Receipt {
  readonly eventId: string;
  readonly outcome: string;
}

const OUTAGE_PAUSE_MS = 20;

/** The server says that it cannot take anything now. */
function isOutage(error: unknown): boolean {
  return error instanceof Error && /^503 |STORAGE_UNAVAILABLE|APPLIANCE_STOPPING/.test(error.message);
}

function isBrokenConnection(error: unknown): boolean {
  return error instanceof TypeError && /fetch failed|terminated/.test(error.message);
}
