import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { once } from 'node:events';
import { type JsonObject, stringifyJson } from '#server/ledger/json.ts';

export interface StreamedResult {
  readonly data?: { readonly recordAppended: { readonly index: number; readonly eventId?: string } } | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}

/** A subscription over server-sent events, read one result at a time and only when asked to. */
export interface EventStream {
  readonly response: IncomingMessage;
  /** `null` where the stream is over. */
  next(): Promise<StreamedResult | null>;
  close(): void;
}

/** Subscribes with a token and resolves when the server has begun to answer. */
export async function subscribe(
  url: string,
  token: string,
  query: string,
  variables: JsonObject = {},
): Promise<EventStream> {
  return await subscribeWith(url, { authorization: `Bearer ${token}` }, query, variables);
}

/** The same with whatever the caller is to be recognized by. */
export async function subscribeWith(
  url: string,
  credentials: Readonly<Record<string, string>>,
  query: string,
  variables: JsonObject = {},
): Promise<EventStream> {
  const req: ClientRequest = request(new URL('/graphql', url), {
    method: 'POST',
    headers: { ...credentials, 'content-type': 'application/json', accept: 'text/event-stream' },
  });
  // Closing cuts the connection, which is no failure here.
  req.on('error', () => undefined);
  req.end(stringifyJson({ query, variables }));
  const [response] = (await once(req, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  const results = read(response);
  return {
    response,
    next: async () => (await results.next()).value ?? null,
    close: () => req.destroy(),
  };
}

async function* read(response: IncomingMessage): AsyncGenerator<StreamedResult, undefined> {
  let text = '';
  try {
    for await (const chunk of response) {
      text += String(chunk);
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const data = /^data: ?(.+)$/m.exec(event)?.[1];
        if (data !== undefined) yield JSON.parse(data) as StreamedResult;
      }
    }
  } catch (error) {
    // A stream that the test itself closed breaks off.
    if (!response.destroyed) throw error;
  }
  return undefined;
}
