import { type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Caller } from '#server/access/caller.ts';
import { ALL_SCOPES, type Scope } from '#server/access/scopes.ts';
import { itWithCorpus } from '#test/support/corpora.ts';
import { DATABASES, type ReadableAppliance, startReadable } from '#test/support/readable-appliance.ts';
import { TlogClient, type VerifiedCheckpoint } from '#test/support/tlog-client.ts';
import { startTilesServer, type TilesServer } from './tiles-server.ts';

const LEDGER = 'acme.tiles';
/** Sizes with full tiles, partial ones of two levels and none. */
const STEPS = [1, 5, 256, 257, 511, 700] as const;
const SIZE = 700;

/** Callers by the secret they give; anyone else is nobody. */
const caller = (scopes: readonly Scope[], ledgers: Caller['ledgers'] = '*'): Caller => ({
  tokenId: 't',
  name: 't',
  scopes: new Set(scopes),
  ledgers,
});
const CALLERS: Readonly<Record<string, Caller>> = {
  'Bearer reader': caller(['records:read']),
  'Bearer verifier': caller(['ledgers:verify'], new Set([LEDGER])),
  'Bearer writer': caller(
    ALL_SCOPES.filter((scope) => scope !== 'records:read' && scope !== 'ledgers:verify'),
  ),
  'Bearer stranger': caller(ALL_SCOPES, new Set(['default'])),
};

