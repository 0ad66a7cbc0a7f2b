import { startServerWithIntake } from '#test/http/server-with-intake.ts';
const server = await startServerWithIntake({ accept: async (s: any) => ({ admissions: s.events.map(() => ({ outcome: 'ACCEPTED' })), settled: null }) } as any);
const q = 'mutation($events:[EventInput!]!){recordEvents(events:$events){accepted duplicates rejected receipts{position eventId outcome errors{code message path}}}}';
for (const batch of [100, 1]) {
  const body = JSON.stringify({ query: q, variables: { events: Array.from({ length: batch }, (_, i) => ({ id: 'e' + i, action: 'a', actor: { id: 'x' }, details: { a: 1 } })) } });
  const n = batch === 1 ? 6000 : 600;
  for (let round = 0; round < 4; round++) {
    const c = process.cpuUsage();
    for (let i = 0; i < n; i += 8) await Promise.all(Array.from({ length: 8 }, async () => (await fetch(server.url + '/graphql', { method: 'POST', headers: { authorization: 'x', 'content-type': 'application/json' }, body })).text()));
    const d = process.cpuUsage(c);
    console.log(batch, ((d.user + d.system) / n).toFixed(0), 'us/request incl. client');
  }
}
await server.stop(); process.exit(0);
