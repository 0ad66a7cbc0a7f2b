import { describe, expect, it } from 'vitest';
import { createWaitForCheckpoint } from '#server/ledgers/wait-for-checkpoint.ts';
import { sha256 } from '#server/sha256.ts';

const ROOT = sha256(new Uint8Array());

function world() {
  let size: number | null = null;
  const listeners = new Set<() => void>();
  const wait = createWaitForCheckpoint(
    {
      latest: async () => (size === null ? null : { size, root: ROOT, note: '', createdAt: 0 }),
      add: async () => undefined,
    },
    {
      onGrowth: () => () => undefined,
      onCheckpoint(_ledger, wake) {
        listeners.add(wake);
        return () => listeners.delete(wake);
      },
    },
  );
  const checkpoint = (to: number) => {
    size = to;
    for (const wake of listeners) wake();
  };
  return { wait, checkpoint, listeners };
}

describe('the wait for a checkpoint', () => {
  it('ends at once where one covers the record already', async () => {
    const { wait, checkpoint, listeners } = world();
    checkpoint(5);
    await wait('acme', 4, new AbortController().signal);
    expect(listeners.size).toBe(0);
  });

  it('ends with the first checkpoint that covers the record, not with an earlier one', async () => {
    const { wait, checkpoint, listeners } = world();
    let done = false;
    const waiting = wait('acme', 5, new AbortController().signal).then(() => {
      done = true;
    });
    for (const to of [1, 5]) {
      checkpoint(to);
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      expect(done).toBe(false);
    }
    checkpoint(6);
    await waiting;
    expect(listeners.size).toBe(0);
  });

  it('misses no checkpoint that comes while it looks', async () => {
    const { wait, checkpoint } = world();
    const waiting = wait('acme', 0, new AbortController().signal);
    checkpoint(1);
    await waiting;
  });

  it('ends with the reason of its signal, and leaves no listener behind', async () => {
    const { wait, listeners } = world();
    const abort = new AbortController();
    const waiting = wait('acme', 0, abort.signal);
    abort.abort(new Error('too long'));
    await expect(waiting).rejects.toThrow('too long');
    await expect(wait('acme', 0, abort.signal)).rejects.toThrow('too long');
    expect(listeners.size).toBe(0);
  });
});
