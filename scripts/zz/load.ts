import { fork } from 'node:child_process';
import http from 'node:http';
const mode = process.argv[2]!; const batch = Number(process.argv[3] ?? 100); const total = Number(process.argv[4] ?? 100000); const conns = 16;
const event = (i: number) => ({ id: mode === 'plain' && i % batch === 0 ? i : `e-${i}`, timestamp: '2026-01-01T00:00:00.000Z', action: 'user.login.succeeded', status: 'SUCCESS', actor: { id: 'user-123456', type: 'user', name: 'Alice Example' }, target: { id: 'res-98765', type: 'document', name: 'Quarterly report' }, context: { correlationId: 'c0ffee00-0000-4000-8000-000000000000', requestId: 'req-' + i, sessionId: 'sess-1234567890', ipAddress: '10.12.13.14', userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36', source: 'web' }, changes: { before: { state: 'draft' }, after: { state: 'final' }, fields: ['state'] }, details: { a: 1, b: 'some text that is somewhat longer than the rest', c: [1, 2, 3], nested: { x: true, y: null, amount: 12.5 }, list: ['alpha', 'beta', 'gamma'] }, description: 'A description of what happened in this event' });
const q = 'mutation($events:[EventInput!]!){recordEvents(events:$events){accepted duplicates rejected receipts{position eventId outcome errors{code message path}}}}';
const child = fork('scripts/zz/server.ts', { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
const port = await new Promise<number>((r) => child.stdout!.once('data', (d) => r(Number(String(d)))));
const ask = () => new Promise<any>((r) => { child.once('message', r); child.send('x'); });
const agent = new http.Agent({ keepAlive: true, maxSockets: conns });
const post = (path: string, body: string | Buffer, type: string) => new Promise<string>((resolve, reject) => { const req = http.request({ port, path, method: 'POST', agent, headers: { authorization: 'Bearer x', 'content-type': type } }, (res) => { const c: Buffer[] = []; res.on('data', (d) => c.push(d)); res.on('end', () => resolve(String(Buffer.concat(c)))); }); req.on('error', reject); req.end(body); });
if (mode === 'lines') {
  const block = Buffer.from(Array.from({ length: 1000 }, (_, i) => JSON.stringify(event(i)) + '\n').join(''));
  console.log('bytes/event', block.length / 1000);
  for (let round = 0; round < 3; round++) {
    await ask(); const t = performance.now();
    await new Promise<void>((resolve) => { const req = http.request({ port, path: '/v1/events', method: 'POST', headers: { authorization: 'Bearer x', 'content-type': 'application/x-ndjson' } }, (res) => { res.resume(); res.on('end', () => resolve()); }); let n = 0; const pump = () => { while (n < total) { n += 1000; if (!req.write(block)) { req.once('drain', pump); return; } } req.end(); }; pump(); });
    const s = (performance.now() - t) / 1000; const { cpu, rss } = await ask();
    console.log(`ndjson ${(total / s).toFixed(0)}/s, cpu ${(cpu / total).toFixed(2)} us/event rss ${(rss / 1e6).toFixed(0)} MB`);
  }
} else {
  const bodies = Array.from({ length: 20 }, (_, k) => JSON.stringify({ query: q, variables: { events: Array.from({ length: batch }, (_, i) => event(k * batch + i)) } }));
  console.log((await post('/graphql', bodies[0]!, 'application/json')).slice(0, 150), 'bytes/event', bodies[0]!.length / batch);
  for (let round = 0; round < 3; round++) {
    let n = 0; await ask(); const t = performance.now();
    await Promise.all(Array.from({ length: conns }, async () => { while (n < total) { n += batch; await post('/graphql', bodies[n % 20]!, 'application/json'); } }));
    const s = (performance.now() - t) / 1000; const { cpu, rss } = await ask();
    console.log(`${mode} batch ${batch}: ${(n / s).toFixed(0)}/s, cpu ${(cpu / n).toFixed(2)} us/event, ${(cpu / n * batch).toFixed(0)} us/req rss ${(rss / 1e6).toFixed(0)} MB`);
  }
}
child.kill();
process.exit(0);
