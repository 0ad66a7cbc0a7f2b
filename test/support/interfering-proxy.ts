import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What the proxy does with one answer of the server behind it. */
export type Interference = (
  answer: { readonly status: number; readonly body: string },
  request: { readonly number: number; readonly body: string },
  response: ServerResponse,
) => void | Promise<void>;

/** Passes the answer on as it is. */
export const passOn: Interference = ({ status, body }, _request, response) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body);
};

/**
 * Stands between a client and a server. Each request has been carried out behind it when `interfere` decides
 * what the client gets to see: the worst moment for a connection to break.
 */
export async function startInterferingProxy(target: string, interfere: Interference): Promise<string> {
  let number = 0;
  const server = createServer((req, res) => {
    const request = { number: ++number };
    forward(target, req)
      .then(({ body, ...answer }) => interfere(answer.answer, { ...request, body }, res))
      .catch((error: unknown) => res.destroy(error instanceof Error ? error : new Error(String(error))));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function forward(target: string, req: IncomingMessage) {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const response = await fetch(new URL(req.url ?? '/', target), {
    method: req.method ?? 'POST',
    headers: {
      authorization: req.headers.authorization ?? '',
      'content-type': req.headers['content-type'] ?? 'application/json',
    },
    body,
  });
  return { body, answer: { status: response.status, body: await response.text() } };
}
