import { describe, expect, it } from 'vitest';
import { HASH_BYTES } from '#server/ledger/hash.ts';
import {
  AWAY_MAX_MS,
  COSIGNED_MS,
  GROWN_MS,
  REFUSED_MS,
  startWitnessing,
  TROUBLE_MS,
  WITNESS_POLL_MS,
} from '#server/witnesses/start-witnessing.ts';
import { openPostgresWitnessStorage, openSqliteWitnessStorage } from '#test/support/witness-storage.ts';
import { SampleLog, verdictsOf, WITNESS_NAME, WITNESS_URL } from './sample-witness.ts';
import { keyOf, startWatched, type WatchedOptions } from './watched-ledgers.ts';

describe.each([
  ['SQLite', openSqliteWitnessStorage],
  ['Postgres', openPostgresWitnessStorage],
] as const)('an appliance with a witness, on %s', (_, open) => {
  it('offers new checkpoints, and keeps what the witness signs with each key that is known', async () => {
    const { issue, watch, pass, cosignatures, standing, asked, witness, time } = await startWatched(open);
    await issue('a', 5);
    watch();
    await pass(0);
    expect(await standing()).toEqual({
      witness: WITNESS_NAME,
      cosignedSize: 5,
      cosignedAt: time.now(),
      refusal: null,
      refusedSize: null,
      trouble: null,
    });
    await issue('a', 300);
    await pass(GROWN_MS + WITNESS_POLL_MS);
    expect(asked).toEqual(['old 0 of log.example/a', 'old 5 of log.example/a']);
    const kept = await cosignatures();
    expect(kept.map(({ size }) => size)).toEqual([5, 5, 300, 300]);
    const last = kept.slice(2).toSorted((a, b) => a.line.length - b.line.length);
    const note = new SampleLog(keyOf('a'), 300).note();
    const lines = last.map(({ line }) => line).join('');
    expect(verdictsOf(note, lines, witness.vkeys)).toEqual(['VALID', 'VALID']);
  });

  it('offers a ledger that keeps growing once a minute, with its latest checkpoint', async () => {
    const { issue, watch, pass, cosignatures, asked } = await startWatched(open);
    await issue('a', 5);
    watch();
    await pass(0);
    await issue('a', 6);
    await pass(GROWN_MS - 2 * WITNESS_POLL_MS);
    await issue('a', 7);
    await pass(WITNESS_POLL_MS);
    expect(asked).toEqual(['old 0 of log.example/a']);
    await pass(2 * WITNESS_POLL_MS);
    expect(asked).toEqual(['old 0 of log.example/a', 'old 5 of log.example/a']);
    expect((await cosignatures()).map(({ size }) => size)).toEqual([5, 5, 7, 7]);
  });

  it('goes on from where the witness is when it has forgotten that itself', async () => {
    const { issue, watch, pass, standing, asked, witness } = await startWatched(open);
    await witness.add(await new SampleLog(keyOf('a'), 7).body(0));
    await issue('a', 20);
    watch();
    await pass(0);
    expect(asked).toEqual(['old 0 of log.example/a', 'old 7 of log.example/a']);
    expect(await standing()).toMatchObject({ cosignedSize: 20, refusal: null, trouble: null });
  });

  it('raises the alarm when the ledger was rewritten, and keeps it until it is put right', async () => {
    const { issue, rewrite, watch, pass, standing, alarms, asked, here, noOf } = await startWatched(open);
    await issue('a', 5);
    watch();
    await pass(0);
    await rewrite('a', new SampleLog(keyOf('a'), 5, 'fork'));
    await issue('a', 9);
    await pass(GROWN_MS + WITNESS_POLL_MS);
    expect(await standing()).toMatchObject({ cosignedSize: 5, refusedSize: 9, trouble: null });
    expect((await standing())?.refusal).toContain('does not follow');
    expect(await here.archive.refusals(await noOf('a'))).toHaveLength(1);
    expect(alarms.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 60, ledger: 'a', size: 9 },
    ]);
    const before = asked.length;
    await pass(REFUSED_MS - 2 * WITNESS_POLL_MS);
    expect(asked).toHaveLength(before);
    await pass(3 * WITNESS_POLL_MS);
    expect(asked).toHaveLength(before + 1);
    expect(alarms).toHaveLength(2);
    await rewrite('a', new SampleLog(keyOf('a'), 9));
    await issue('a', 12);
    await pass(REFUSED_MS + WITNESS_POLL_MS);
    expect(await standing()).toMatchObject({ cosignedSize: 12, refusal: null, refusedSize: null });
  });

  it('raises the alarm when the ledger was rolled back, and when it grew another way since', async () => {
    const { issue, rewrite, watch, pass, standing, witness, alarms } = await startWatched(open);
    await witness.add(await new SampleLog(keyOf('a'), 30).body(0));
    await issue('a', 20);
    watch();
    await pass(0);
    expect(await standing()).toMatchObject({ refusedSize: 20, cosignedSize: 0 });
    expect((await standing())?.refusal).toContain('rolled back');
    await rewrite('a', new SampleLog(keyOf('a'), 20).grow(20));
    await rewrite('a', new SampleLog(keyOf('a'), 25, 'other'));
    await issue('a', 40);
    await pass(REFUSED_MS + WITNESS_POLL_MS);
    expect(await standing()).toMatchObject({ refusedSize: 40, cosignedSize: 0 });
    expect(alarms).toHaveLength(2);
  });
});

