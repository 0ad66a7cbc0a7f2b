import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { SeededRandom } from './seeded-random.ts';

/** Stands between a process and Postgres, and cuts connections. */
export interface DroppingProxy {
  readonly port: number;
  /** Cuts all connections at the next COMMIT that passes on any of them: on its way in, or its answer. */
  dropAll(): void;
  /** From now on cuts nothing any more. */
  behave(): void;
  close(): Promise<void>;
}

const COMMIT = Buffer.from('COMMIT');

/** @param target port of the real server on the loopback */
export async function startDroppingProxy(target: number, random: SeededRandom): Promise<DroppingProxy> {
  const open = new Set<Socket>();
  let dropsNext = false;
  const dropEverything = (): void => {
    dropsNext = false;
    for (const socket of open) socket.destroy();
  };
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    let answersDropped = false;
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      if (dropsNext && chunk.includes(COMMIT)) {
        // Half of the time the server commits and nobody hears of it.
        if (random.fraction() < 0.5) return dropEverything();
        answersDropped = true;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      if (answersDropped) dropEverything();
      else client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy does not listen.');
  return {
    port: address.port,
    dropAll() {
      dropsNext = true;
    },
    behave() {
      dropsNext = false;
    },
    async close() {
      dropEverything();
      server.close();
      await once(server, 'close');
    },
  };
}
