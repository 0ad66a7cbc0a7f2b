import { parentPort, workerData } from 'node:worker_threads';
import type { FromSearch, ToSearch } from '#server/search-messages.ts';

/** A search thread that ends by an error: at once where its database is called `start`, else when asked. */
const { database }: { readonly database: string } = workerData;
if (database === 'start') throw new Error('It cannot start');
parentPort?.on('message', (message: ToSearch) => {
  if (message.type === 'ask') throw new Error('It went wrong');
});
parentPort?.postMessage({ type: 'started' } satisfies FromSearch);
