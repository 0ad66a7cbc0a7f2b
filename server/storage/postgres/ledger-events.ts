import { randomUUID } from 'node:crypto';
import type { LedgerEvents } from '#server/ports/ledger-events.ts';
import type { StartTimer } from '#server/worker/timer.ts';
import { createLedgerListeners, type LedgerListeners } from './ledger-listeners.ts';
import { listenForever } from './listen-forever.ts';
import { inTransaction, openPool, type PostgresPool } from './open.ts';

/** A ledger grew by what one batch held. */
export interface Growth {
  readonly ledger: string;
  /** The batch that was completed; `null` where only a piece of one was recorded. */
  readonly batchId: string | null;
  /** Index of its first event where every one of its events became a record, in order; else `null`. */
  readonly firstIndex: number | null;
  /** The ledger's size since then, where it is known: spares a wake-up when the news comes twice. */
  readonly size?: number;
}

/** Growth that another process tells of, with a batch that is complete. */
export type Recorded = Growth & { readonly batchId: string };

/**
 * News between the processes on one database. Each is a hint: one that is lost costs time and nothing else,
 * since everyone asks the database in the end.
 *
 * The callbacks of `onGrowth` and `onCheckpoint` hear of this process' own announcements at once and of the
 * others' through the database; beside that the sizes of the ledgers that somebody listens to are looked up
 * about once a second. The other callbacks hear of other processes only.
 */
export interface PostgresLedgerEvents extends LedgerEvents {
  /** Calls back when another process has recorded a batch. Gives the function that ends it. */
  onRecorded(callback: (news: Recorded) => void): () => void;
  /** Calls back when another process has queued something, and when that may have been missed. */
  onQueued(callback: () => void): () => void;
  /** Calls back when another process has changed a token, and when that may have been missed. */
  onTokenChanged(callback: () => void): () => void;
  /** Each of these is called after a commit, returns at once and never fails. */
  announceGrowth(growth: Growth): void;
  announceCheckpoint(ledger: string): void;
  announceQueued(): void;
  announceTokenChanged(): void;
  /** Resolves when the first connection listens. */
  readonly listening: Promise<void>;
  /** Sends what was announced, as far as the database takes it, and closes the connections. */
  stop(): Promise<void>;
}

export interface LedgerEventsOptions {
  readonly url: string;
  /** As `pg_stat_activity` shows its connections. */
  readonly name: string;
  readonly startTimer: StartTimer;
  /** Told, for the log, of every connection that broke and every statement that failed. */
  readonly onError?: (error: unknown) => void;
}

type News =
  | ({ readonly type: 'growth' } & Growth)
  | { readonly type: 'checkpoint'; readonly ledger: string }
  | { readonly type: 'queued' }
  | { readonly type: 'token' };

/** One NOTIFY carries less than 8,000 bytes; a message has about 200. */
const CHANNEL = 'indelible';
const POLL_MS = 1000;
/** Announcements that wait for the database. In an outage what is more is dropped: nobody could hear it. */
const ANNOUNCEMENTS_MAX = 10_000;

/**
 * Listens and announces on connections of its own: a notification inside a transaction that writes would hold
 * a lock of the whole server while that transaction waits for the disk. It works through PgBouncer too, where
 * nobody can listen, by its poll.
 */
export function createPostgresLedgerEvents(options: LedgerEventsOptions): PostgresLedgerEvents {
  const { url, name, startTimer, onError = () => undefined } = options;
  const pool = openPool(url, { max: 2, name, onError });
  const listeners = createLedgerListeners({
    pollMs: POLL_MS,
    startTimer,
    readSizes: (ledgers) => readSizes(pool, ledgers),
    onError,
  });
  const heard = {
    recorded: new Set<(news: Recorded) => void>(),
    queued: new Set<() => void>(),
    token: new Set<() => void>(),
  };
  const announcer = createAnnouncer(pool, onError);
  const missed = (): void => {
    listeners.wakeAll();
    for (const callback of [...heard.queued, ...heard.token]) callback();
  };
  const hear = (text: string): void => {
    const news = readNews(text, announcer.sender);
    if (news !== null) deliver(news, listeners, heard);
  };
  const listener = listenForever({ url, name, channel: CHANNEL, startTimer, hear, missed, onError });
  const stop = async (): Promise<void> => {
    await Promise.all([listener.stop(), listeners.stop(), announcer.stop()]);
    await pool.end();
  };
  let stopped: Promise<void> | null = null;
  return {
    onGrowth: listeners.onGrowth,
    onCheckpoint: listeners.onCheckpoint,
    onRecorded: (callback) => addTo(heard.recorded, callback),
    onQueued: (callback) => addTo(heard.queued, callback),
    onTokenChanged: (callback) => addTo(heard.token, callback),
    announceGrowth(growth) {
      listeners.grown(growth.ledger, growth.size ?? null);
      announcer.announce({ type: 'growth', ...growth });
    },
    announceCheckpoint(ledger) {
      listeners.checkpointed(ledger);
      announcer.announce({ type: 'checkpoint', ledger });
    },
    announceQueued: () => announcer.announce({ type: 'queued' }),
    announceTokenChanged: () => announcer.announce({ type: 'token' }),
    listening: listener.listening,
    stop: () => (stopped ??= stop()),
  };
}

