import { createAccept } from '#server/events/accept.ts';
import { createAcceptMany } from '#server/events/accept-many.ts';
import { createHttpServer } from '#server/http/server.ts';
import { createMetrics } from '#server/telemetry/metrics.ts';
import { createUuidv7Source } from '#server/id.ts';
import { systemClock } from '#server/clock.ts';
import { sha256 } from '#server/sha256.ts';
const deps = { intake: { accept: async (s: any) => ({ admissions: s.events.map(() => ({ outcome: 'ACCEPTED' })), settled: null }) }, clock: systemClock, newId: createUuidv7Source(), sha256, checkpointed: async () => {} };
const caller = { tokenId: 't', name: 't', scopes: new Set(['events:write']), ledgers: '*' };
const log: any = { debug() {}, info() {}, warn() {}, error: console.error, fatal() {} };
const s = createHttpServer({ services: { accept: process.env.FAKE ? async (r: any) => r.events.map((_: any, position: number) => ({ position, eventId: 'x', outcome: 'ACCEPTED', errors: [], ledger: 'default', index: null })) : createAccept(deps as any), clock: systemClock } as any, acceptMany: createAcceptMany(deps as any), newId: deps.newId, db: {} as any, authenticate: async () => caller as any,
  metrics: createMetrics({ queueName: 'q', depth: async () => ({ batches: 0, events: 0, oldestAt: null }), counts: () => ({ recorded: 0, quarantined: 0, checkpoints: 0, lastCheckpointAt: null }), clock: systemClock }), readiness: async () => ({ ready: true }), uiDir: '/nonexistent', log });
const { port } = await s.listen('127.0.0.1', 0);
console.log(port);
let last = process.cpuUsage();
process.on('message', () => { const now = process.cpuUsage(last); last = process.cpuUsage(); process.send!({ cpu: now.user + now.system, rss: process.memoryUsage().rss }); });
process.on('SIGTERM', () => process.exit(0));
