import { Worker } from 'node:worker_threads';
import { AppError } from './errors.ts';
import { threadEntry } from './places.ts';
import type { Search } from './ports/search.ts';
import type { FromSearch, SearchAsk, SearchCalls, SearchOperation, ToSearch } from './search-messages.ts';
import type { SearchSettings } from './search-thread.ts';
import { unpackError } from './storage/sqlite/writer-messages.ts';

const ENTRY = threadEntry('search-thread');

/** Searching in a thread of its own, as the main thread sees it. */
export interface RemoteSearch {
  readonly search: Search;
  /** The index was made anew, or is about to be: the thread lets go of what it has open of it. */
  reopen(): void;
  /** Something was erased: the thread keeps nothing of what it read before. */
  forget(): void;
  /** Ends the thread; whoever still waits is told APPLIANCE_STOPPING. */
  stop(): Promise<void>;
}

export interface SearchThreadEvents {
  /** A ledger's index cannot be used and has to be made anew. */
  readonly onDamage: (ledgerNo: number, reason: string) => void;
  /**
   * The thread ended without having been asked to. Whoever waited was told; nothing can be asked any more.
   */
  readonly onCrash: (error: Error) => void;
}

/**
 * Starts the thread that answers questions about records: they must hold up neither requests nor recording.
 *
 * @throws AppError STORAGE_UNAVAILABLE
 */
export async function startSearchThread(
  settings: SearchSettings,
  events: SearchThreadEvents,
  entry: URL = ENTRY,
): Promise<RemoteSearch> {
  const thread = new Worker(entry, { workerData: settings });
  const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  const remote = connectSearch(thread, events.onDamage);
  let isStarted = false;
  const crashed = (error: Error): void => {
    // An error that ends the thread comes first, then its exit.
    if (remote.end(isStarted ? brokeOff(error) : error) && isStarted) events.onCrash(error);
  };
  thread.once('error', (error) => crashed(error instanceof Error ? error : new Error(String(error))));
  thread.once('exit', (code) => crashed(new Error(`The search thread ended with code ${code}.`)));
  await remote.started;
  isStarted = true;
  return {
    search: remote.search,
    reopen: remote.reopen,
    forget: remote.forget,
    async stop() {
      remote.stop();
      await ended;
    },
  };
}

/** What is told to whoever waits when the thread crashes: mostly it was somebody else's question. */
function brokeOff(cause: Error): AppError {
  const message = 'Searching broke off; it is being started again.';
  return new AppError('STORAGE_UNAVAILABLE', { message, retryAfterS: 2, cause });
}

/** A port as both a thread and one half of a channel are. */
export interface SearchPort {
  postMessage(message: ToSearch): void;
  on(event: 'message', listener: (message: FromSearch) => void): unknown;
}

/** The side of the main thread, over a port whose other end is served by `serveSearch`. */
export function connectSearch(port: SearchPort, onDamage: SearchThreadEvents['onDamage']) {
  const calls = new Map<number, PromiseWithResolvers<unknown>>();
  const started = Promise.withResolvers<void>();
  let lastCall = 0;
  let ended: Error | null = null;
  const send = (message: ToSearch): void => port.postMessage(message);

  const rejectAll = (error: Error): void => {
    started.reject(error);
    for (const { reject } of calls.values()) reject(error);
    calls.clear();
  };
  const ask = async <Op extends SearchOperation>(
    op: Op,
    args: SearchCalls[Op]['args'],
    signal?: AbortSignal,
  ): Promise<SearchCalls[Op]['answer']> => {
    signal?.throwIfAborted();
    if (ended !== null) throw ended;
    const call = ++lastCall;
    const waiting = Promise.withResolvers<unknown>();
    calls.set(call, waiting);
    const giveUp = (): void => {
      send({ type: 'giveUp', call });
      waiting.reject(signal?.reason);
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      send(toAsk(call, op, args));
      // What the thread answers to an operation is what the operation gives.
      return (await waiting.promise) as SearchCalls[Op]['answer'];
    } finally {
      signal?.removeEventListener('abort', giveUp);
      calls.delete(call);
    }
  };
  port.on('message', (message) => {
    switch (message.type) {
      case 'started':
        return started.resolve();
      case 'refused':
        ended = unpackError(message.error);
        return rejectAll(ended);
      case 'answer':
        return calls.get(message.call)?.resolve(message.answer);
      case 'failure':
        return calls.get(message.call)?.reject(unpackError(message.error));
      case 'damage':
        return onDamage(message.ledgerNo, message.reason);
    }
  });
  /** Nothing is asked any more; gives whether anything could be until now. */
  const end = (error: Error): boolean => {
    if (ended !== null) return false;
    ended = error;
    rejectAll(error);
    return true;
  };

  return {
    search: remoteSearch(ask),
    started: started.promise,
    ...news(send),
    stop() {
      end(new AppError('APPLIANCE_STOPPING'));
      send({ type: 'stop' });
    },
    end,
  };
}

/** What the thread is told and does not answer. */
function news(send: (message: ToSearch) => void): Pick<RemoteSearch, 'reopen' | 'forget'> {
  return { reopen: () => send({ type: 'reopen' }), forget: () => send({ type: 'forget' }) };
}

function toAsk<Op extends SearchOperation>(call: number, op: Op, args: SearchCalls[Op]['args']): SearchAsk {
  // The types of operation and argument belong together, which TypeScript does not follow here.
  return { type: 'ask', call, op, args } as SearchAsk;
}

function remoteSearch(
  ask: <Op extends SearchOperation>(
    op: Op,
    args: SearchCalls[Op]['args'],
    signal?: AbortSignal,
  ) => Promise<SearchCalls[Op]['answer']>,
): Search {
  return {
    page: (query, request, signal) => ask('page', { query, request }, signal),
    histogram: (query, edges, signal) => ask('histogram', { query, edges }, signal),
    values: (query, field, signal) => ask('values', { query, field }, signal),
    paths: (ledgerNo, size, prefix, first) => ask('paths', { ledgerNo, size, prefix, first }),
    indexed: (ledgerNo) => ask('indexed', { ledgerNo }),
  };
}
