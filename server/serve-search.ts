import type { MessagePort } from 'node:worker_threads';
import { AppError } from './errors.ts';
import type { Search } from './ports/search.ts';
import type { FromSearch, SearchAsk, ToSearch } from './search-messages.ts';
import { packError } from './storage/sqlite/writer-messages.ts';

/** A search and what it reads from. */
export interface OpenedSearch {
  readonly search: Search;
  /** Closes the index as it was and uses it as it is now. */
  reopen(): void;
  /** Lets go of all that it keeps in memory of records and index. */
  forget(): void;
  close(): void | Promise<void>;
}

/**
 * Answers the questions that come through a port, many at once, until it is told to stop: then what is still
 * asked is answered with APPLIANCE_STOPPING, and the port is closed.
 *
 * @param open opens the search; what its index turns out to lack is told through the port
 */
export async function serveSearch(
  port: MessagePort,
  open: (onDamage: (ledgerNo: number, reason: string) => void) => OpenedSearch | Promise<OpenedSearch>,
): Promise<void> {
  const tell = (message: FromSearch): void => port.postMessage(message);
  const asked = new Map<number, AbortController>();

  const answer = async (search: Search, message: SearchAsk): Promise<void> => {
    const { call } = message;
    const givingUp = new AbortController();
    asked.set(call, givingUp);
    try {
      tell({ type: 'answer', call, answer: await askSearch(search, message, givingUp.signal) });
    } catch (error) {
      tell({ type: 'failure', call, error: packError(error) });
    } finally {
      asked.delete(call);
    }
  };
  const stop = async (opened: OpenedSearch): Promise<void> => {
    for (const givingUp of asked.values()) givingUp.abort(new AppError('APPLIANCE_STOPPING'));
    await opened.close();
    port.close();
  };

  try {
    const opened = await open((ledgerNo, reason) => tell({ type: 'damage', ledgerNo, reason }));
    port.on('message', (message: ToSearch) => {
      switch (message.type) {
        case 'ask':
          return void answer(opened.search, message);
        case 'giveUp':
          return asked.get(message.call)?.abort();
        case 'reopen':
          return opened.reopen();
        case 'forget':
          return opened.forget();
        case 'stop':
          return void stop(opened);
      }
    });
    tell({ type: 'started' });
  } catch (error) {
    tell({ type: 'refused', error: packError(error) });
    port.close();
  }
}

function askSearch(search: Search, { op, args }: SearchAsk, signal: AbortSignal): Promise<unknown> {
  switch (op) {
    case 'page':
      return search.page(args.query, args.request, signal);
    case 'histogram':
      return search.histogram(args.query, args.edges, signal);
    case 'values':
      return search.values(args.query, args.field, signal);
    case 'paths':
      return search.paths(args.ledgerNo, args.size, args.prefix, args.first);
    case 'indexed':
      return search.indexed(args.ledgerNo);
  }
}
