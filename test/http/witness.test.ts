import { describe, expect, it } from 'vitest';
import { AppError } from '#server/errors.ts';
import { WITNESS_BODY_BYTES_MAX, createWitness } from '#server/http/witness.ts';
import { sha256 } from '#server/sha256.ts';
import { originHash } from '#server/witnesses/create-cosigner.ts';
import { NOW } from '#test/support/storage-under-test.ts';
import { openSqliteWitnessStorage } from '#test/support/witness-storage.ts';
import { makeKey } from '#test/ledger/sample-ledger.ts';
import { SampleLog, startWitness } from '#test/witnesses/sample-witness.ts';

const KEY = makeKey('log.example/one', 1);
const COPY = `/${originHash(sha256, KEY.name)}/checkpoint`;

async function start() {
  const { witnessed: store } = await openSqliteWitnessStorage();
  return startWitness({ store, logs: [KEY.vkey], now: () => NOW });
}

describe("the witness's routes", () => {
  it('leave every other path to others', async () => {
    const { answer } = await start();
    for (const path of ['/', '/witness', '/witnesses/add-checkpoint', '/ledgers/a/checkpoint']) {
      expect(await answer(new Request(`http://localhost${path}`))).toBeNull();
    }
  });

  it.each([
    '/',
    '/add-checkpoint/',
    '/Add-checkpoint',
    `/${'a'.repeat(63)}/checkpoint`,
    `/${'A'.repeat(64)}/checkpoint`,
  ])('have nothing at %s', async (path) => {
    expect((await (await start()).request(path)).status).toBe(404);
  });

  it('take only the methods that they say', async () => {
    const { request } = await start();
    const wrong = await request('/add-checkpoint');
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
    const post = await request(COPY, { method: 'POST', body: '' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('serve the cosigned checkpoint as text, without the body to HEAD', async () => {
    const { request, add } = await start();
    const log = new SampleLog(KEY, 5);
    const lines = await (await add(await log.body(0))).text();
    const got = await request(COPY);
    expect([got.status, got.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(await got.text()).toBe(log.note() + lines);
    const head = await request(COPY, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('take a body up to their limit and not one byte more, announced or not', async () => {
    const { request } = await start();
    const post = async (body: BodyInit): Promise<number> =>
      (await request('/add-checkpoint', { method: 'POST', body, duplex: 'half' } as RequestInit)).status;
    const streamed = (bytes: number): ReadableStream => new Blob(['x'.repeat(bytes)]).stream();
    expect(await post('x'.repeat(WITNESS_BODY_BYTES_MAX))).toBe(400);
    expect(await post('x'.repeat(WITNESS_BODY_BYTES_MAX + 1))).toBe(413);
    expect(await post(streamed(WITNESS_BODY_BYTES_MAX))).toBe(400);
    expect(await post(streamed(WITNESS_BODY_BYTES_MAX + 1))).toBe(413);
  });

  it('refuse what is not UTF-8 instead of mending it', async () => {
    const { request } = await start();
    const body = new Uint8Array([0x6f, 0x6c, 0x64, 0xff]);
    expect((await request('/add-checkpoint', { method: 'POST', body })).status).toBe(400);
    expect((await request('/add-checkpoint', { method: 'POST', body: '\ufeffold 0\n\n' })).status).toBe(400);
  });

  it('take a body that breaks off for no fault of their own', async () => {
    const { request } = await start();
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('aborted')) });
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    expect((await request('/add-checkpoint', init)).status).toBe(400);
  });

  it('say 503 while nothing can be stored, without the reason', async () => {
    const away = new AppError('STORAGE_UNAVAILABLE', { message: 'secret path' });
    const answer = createWitness({
      cosigner: { addCheckpoint: () => Promise.reject(away), latest: () => Promise.reject(away) },
    });
    const response = await answer(new Request(`http://localhost/witness${COPY}`));
    expect([response?.status, response?.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await response?.text()).not.toContain('secret');
  });
});