interface Heard {
  readonly recorded: ReadonlySet<(news: Recorded) => void>;
  readonly queued: ReadonlySet<() => void>;
  readonly token: ReadonlySet<() => void>;
}

function deliver(news: News, listeners: LedgerListeners, heard: Heard): void {
  switch (news.type) {
    case 'growth': {
      const { type: _type, batchId, ...growth } = news;
      listeners.grown(news.ledger, news.size ?? null);
      if (batchId !== null) for (const callback of heard.recorded) callback({ ...growth, batchId });
      return;
    }
    case 'checkpoint':
      return listeners.checkpointed(news.ledger);
    case 'queued':
      for (const callback of heard.queued) callback();
      return;
    case 'token':
      for (const callback of heard.token) callback();
  }
}

function addTo<Callback>(callbacks: Set<Callback>, callback: Callback): () => void {
  callbacks.add(callback);
  return () => void callbacks.delete(callback);
}

interface Announcer {
  /** Marks the announcements of this process, so that it does not hear its own. */
  readonly sender: string;
  announce(news: News): void;
  stop(): Promise<void>;
}

/** Announcements that come while a statement is under way share the next one; the same one twice is one. */
function createAnnouncer(pool: PostgresPool, onError: (error: unknown) => void): Announcer {
  const sender = randomUUID().slice(0, 8);
  const waiting = new Set<string>();
  let sending: Promise<void> | null = null;

  const sendAll = async (): Promise<void> => {
    while (waiting.size > 0) {
      const messages = [...waiting];
      waiting.clear();
      try {
        // Nothing is lost with it in a crash that anybody would miss, so nobody waits for the disk.
        await pool.query(
          `SELECT set_config('synchronous_commit', 'off', true), count(pg_notify($1, message))
           FROM unnest($2::text[]) message`,
          [CHANNEL, messages],
        );
      } catch (error) {
        // Whoever was to hear it finds out by asking the database itself, a second later.
        onError(error);
      }
    }
    sending = null;
  };

  return {
    sender,
    announce(news) {
      if (waiting.size >= ANNOUNCEMENTS_MAX) return;
      waiting.add(JSON.stringify({ from: sender, ...news }));
      sending ??= sendAll();
    },
    async stop() {
      await sending;
    },
  };
}

/** What a message says; `null` for one of this process' own, and for what none of ours has sent. */
function readNews(text: string, ownSender: string): News | null {
  const message = parseObject(text);
  if (message === null || message['from'] === ownSender) return null;
  const { type, ledger, batchId, firstIndex, size } = message;
  switch (type) {
    case 'queued':
    case 'token':
      return { type };
    case 'checkpoint':
      return typeof ledger === 'string' ? { type, ledger } : null;
    case 'growth':
      if (typeof ledger !== 'string') return null;
      return {
        type,
        ledger,
        batchId: typeof batchId === 'string' ? batchId : null,
        firstIndex: typeof firstIndex === 'number' ? firstIndex : null,
        ...(typeof size === 'number' ? { size } : {}),
      };
    default:
      // Of a newer version, or of somebody else: anyone with access to the database may notify.
      return null;
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    // Not a message of ours.
    return null;
  }
}

/** Where ledgers stand: records, and records that a checkpoint covers. */
async function readSizes(pool: PostgresPool, ledgers: readonly string[]) {
  return await inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ ledger: string; size: number; checkpointSize: number }>(
      `SELECT l.id AS ledger, h.size,
         coalesce((SELECT max(c.size) FROM checkpoint c WHERE c.ledger_no = l.no), -1) AS "checkpointSize"
       FROM ledger l JOIN head h ON h.ledger_no = l.no WHERE l.id = ANY ($1)`,
      [ledgers],
    );
    return rows;
  });
}
