import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Resolves with the port when the server listens; port 0 takes a free one. Errors: as `Server.listen`. */
export function listen(server: Server, host: string, port: number): Promise<{ port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      // A server that listens on a port has an address with one.
      resolve({ port: (server.address() as AddressInfo).port });
    });
  });
}
