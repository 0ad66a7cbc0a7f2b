import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { Authenticate } from '#server/access/authenticate.ts';
import { systemClock } from '#server/clock.ts';
import { createPublish } from '#server/http/errors.ts';
import { createTiles, type TilesDeps } from '#server/http/tiles.ts';
import { createUuidv7Source } from '#server/id.ts';

export interface TilesServer {
  readonly url: string;
  readonly logged: readonly unknown[];
  stop(): Promise<void>;
}

/** The tiles alone, behind the listener that stands before all routes. */
export async function startTilesServer(
  given: Pick<TilesDeps, 'readingOf' | 'publicLedgers'> & { readonly authenticate: Authenticate },
): Promise<TilesServer> {
  const logged: unknown[] = [];
  const note = (...line: unknown[]): void => void logged.push(line);
  const log = { debug: note, info: note, warn: note, error: note, fatal: note };
  const publish = createPublish({ log, newId: createUuidv7Source(), clock: systemClock });
  const tiles = createTiles({
    ...given,
    recognizeLink: (header) => given.authenticate(header('authorization')),
    publish,
  });
  const app = new Hono();
  app.all('/ledgers/*', async (c) => (await tiles(c.req.raw)) ?? c.text('not of tiles', 418));
  app.notFound((c) => c.text('other routes', 418));
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer((req, res) => void listener(req, res));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    logged,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