async function record(readable: ReadableAppliance, count: number, ack = 'CHECKPOINTED'): Promise<void> {
  const events = Array.from({ length: count }, (_, i) => ({ action: 'tile.made', details: { i } }));
  const { text } = await readable.appliance.request(`/v1/events?ledger=${LEDGER}&ack=${ack}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events),
  });
  expect(JSON.parse(text)).toMatchObject({ accepted: count });
}

describe.each(DATABASES)('a ledger on %s as a tile log', { timeout: 60_000 }, (database) => {
  let readable: ReadableAppliance;
  let closed: TilesServer;
  let open: TilesServer;
  let client: TlogClient;
  const seen: VerifiedCheckpoint[] = [];

  const get = async (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') =>
    await fetch(`${closed.url}/ledgers/${LEDGER}/${path}`, {
      method,
      headers: { authorization: 'Bearer reader', ...headers },
    });
  const fetchResource = async (path: string): Promise<Buffer | null> => {
    const response = await get(path);
    if (response.status === 404) return null;
    expect([path, response.status]).toEqual([path, 200]);
    return Buffer.from(await response.arrayBuffer());
  };
  const ledger = async () => {
    const query = `{ ledger(id: "${LEDGER}") { vkey size root checkpoint { size } } }`;
    const { data } = await readable.appliance.graphql<{
      ledger: { vkey: string; size: number; root: string; checkpoint: { size: number } | null };
    }>(query);
    return data.ledger;
  };

  beforeAll(async () => {
    readable = await startReadable(database);
    const authenticate = async (secret: string | null) => CALLERS[secret ?? ''] ?? null;
    const { readingOf } = readable;
    closed = await startTilesServer({ readingOf, authenticate, publicLedgers: [] });
    open = await startTilesServer({ readingOf, authenticate, publicLedgers: [LEDGER] });
    await readable.appliance.graphql(`mutation { createLedger(id: "${LEDGER}") { id } }`);
    client = new TlogClient((await ledger()).vkey, fetchResource);
  });
  afterAll(async () => {
    await Promise.all([open.stop(), closed.stop()]);
    await readable.stop();
  });

  it('has no tile and no bundle before its first record, and a checkpoint of nothing', async () => {
    for (const path of ['tile/0/000', 'tile/0/000.p/1', 'tile/1/000.p/1', 'tile/entries/000.p/1']) {
      const response = await get(path);
      expect([path, response.status, await response.json()]).toMatchObject([
        path,
        404,
        { error: { code: 'TILE_NOT_FOUND' } },
      ]);
      expect(response.headers.get('cache-control')).toBe('no-store');
    }
    // It is signed a little later.
    await vi.waitFor(async () => expect((await client.checkpoint()).size).toBe(0));
    await client.audit(await client.checkpoint());
  });

  it('satisfies a client that knows only the specifications, size after size', async () => {
    let size = 0;
    for (const step of STEPS) {
      await record(readable, step - size);
      size = step;
      const checkpoint = await client.checkpoint();
      expect(checkpoint.size).toBe(size);
      const { entries } = await client.audit(checkpoint);
      expect(entries).toHaveLength(size);
      expect(checkpoint.root.toString('base64')).toBe((await ledger()).root);
      for (const older of seen) expect(await client.isConsistent(older, checkpoint)).toBe(true);
      seen.push(checkpoint);
    }
    // That client does find what is wrong.
    const [first, second] = [seen[2], seen[3]];
    if (!first || !second) throw new Error('There are more checkpoints.');
    await expect(client.audit({ ...second, root: first.root })).rejects.toThrow('do not give the root');
    expect(await client.isConsistent({ ...first, root: Buffer.alloc(32) }, second)).toBe(false);
    const forged = second.note.replace('\n257\n', '\n258\n');
    await expect(client.checkpoint(forged)).rejects.toThrow('no valid signature');
  });

  it('gives the entries and tiles that are stored', async () => {
    const { data } = await readable.appliance.graphql<{ record: { entry: string; leafHash: string } }>(
      `{ record(ledger: "${LEDGER}", index: 300) { entry leafHash } }`,
    );
    const bundle = await fetchResource('tile/entries/001');
    expect(bundle?.includes(data.record.entry)).toBe(true);
    const tile = await fetchResource('tile/0/001');
    expect(tile?.subarray(44 * 32, 45 * 32).toString('base64')).toBe(data.record.leafHash);
  });

  it('gives what it gives for ever, with the types of the specification and strong tags', async () => {
    const paths = {
      'tile/0/000': 8192,
      'tile/0/002.p/3': 96,
      'tile/1/000.p/2': 64,
      'tile/entries/002.p/188': null,
    };
    for (const [path, length] of Object.entries(paths)) {
      const response = await get(path, { 'accept-encoding': 'identity' });
      const body = Buffer.from(await response.arrayBuffer());
      expect([path, response.status, length ?? body.length]).toEqual([path, 200, body.length]);
      expect(response.headers.get('content-type')).toBe('application/octet-stream');
      expect(response.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
      expect(response.headers.get('vary')).toContain('Authorization');
      const etag = response.headers.get('etag') ?? '';
      expect(etag).toMatch(/^"[\w-]{43}"$/);
      for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
        const again = await get(path, { 'if-none-match': known, 'accept-encoding': 'identity' });
        expect([path, known, again.status, await again.text()]).toEqual([path, known, 304, '']);
        expect(again.headers.get('etag')).toBe(etag);
      }
      expect((await get(path, { 'if-none-match': '"x"' })).status).toBe(200);
      const head = await get(path, { 'accept-encoding': 'identity' }, 'HEAD');
      expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, etag, '']);
      expect(head.headers.get('content-length')).toBe(String(body.length));
    }
  });

  it('gives a checkpoint that is asked for again, not kept', async () => {
    const response = await get('checkpoint');
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
    const etag = response.headers.get('etag') ?? '';
    expect((await get('checkpoint', { 'if-none-match': etag })).status).toBe(304);
  });

  it('compresses bundles for those who take it, under a tag of their own', async () => {
    const plain = await rawGet(`${closed.url}/ledgers/${LEDGER}/tile/entries/000`, 'identity');
    const gzipped = await rawGet(`${closed.url}/ledgers/${LEDGER}/tile/entries/000`, 'br, gzip;q=0.5');
    expect(gzipped.headers['content-encoding']).toBe('gzip');
    expect(gzipped.headers['vary']).toContain('Accept-Encoding');
    expect(gzipped.body.length).toBeLessThan(plain.body.length);
    expect(gunzipSync(gzipped.body).equals(plain.body)).toBe(true);
    expect(gzipped.headers.etag).not.toBe(plain.headers.etag);
    const refused = await rawGet(`${closed.url}/ledgers/${LEDGER}/tile/entries/000`, 'gzip;q=0');
    expect(refused.headers['content-encoding']).toBeUndefined();
    const hashes = await rawGet(`${closed.url}/ledgers/${LEDGER}/tile/0/000`, 'gzip');
    expect(hashes.headers['content-encoding']).toBeUndefined();
  });

  it.each([
    'tile/0/003',
    'tile/0/002',
    'tile/0/002.p/189',
    'tile/0/003.p/1',
    'tile/1/000',
    'tile/1/000.p/3',
    'tile/2/000.p/1',
    'tile/63/000',
    'tile/0/x009/x007/x199/x254/740/991',
    'tile/0/x035/x184/x372/x088/831',
    'tile/entries/002',
    'tile/entries/002.p/189',
    'tile/entries/003.p/1',
    'tile/entries/x035/x184/x372/x088/831',
  ])('has nothing past its size: %s', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it('answers nobody, and the wrong ones, as it does for a ledger that does not exist', async () => {
    const paths = ['checkpoint', 'tile/0/000', 'tile/entries/000'];
    const ask = async (ledgerId: string, path: string, secret: string | null) => {
      const response = await fetch(`${closed.url}/ledgers/${ledgerId}/${path}`, {
        headers: secret === null ? {} : { authorization: `Bearer ${secret}` },
      });
      return [response.status, await response.text(), response.headers.get('www-authenticate')];
    };
    for (const path of paths) {
      for (const secret of ['reader', 'verifier']) expect((await ask(LEDGER, path, secret))[0]).toBe(200);
      for (const secret of ['writer', 'stranger', 'nobody', null]) {
        const answer = await ask(LEDGER, path, secret);
        expect(answer).toEqual(await ask('missing', path, secret));
        expect(answer[0]).toBe(secret === 'writer' ? 403 : secret === 'stranger' ? 404 : 401);
      }
    }
    expect((await ask(LEDGER, 'checkpoint', 'stranger'))[1]).toContain('LEDGER_NOT_FOUND');
    expect((await ask(LEDGER, 'checkpoint', null))[2]).toBe('Bearer');
  });

  it('shows a public ledger to anyone, and no other one', async () => {
    const anyone = (path: string) => fetch(`${open.url}/ledgers/${path}`);
    for (const path of ['checkpoint', 'tile/0/000', 'tile/0/002.p/188', 'tile/entries/001']) {
      const response = await anyone(`${LEDGER}/${path}`);
      expect([path, response.status]).toEqual([path, 200]);
      expect(response.headers.get('cache-control')).toMatch(/^public, /);
      expect(response.headers.get('vary') ?? '').not.toContain('Authorization');
      await response.arrayBuffer();
    }
    expect((await anyone('default/checkpoint')).status).toBe(401);
    expect((await anyone('system/checkpoint')).status).toBe(401);
    expect((await anyone('missing/checkpoint')).status).toBe(401);
  });

  it('serves each thing under one path only, however it is written', async () => {
    const ledgerPath = `/ledgers/${LEDGER}`;
    const others = [
      `${ledgerPath}/%63heckpoint`,
      `/ledgers//${LEDGER}/checkpoint`,
      `${ledgerPath}/checkpoint/`,
    ];
    for (const path of others) {
      const { status } = await rawGet(closed.url, 'identity', path);
      expect([path, status]).toEqual([path, 404]);
    }
    expect((await rawGet(closed.url, 'identity', `${ledgerPath}/checkpoint?x=1`)).status).toBe(200);
  });

  it('refuses other methods, and leaves other paths to others', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const response = await get('tile/0/000', {}, method);
      expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD']);
    }
    expect((await fetch(`${closed.url}/ledger/${LEDGER}/checkpoint`)).status).toBe(418);
    expect((await fetch(`${closed.url}/`)).status).toBe(418);
  });

  it('shows the cosignatures of witnesses on its checkpoint', async () => {
    const newest = await client.checkpoint();
    const { no: ledgerNo } = await readable
      .readingOf('*')
      .db.ledger.findUniqueOrThrow({ where: { id: LEDGER } });
    const line = `— w.example ${Buffer.alloc(76, 1).toString('base64')}\n`;
    const vkey = 'w.example+01010101+BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
    await readable.cosignatures.add('w.example', [{ ledgerNo, size: newest.size, vkey, line, at: 1 }]);
    expect((await client.checkpoint()).note).toBe(newest.note + line);
  });

  it('can be audited while it grows', async () => {
    const growing = { done: false };
    const grow = async () => {
      for (let turn = 0; turn < 12; turn++) await record(readable, 60, 'RECORDED');
      growing.done = true;
    };
    const watch = async () => {
      let older = await client.checkpoint();
      let audits = 0;
      while (!growing.done) {
        const newer = await client.checkpoint();
        expect(newer.size).toBeGreaterThanOrEqual(older.size);
        expect((await client.audit(newer)).entries).toHaveLength(newer.size);
        expect(await client.isConsistent(older, newer)).toBe(true);
        older = newer;
        audits += 1;
      }
      expect(audits).toBeGreaterThan(1);
    };
    await Promise.all([grow(), watch()]);
    await vi.waitFor(async () => expect((await client.checkpoint()).size).toBe(SIZE + 720), 5000);
    await client.audit(await client.checkpoint());
    expect([closed.logged, open.logged]).toEqual([[], []]);
  });
});

