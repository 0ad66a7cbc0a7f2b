import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Acceptance, Submission } from '#server/ports/intake.ts';
import { startAppliance } from '#test/support/appliance.ts';
import { subscribe } from './event-stream.ts';
import { startServerWithIntake } from './server-with-intake.ts';

const SUBSCRIPTION = 'subscription { recordAppended(after: -1) { index } }';

describe('a graceful stop', () => {
  it('ends event streams with APPLIANCE_STOPPING and sockets with 1001, and takes little time', async () => {
    const appliance = await startAppliance();
    await appliance.graphql('mutation { recordEvent(event: { action: "a" }, ack: RECORDED) { outcome } }');
    const stream = await subscribe(appliance.url, appliance.adminToken, SUBSCRIPTION);
    expect(await stream.next()).toEqual({ data: { recordAppended: { index: 0 } } });
    const socket = new WebSocket(`${appliance.url.replace('http', 'ws')}/graphql/ws`, 'graphql-transport-ws');
    await once(socket, 'open');
    const closed = once(socket, 'close');
    const begun = performance.now();
    const stopped = appliance.stop();
    expect(await stream.next()).toMatchObject({ errors: [{ extensions: { code: 'APPLIANCE_STOPPING' } }] });
    expect(await stream.next()).toBeNull();
    expect((await closed)[0]).toBe(1001);
    await stopped;
    expect(performance.now() - begun).toBeLessThan(4000);
  });

  it('lets requests finish that are under way, and takes no new connections', async () => {
    const intake = gatedIntake();
    const server = await startServerWithIntake(intake);
    const answer = postEvent(server.url);
    await intake.arrival;
    const stopped = server.stop(10_000);
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
    intake.open();
    expect((await answer).status).toBe(200);
    await stopped;
  });

  it('closes connections that were kept alive, after the request that is under way', async () => {
    const intake = gatedIntake();
    const server = await startServerWithIntake(intake);
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    const closed = once(socket, 'close');
    const type = 'Content-Type: application/json';
    socket.write(
      `POST /v1/events HTTP/1.1\r\nHost: x\r\n${type}\r\nContent-Length: 14\r\n\r\n{"action":"a"}`,
    );
    await intake.arrival;
    const stopped = server.stop(10_000);
    intake.open();
    await stopped;
    await closed;
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text).toContain('Connection: close');
  });

  it('cuts what does not end in time', async () => {
    const intake = gatedIntake();
    const server = await startServerWithIntake(intake);
    const failed = expect(postEvent(server.url)).rejects.toThrow();
    await intake.arrival;
    const begun = performance.now();
    await server.stop(300);
    await failed;
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});

function postEvent(url: string): Promise<Response> {
  const headers = { authorization: 'Bearer x', 'content-type': 'application/json' };
  return fetch(`${url}/v1/events`, { method: 'POST', headers, body: '{"action":"a"}' });
}

/** Takes everything, but not before it is opened. */
function gatedIntake() {
  const gate = Promise.withResolvers<void>();
  const arrival = Promise.withResolvers<void>();
  return {
    open: gate.resolve,
    arrival: arrival.promise,
    accept: async ({ events }: Submission): Promise<Acceptance> => {
      arrival.resolve();
      await gate.promise;
      return { admissions: events.map(() => ({ outcome: 'ACCEPTED' as const })), settled: null };
    },
  };
}
