import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/**
 * Looks at what passes through one connection; gives `null` to pass it on, or the number of bytes that are
 * still passed on before the connection is cut.
 */
export type Watch = (from: 'client' | 'server', data: Buffer) => number | null;

/** Passes everything on. */
export const passAll: Watch = () => null;

export interface CuttingProxy {
  readonly port: number;
  /** Makes the watch of each new connection; `null` refuses the connection. */
  watch: () => Watch | null;
}

/** Stands between a client and a server of the loopback and cuts connections at the worst moments. */
export async function startCuttingProxy(targetPort: number): Promise<CuttingProxy> {
  const open = new Set<Socket>();
  const proxy = { port: 0, watch: (): Watch | null => passAll };
  const server = createServer((client) => {
    const watch = proxy.watch();
    if (!watch) {
      client.destroy();
      return;
    }
    const target = connect(targetPort, '127.0.0.1');
    const cut = (): void => {
      for (const socket of [client, target]) {
        open.delete(socket);
        socket.destroy();
      }
    };
    const pass = (from: 'client' | 'server', source: Socket, to: Socket): void => {
      open.add(source);
      source.on('data', (data: Buffer) => {
        const bytes = watch(from, data);
        if (bytes === null) to.write(data);
        else if (bytes === 0) cut();
        // What was passed on arrives before the cut.
        else to.write(data.subarray(0, bytes), cut);
      });
      source.on('error', cut);
      source.on('close', cut);
    };
    pass('client', client, target);
    pass('server', target, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port');
  proxy.port = address.port;
  return proxy;
}

/**
 * Cuts once, when the connection that sent the first text sends the second: before that arrives, or when it
 * is answered.
 */
export function cutAt(when: 'BEFORE' | 'AFTER', after: string, text: string): () => Watch {
  let done = false;
  return () => {
    let state: 'WAITING' | 'ARMED' | 'SENT' = 'WAITING';
    return (from, data) => {
      if (done) return null;
      if (from === 'server') {
        if (state !== 'SENT') return null;
        done = true;
        return 0;
      }
      if (state === 'WAITING' && data.includes(after)) state = 'ARMED';
      if (state !== 'ARMED' || !data.includes(text)) return null;
      if (when === 'AFTER') {
        state = 'SENT';
        return null;
      }
      done = true;
      return 0;
    };
  };
}

/** Cuts once, in the middle of what a connection sends next after it has sent the text. */
export function cutWithin(text: string): () => Watch {
  let done = false;
  return () => {
    let armed = false;
    return (from, data) => {
      if (done || from === 'server') return null;
      if (armed) {
        done = true;
        return Math.ceil(data.length / 2);
      }
      armed = data.includes(text);
      return null;
    };
  };
}