describe('a damaged ledger', () => {
  it('gives no bundle from which a record is gone, and says nothing about how it is stored', async () => {
    const readable = await startReadable('SQLite');
    const authenticate = async () => caller(['records:read']);
    const server = await startTilesServer({ ...readable, authenticate, publicLedgers: [] });
    await readable.appliance.graphql(`mutation { createLedger(id: "${LEDGER}") { id } }`);
    await record(readable, 3);
    const file = new Database(join(readable.appliance.dataDir, 'indelible.db'));
    file.exec('DROP TRIGGER record_delete_refused; DELETE FROM record WHERE idx = 1');
    file.close();
    const bundle = await fetch(`${server.url}/ledgers/${LEDGER}/tile/entries/000.p/3`);
    const { error } = (await bundle.json()) as { error: object };
    expect([bundle.status, error]).toEqual([
      500,
      { code: 'INTERNAL', message: 'Internal error', id: expect.any(String) },
    ]);
    expect(server.logged).toHaveLength(1);
    expect((await fetch(`${server.url}/ledgers/${LEDGER}/tile/entries/000.p/1`)).status).toBe(200);
    await server.stop();
    await readable.stop();
  });
});

interface RawAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly status: number;
  readonly body: Buffer;
}

/** `fetch` decompresses, resolves paths and asks for encodings by itself. */
async function rawGet(url: string, encoding: string, path?: string): Promise<RawAnswer> {
  return await new Promise((resolve, reject) => {
    const headers = { authorization: 'Bearer reader', 'accept-encoding': encoding };
    const sent = httpRequest(url, { headers, ...(path === undefined ? {} : { path }) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ headers: response.headers, status: response.statusCode ?? 0, body: Buffer.concat(chunks) }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('the client that knows only the specifications', () => {
  /** Published with the log. */
  const VKEY = 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx';

  itWithCorpus(
    'tlog-checkpoints',
    "accepts the log of transparency-dev/tessera, which isn't ours",
    async (corpus) => {
      const log = join(corpus, 'tessera-testdata/log');
      const client = new TlogClient(VKEY, async (path) => readFileSync(join(log, path)));
      const sizes = Array.from({ length: 16 }, (_, size) => size);
      const notes = sizes.map((size) => readFileSync(join(log, `checkpoint.${size}`), 'utf8'));
      const checkpoints = await Promise.all(notes.map((note) => client.checkpoint(note)));
      expect((await client.checkpoint()).size).toBe(15);
      for (const [size, checkpoint] of checkpoints.entries()) {
        expect((await client.audit(checkpoint)).entries).toHaveLength(size);
        for (const older of checkpoints.slice(0, size)) {
          expect(await client.isConsistent(older, checkpoint)).toBe(true);
        }
      }
      const other = new TlogClient(
        'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
        async () => null,
      );
      await expect(other.checkpoint(notes[3])).rejects.toThrow('no valid signature');
    },
  );
});
