import { mkdtempSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { openForWriting } from '#server/storage/sqlite/open.ts';
import { migrateSqlite } from '#server/storage/sqlite/migrate.ts';
import { createSqliteLedgerCatalog } from '#server/storage/sqlite/ledger-catalog.ts';
import { startRemoteWriter } from '#server/storage/sqlite/remote-writer.ts';
import { createKeyFiles } from '#server/storage/key-files.ts';
import { createCreateLedger } from '#server/ledgers/create-ledger.ts';
import { sha256 } from '#server/sha256.ts';
import { encodeQueuedEvent } from '#server/events/queued-event.ts';
import { createUuidv7Source } from '#server/id.ts';

const dir = mkdtempSync('/tmp/b/w-');
mkdirSync(join(dir, 'keys')); mkdirSync(join(dir, 'checkpoints'));
const db = openForWriting(join(dir, 'indelible.db'));
migrateSqlite(db, 'prisma/sqlite/migrations', () => Date.now());
const catalog = createSqliteLedgerCatalog(db, sha256);
await createCreateLedger({ catalog, keys: createKeyFiles(join(dir, 'keys'), sha256), sha256, clock: Date.now, originPrefix: 'x' })('default', null);
db.close();
const w = await startRemoteWriter(new URL('../../server/writer-thread.ts', import.meta.url), { database: join(dir, 'indelible.db'), keys: join(dir, 'keys'), checkpoints: join(dir, 'checkpoints'), concurrency: 2, logLevel: 'warn' }, (e) => { console.error(e); });
console.log(w.status());
const newId = process.argv[4] === 'v4' ? () => randomUUID() : createUuidv7Source();
const batch = Number(process.argv[2] ?? 100), conc = 16, total = Number(process.argv[3] ?? 200000);
const made = () => {
  const eventId = newId(Date.now());
  const sections = new Map([
    ['event', `{"event":{"action":"user.login","classification":"INTERNAL","description":"something happened here that matters","id":"${eventId}","occurredAt":"2026-01-02T03:04:05.678Z","status":"success","version":"1.0"}}`],
    ['actor', '{"actor":{"id":"user-123","name":"Jane Roe","type":"USER"}}'],
    ['target', '{"target":{"id":"pat-abc-123","name":"Some Target","type":"Patient"}}'],
    ['context', '{"context":{"correlationId":"0193b1f0-0000-7000-8000-000000000001","ipAddress":"2001:db8::1","requestId":"0193b1f0-0000-7000-8000-000000000002","sessionId":"s-1","userAgent":"Mozilla/5.0 (X11; Linux x86_64)"}}'],
    ['changes', '{"changes":{"after":{"moderationLevel":3,"welcomeMessage":"Hello!"},"before":{"moderationLevel":1,"welcomeMessage":"Hi"},"fields":["welcomeMessage","moderationLevel"]}}'],
    ['details', '{"details":{"attemptCount":3,"failureReason":"invalid_credentials","x":{"y":[1,2,3,4]}}}'],
  ] as const);
  const digest = sha256(Buffer.from(eventId));
  return { eventId, digest, line: encodeQueuedEvent({ eventId, digest, sections: sections as never }) };
};
console.log('line', made().line.length);
let sent = 0; const lat: number[] = [];
const t0 = performance.now(); let lastLog = t0, lastN = 0, done = 0;
await Promise.all(Array.from({ length: conc }, async () => {
  while (sent < total) {
    sent += batch;
    const events = Array.from({ length: batch }, made);
    const a = performance.now();
    const { settled } = await w.intake.accept({ ledger: 'default', events, settle: true });
    await settled;
    lat.push(performance.now() - a); done += batch;
    if (done - lastN >= total / 10) { const n = performance.now(); console.log(done, Math.round((done - lastN) / (n - lastLog) * 1000), '/s', Math.round(process.memoryUsage().rss / 1e6), 'MB'); lastLog = n; lastN = done; }
  }
}));
const s = (performance.now() - t0) / 1000;
lat.sort((a, b) => a - b);
console.log(Math.round(sent / s), 'events/s', 'p50', lat[lat.length >> 1], 'p99', lat[Math.floor(lat.length * 0.99)]);
await w.stop(5000);
console.log(readdirSync(dir));
