import { describe, expect, it } from 'vitest';
import { verifyEd25519 } from '#server/ed25519.ts';
import { openCheckpoint } from '#server/ledger/checkpoint.ts';
import { sha256 } from '#server/sha256.ts';
import {
  CHECKPOINT_DELAY_MS,
  type CheckpointerDeps,
  createCheckpointer,
} from '#server/worker/checkpoints.ts';
import {
  expectIntact,
  KEYS,
  makeEvents,
  openWithLedgers,
  recordAll,
  SILENT,
  submit,
} from '#test/support/ledger-fixture.ts';
import type { StorageUnderTest } from '#test/support/storage-under-test.ts';
import { createVirtualTime } from '#test/support/virtual-time.ts';
import { STORAGES } from './storages.ts';

/** A checkpointer on a storage, on a time that stands still, with all it told. */
function startCheckpointer(
  storage: StorageUnderTest,
  change: (deps: CheckpointerDeps) => Partial<CheckpointerDeps> = () => ({}),
) {
  const time = createVirtualTime();
  const remembered = new Map<string, string>();
  const announced: string[] = [];
  const waits: (() => void)[] = [];
  const deps: CheckpointerDeps = {
    store: storage.store,
    checkpoints: storage.checkpoints,
    catalog: storage.catalog,
    keys: KEYS,
    sha256,
    now: time.now,
    log: SILENT,
    remember: (ledger, note) => remembered.set(ledger, note),
    onCheckpoint(ledger) {
      announced.push(ledger);
      for (const wake of waits.splice(0)) wake();
    },
    startTimer: time.startTimer,
  };
  const checkpointer = createCheckpointer({ ...deps, ...change(deps) });
  return {
    checkpointer,
    time,
    remembered,
    announced,
    nextAnnounced: () => new Promise<void>((r) => waits.push(r)),
  };
}

async function grow(storage: StorageUnderTest, ledger: string, count: number): Promise<void> {
  const size = (await storage.store.head(ledger))?.size ?? 0;
  await submit(storage, ledger, makeEvents(`${size}-`, count));
  await recordAll(storage);
}

/** Throws the first `count` times. */
function failingFirst<A extends unknown[], T>(count: number, run: (...args: A) => T): (...args: A) => T {
  let left = count;
  return (...args) => {
    if (left-- > 0) throw new Error('not now');
    return run(...args);
  };
}

