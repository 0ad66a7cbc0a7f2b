import { Client, escapeIdentifier } from 'pg';
import type { StartTimer } from '#server/worker/timer.ts';

export interface ListenOptions {
  readonly url: string;
  /** As `pg_stat_activity` shows it. */
  readonly name: string;
  readonly channel: string;
  readonly startTimer: StartTimer;
  /** Told of every notification. */
  readonly hear: (message: string) => void;
  /** Told whenever notifications may have been lost: each time it has begun to listen. */
  readonly missed: () => void;
  readonly onError: (error: unknown) => void;
}

export interface Listener {
  /** Resolves when it listens for the first time; never where it never does. */
  readonly listening: Promise<void>;
  stop(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5000;
const BACK_OFF_MIN_MS = 100;
const BACK_OFF_MAX_MS = 5000;
/** How long a stop waits for the server to say goodbye. */
const GOODBYE_MS = 1000;

/** Listens on a channel with a connection of its own, and connects again, for ever, when that breaks. */
export function listenForever(options: ListenOptions): Listener {
  const { url, name, channel, startTimer, hear, missed, onError } = options;
  const first = Promise.withResolvers<void>();
  let client: Client | null = null;
  let backOffMs = BACK_OFF_MIN_MS;
  let cancel: (() => void) | null = null;
  let stopped = false;

  const connect = async (): Promise<void> => {
    const own = new Client({
      connectionString: url,
      application_name: name,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      // A server that is gone without a word is found out by the operating system; until then others poll.
      keepAlive: true,
    });
    client = own;
    let isOver = false;
    const over = (error: unknown): void => {
      if (isOver) return;
      isOver = true;
      // Its socket is to go too, whatever state it is in.
      void close(own, onError);
      if (stopped) return;
      onError(error);
      cancel = startTimer(backOffMs, () => void connect());
      backOffMs = Math.min(2 * backOffMs, BACK_OFF_MAX_MS);
    };
    own.on('error', over);
    own.on('end', () => over(new Error('The connection that listens was closed.')));
    own.on('notification', ({ payload }) => hear(payload ?? ''));
    try {
      await own.connect();
      await own.query(`LISTEN ${escapeIdentifier(channel)}`);
    } catch (error) {
      return over(error);
    }
    if (stopped || isOver) return;
    backOffMs = BACK_OFF_MIN_MS;
    first.resolve();
    missed();
  };

  void connect();
  return {
    listening: first.promise,
    async stop() {
      stopped = true;
      cancel?.();
      if (client !== null) await sayGoodbye(client, startTimer, onError);
    },
  };
}

async function sayGoodbye(
  client: Client,
  startTimer: StartTimer,
  onError: (error: unknown) => void,
): Promise<void> {
  const waited = Promise.withResolvers<void>();
  const cancel = startTimer(GOODBYE_MS, waited.resolve);
  await Promise.race([close(client, onError), waited.promise]);
  cancel();
}

async function close(client: Client, onError: (error: unknown) => void): Promise<void> {
  try {
    await client.end();
  } catch (error) {
    // It is gone either way.
    onError(error);
  }
}