describe('an appliance with a witness', () => {
  const begin = async (options: WatchedOptions = {}) => await startWatched(openSqliteWitnessStorage, options);

  it('keeps only cosignatures of keys that it was told of', async () => {
    const { issue, watch, pass, cosignatures, witness } = await begin({ keys: 1 });
    await issue('a', 5);
    watch();
    await pass(0);
    expect((await cosignatures()).map(({ vkey }) => vkey)).toEqual([witness.vkeys[0]]);
  });

  it('notices a rollback even where the ledger does not grow', async () => {
    const { issue, watch, pass, standing, witness, asked } = await begin();
    await issue('a', 5);
    watch();
    await pass(0);
    await pass(COSIGNED_MS - 2 * WITNESS_POLL_MS);
    expect(asked).toHaveLength(1);
    await pass(3 * WITNESS_POLL_MS);
    expect(asked).toHaveLength(2);
    expect(await standing()).toMatchObject({ refusal: null, trouble: null });
    // The witness saw more than what this appliance has again since it was put back.
    await witness.add(await new SampleLog(keyOf('a'), 6).body(5));
    await pass(COSIGNED_MS + WITNESS_POLL_MS);
    expect((await standing())?.refusal).toContain('rolled back');
  });

  it('takes no race with another process for a rollback', async () => {
    const { issue, watch, pass, standing, setNetwork, direct, witness, alarms } = await begin();
    await issue('a', 5);
    setNetwork(async (url, init) => {
      setNetwork(direct);
      // The other process issues a checkpoint and has it cosigned while this request is on its way.
      await issue('a', 8);
      await witness.add(await new SampleLog(keyOf('a'), 8).body(0));
      return await direct(url, init);
    });
    watch();
    await pass(WITNESS_POLL_MS);
    expect(alarms).toEqual([]);
    expect(await standing()).toMatchObject({ cosignedSize: 8, refusal: null });
  });

  it('says why a witness does not know one ledger, and lets no other ledger wait for that', async () => {
    const { issue, watch, pass, standing, createLedger, asked } = await begin({ ids: [] });
    for (const id of ['dddd', 'a', 'bb']) {
      await createLedger(id);
      await issue(id, 3);
    }
    watch();
    await pass(0);
    expect((await standing('dddd'))?.trouble).toContain('404: This log is not known here');
    expect(await standing('bb')).toMatchObject({ cosignedSize: 3, trouble: null });
    await pass(TROUBLE_MS - 2 * WITNESS_POLL_MS);
    expect(asked).toHaveLength(3);
    await pass(3 * WITNESS_POLL_MS);
    expect(asked).toHaveLength(4);
  });

  it('asks a witness that is away less and less often, and all at once when it is back', async () => {
    const { issue, watch, time, standing, setNetwork, direct, asked } = await begin({ ids: ['a', 'bb'] });
    for (const id of ['a', 'bb']) await issue(id, 3);
    setNetwork(() => Promise.reject(new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') })));
    watch();
    const waits: number[] = [];
    for (let i = 0; i < 10; i++) {
      await time.untilWaiting();
      expect(asked).toHaveLength(i + 1);
      waits.push(await time.passToNextTimer());
    }
    expect(waits.slice(0, 4)).toEqual([1, 2, 4, 8].map((factor) => factor * WITNESS_POLL_MS));
    expect(waits.at(-1)).toBe(AWAY_MAX_MS);
    await time.untilWaiting();
    expect((await standing())?.trouble).toContain('ECONNREFUSED');
    setNetwork(async () => new Response('busy', { status: 503 }));
    await time.passToNextTimer();
    await time.untilWaiting();
    expect((await standing('a'))?.trouble ?? (await standing('bb'))?.trouble).toBeTruthy();
    setNetwork(direct);
    await time.passToNextTimer();
    await time.untilWaiting();
    for (const id of ['a', 'bb'])
      expect(await standing(id)).toMatchObject({ cosignedSize: 3, trouble: null });
  });

  it.each<[string, (genuine: Response) => Response | Promise<Response>]>([
    ['nothing', () => new Response('')],
    ['garbage', () => new Response('\u2014 x\n\u0000\n')],
    ['another status', () => new Response('gone', { status: 410 })],
    ['a size that is none', () => new Response('-1\n', { status: 409 })],
    ['the size it was asked from', () => new Response('0\n', { status: 409 })],
    ['a refusal without a reason', () => new Response('', { status: 422 })],
    ['more than anyone reads', () => new Response('x'.repeat(70_000))],
    [
      'a spoilt signature',
      async (ok) => new Response((await ok.text()).replaceAll(/.{8}(.{4}\n)/g, 'AAAAAAAA$1')),
    ],
    ['a line cut off', async (ok) => new Response((await ok.text()).slice(0, 100))],
    ['a redirect', () => Response.redirect('http://elsewhere.example/', 307)],
  ])('keeps nothing of an answer with %s, and says so', async (_, change) => {
    const { issue, watch, pass, standing, cosignatures, setNetwork, direct, alarms } = await begin();
    await issue('a', 5);
    setNetwork(async (url, init) => await change(await direct(url, init)));
    watch();
    await pass(0);
    expect(await cosignatures()).toEqual([]);
    expect(await standing()).toMatchObject({ cosignedSize: 0, refusal: null, trouble: expect.any(String) });
    expect(alarms).toEqual([]);
  });

  it('takes no old cosignature for a new answer', async () => {
    const { issue, watch, pass, standing, setNetwork, direct } = await begin();
    await issue('a', 5);
    let first: Promise<string> | null = null;
    setNetwork(
      async (url, init) => new Response(await (first ??= direct(url, init).then((ok) => ok.text()))),
    );
    watch();
    await pass(0);
    expect(await standing()).toMatchObject({ cosignedSize: 5, trouble: null });
    await pass(COSIGNED_MS + WITNESS_POLL_MS);
    expect((await standing())?.trouble).toContain('more than an hour');
  });

  it('does not call its own damaged tiles a refusal, nor lets another ledger wait for them', async () => {
    const { issue, rewrite, watch, pass, standing, alarms } = await begin({ ids: ['a', 'bb'] });
    for (const id of ['a', 'bb']) await issue(id, 5);
    watch();
    await pass(0);
    const damaged = new SampleLog(keyOf('a'), 5);
    await rewrite('a', damaged);
    await issue('a', 9);
    damaged.tree.tiles.set('0/0', new Uint8Array(9 * HASH_BYTES));
    await issue('bb', 9);
    await pass(GROWN_MS + WITNESS_POLL_MS);
    expect((await standing())?.trouble).toContain('own tiles');
    expect(await standing('bb')).toMatchObject({ cosignedSize: 9 });
    damaged.tree.tiles.delete('0/0');
    await pass(TROUBLE_MS + WITNESS_POLL_MS);
    expect((await standing())?.trouble).toContain('No proof could be made');
    expect(alarms).toEqual([]);
  });

  it('goes on offering when the clock was ahead and is set back', async () => {
    const { issue, watch, pass, time, asked, standing } = await begin();
    await issue('a', 5);
    watch();
    await pass(0);
    await issue('a', 6);
    time.setClock(time.now() - COSIGNED_MS);
    await pass(WITNESS_POLL_MS);
    expect(asked).toEqual(['old 0 of log.example/a', 'old 5 of log.example/a']);
    expect(await standing()).toMatchObject({ cosignedSize: 6, trouble: null });
  });

  it('stops at once, also while a witness does not answer', async () => {
    const { issue, watch, standing, setNetwork } = await begin();
    await issue('a', 5);
    const asked = Promise.withResolvers<void>();
    setNetwork(
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('aborted')));
          asked.resolve();
        }),
    );
    const witnessing = watch();
    await asked.promise;
    await witnessing.stop();
    expect(await standing()).toBeUndefined();
  });

  it('does not start with a key that is none, or one witness at two addresses', async () => {
    const { witness, deps } = await begin();
    const run = (witnesses: { vkey: string; url: string }[]) => () => startWitnessing({ ...deps, witnesses });
    expect(run([{ vkey: 'w+00000000+BA==', url: WITNESS_URL }])).toThrow("not a witness's verifier key");
    const [one = '', two = ''] = witness.vkeys;
    expect(
      run([
        { vkey: one, url: WITNESS_URL },
        { vkey: two, url: 'http://elsewhere.example' },
      ]),
    ).toThrow('more than one URL');
  });
});