describe.each(STORAGES)('the checkpointer on $name', ({ open }) => {
  it('signs size and root of the head within the delay after growth, and keeps them twice', async () => {
    expect(CHECKPOINT_DELAY_MS).toBeLessThanOrEqual(1000);
    const storage = await openWithLedgers(open, ['acme']);
    const { checkpointer, time, remembered, announced, nextAnnounced } = startCheckpointer(storage);
    await grow(storage, 'acme', 5);
    checkpointer.grown('acme');
    const done = nextAnnounced();
    expect(await time.passToNextTimer()).toBe(CHECKPOINT_DELAY_MS);
    await done;
    const [head, latest] = [await storage.store.head('acme'), await storage.checkpoints.latest('acme')];
    expect(latest).toMatchObject({ size: 5, root: head?.root, createdAt: time.now() });
    expect(remembered.get('acme')).toBe(latest?.note);
    const { vkey = '', origin } = (await storage.catalog.find('acme')) ?? {};
    expect(openCheckpoint(sha256, verifyEd25519, latest?.note ?? '', vkey)).toEqual({
      ok: true,
      checkpoint: { origin, size: 5, root: head?.root },
    });
    expect(announced).toEqual(['acme']);
    await expectIntact(storage, 'acme');
  });

  it('makes one checkpoint for all growth until then, not later than the first growth asks for', async () => {
    const storage = await openWithLedgers(open, ['acme']);
    const { checkpointer, time, nextAnnounced } = startCheckpointer(storage);
    for (let i = 0; i < 4; i++) {
      await grow(storage, 'acme', 2);
      checkpointer.grown('acme');
    }
    const done = nextAnnounced();
    expect(await time.passToNextTimer()).toBe(CHECKPOINT_DELAY_MS);
    await done;
    expect(await storage.read.notes('acme')).toHaveLength(1);
    expect(await storage.checkpoints.latest('acme')).toMatchObject({ size: 8 });
  });

  it('makes another one for growth that came while it was signing', async () => {
    const storage = await openWithLedgers(open, ['acme']);
    let grew = false;
    const { checkpointer, time, announced, nextAnnounced } = startCheckpointer(
      storage,
      ({ checkpoints }) => ({
        checkpoints: {
          ...checkpoints,
          async add(ledger, checkpoint) {
            if (!grew) {
              grew = true;
              await grow(storage, 'acme', 1);
              checkpointer.grown('acme');
            }
            await checkpoints.add(ledger, checkpoint);
          },
        },
      }),
    );
    await grow(storage, 'acme', 1);
    checkpointer.grown('acme');
    for (let i = 0; i < 2; i++) {
      const done = nextAnnounced();
      expect(await time.passToNextTimer()).toBe(CHECKPOINT_DELAY_MS);
      await done;
    }
    expect(announced).toEqual(['acme', 'acme']);
    expect(await storage.checkpoints.latest('acme')).toMatchObject({ size: 2 });
    await expectIntact(storage, 'acme');
  });

  it('signs every ledger that grew with its own key, also when one of them cannot be signed', async () => {
    const storage = await openWithLedgers(open, ['acme', 'keyless', 'other']);
    const keyless = (await storage.catalog.find('keyless'))?.vkey;
    const { checkpointer, time, announced } = startCheckpointer(storage, ({ keys }) => ({
      keys: {
        ...keys,
        open: async (vkey) => (vkey === keyless ? Promise.reject(new Error('gone')) : keys.open(vkey)),
      },
    }));
    for (const ledger of ['acme', 'keyless', 'other']) checkpointer.grown(ledger);
    await time.passToNextTimer();
    expect(await time.untilWaiting()).toBe(CHECKPOINT_DELAY_MS);
    await checkpointer.stop();
    expect(announced).toEqual(['acme', 'other']);
    for (const ledger of ['acme', 'other']) await expectIntact(storage, ledger);
    expect(await storage.checkpoints.latest('keyless')).toBeNull();
  });

  it('tries again until the checkpoint stands, wherever it failed, and announces it once', async () => {
    const breaks: ((deps: CheckpointerDeps) => Partial<CheckpointerDeps>)[] = [
      ({ store }) => ({ store: { head: failingFirst(2, store.head) } }),
      ({ checkpoints }) => ({ checkpoints: { ...checkpoints, add: failingFirst(2, checkpoints.add) } }),
      ({ remember }) => ({ remember: failingFirst(2, remember) }),
      ({ checkpoints }) => {
        const report = failingFirst(2, () => undefined);
        return { checkpoints: { ...checkpoints, add: (...args) => checkpoints.add(...args).then(report) } };
      },
    ];
    for (const change of breaks) {
      const storage = await openWithLedgers(open, ['acme']);
      const { checkpointer, time, remembered, announced } = startCheckpointer(storage, change);
      await grow(storage, 'acme', 3);
      checkpointer.grown('acme');
      for (let i = 0; i < 2; i++) await time.passToNextTimer();
      await checkpointer.stop();
      const latest = await storage.checkpoints.latest('acme');
      expect(latest).toMatchObject({ size: 3 });
      expect(remembered.get('acme')).toBe(latest?.note);
      expect(announced).toEqual(['acme']);
    }
  });

  it('tries later and later for a ledger that cannot be signed, and holds up no other one', async () => {
    const storage = await openWithLedgers(open, ['acme', 'other']);
    const { checkpointer, time, announced } = startCheckpointer(storage, ({ store }) => ({
      store: { head: async (id) => (id === 'acme' ? Promise.reject(new Error('not ever')) : store.head(id)) },
    }));
    checkpointer.grown('acme');
    const waits: number[] = [];
    for (let i = 0; i < 7; i++) {
      waits.push(await time.passToNextTimer());
      await time.untilWaiting();
      checkpointer.grown('acme');
    }
    expect(waits).toEqual([500, 500, 1000, 2000, 4000, 5000, 5000]);
    await grow(storage, 'other', 1);
    checkpointer.grown('other');
    expect(await time.passToNextTimer()).toBe(CHECKPOINT_DELAY_MS);
    await checkpointer.stop();
    expect(announced).toEqual(['other']);
  });

  it('remembers at the start what a killed process had stored only, and announces nothing', async () => {
    const storage = await openWithLedgers(open, ['acme']);
    await grow(storage, 'acme', 3);
    const killed = startCheckpointer(storage, () => ({ remember: failingFirst(99, () => undefined) }));
    killed.checkpointer.grown('acme');
    await killed.checkpointer.stop();
    const after = await storage.restart();
    const { checkpointer, remembered, announced } = startCheckpointer(after);
    checkpointer.grown('acme');
    await checkpointer.stop();
    expect(remembered.get('acme')).toBe((await after.checkpoints.latest('acme'))?.note);
    expect([announced, await after.read.notes('acme')]).toEqual([[], [remembered.get('acme')]]);
  });

  it('makes nothing new when nothing grew', async () => {
    const storage = await openWithLedgers(open, ['acme']);
    const { checkpointer, announced, time } = startCheckpointer(storage);
    for (let i = 0; i < 3; i++) {
      checkpointer.grown('acme');
      await time.passToNextTimer();
    }
    await checkpointer.stop();
    expect(announced).toEqual(['acme']);
    expect(await storage.read.notes('acme')).toHaveLength(1);
  });

  it('signs what is due when it is stopped, and nothing after that', async () => {
    const storage = await openWithLedgers(open, ['acme']);
    const { checkpointer, announced, time } = startCheckpointer(storage);
    await grow(storage, 'acme', 2);
    checkpointer.grown('acme');
    await checkpointer.stop();
    expect(await storage.checkpoints.latest('acme')).toMatchObject({ size: 2 });
    await grow(storage, 'acme', 1);
    checkpointer.grown('acme');
    expect(time.timersWaiting()).toBe(0);
    expect(announced).toEqual(['acme']);
  });

  it('leaves no timer behind when it cannot sign what is due at the stop', async () => {
    const storage = await openWithLedgers(open, ['acme']);
    const { checkpointer, time } = startCheckpointer(storage, ({ checkpoints }) => ({
      checkpoints: { ...checkpoints, add: failingFirst(99, checkpoints.add) },
    }));
    checkpointer.grown('acme');
    await checkpointer.stop();
    expect(time.timersWaiting()).toBe(0);
  });
});
