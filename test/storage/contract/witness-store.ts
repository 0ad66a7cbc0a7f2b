import { describe, expect, it } from 'vitest';
import type { WitnessedCheckpoint } from '#server/ports/witness-store.ts';
import { sha256 } from '#server/sha256.ts';
import type { OpenWitnessStorage } from '#test/support/witness-storage.ts';

const ORIGIN = 'log.example/☃';

const rootOf = (name: string): string => sha256(new TextEncoder().encode(name));

function seen(size: number, root = `root of ${size}`, origin = ORIGIN): WitnessedCheckpoint {
  const note = `${origin}\n${size}\n\n— sig ☃\n`;
  return { origin, size, root: rootOf(root), note, at: 1_000 + (size % 1_000) };
}

/** What a witness's memory promises. */
export function describeWitnessStore(name: string, open: OpenWitnessStorage): void {
  describe(`the witness store on ${name}`, () => {
    it('knows nothing of a log that it never saw', async () => {
      const { witnessed } = await open();
      expect(await witnessed.latest(ORIGIN)).toBeNull();
    });

    it('keeps the latest checkpoint of each log, as another process sees at once', async () => {
      const { witnessed, beside } = await open();
      expect(await witnessed.advance(0, seen(5))).toBe(true);
      expect(await witnessed.advance(5, seen(2 ** 53 - 1))).toBe(true);
      expect(await witnessed.advance(0, seen(1, 'x', 'other'))).toBe(true);
      const other = beside().witnessed;
      expect(await other.latest(ORIGIN)).toEqual(seen(2 ** 53 - 1));
      expect(await other.latest('other')).toEqual(seen(1, 'x', 'other'));
    });

    it('takes the same checkpoint again, with its new note', async () => {
      const { witnessed } = await open();
      await witnessed.advance(0, seen(5));
      expect(await witnessed.advance(5, { ...seen(5), note: 'again', at: 9_999 })).toBe(true);
      expect(await witnessed.latest(ORIGIN)).toMatchObject({ size: 5, note: 'again', at: 9_999 });
    });

    it('begins with an empty log and goes on from it', async () => {
      const { witnessed } = await open();
      expect(await witnessed.advance(0, seen(0))).toBe(true);
      expect(await witnessed.advance(0, seen(0, 'another root'))).toBe(false);
      expect(await witnessed.latest(ORIGIN)).toEqual(seen(0));
      expect(await witnessed.advance(0, seen(3))).toBe(true);
      expect(await witnessed.advance(0, seen(4))).toBe(false);
      expect(await witnessed.latest(ORIGIN)).toEqual(seen(3));
    });

    it.each([
      ['that starts from another size', 4, seen(6)],
      ['that starts from nothing', 0, seen(6)],
      ['that is smaller', 5, seen(4)],
      ['of the same size with another root', 5, seen(5, 'fork')],
    ])('refuses a checkpoint %s, and keeps what it has', async (_, from, to) => {
      const { witnessed } = await open();
      await witnessed.advance(0, seen(5));
      expect(await witnessed.advance(from, to)).toBe(false);
      expect(await witnessed.latest(ORIGIN)).toEqual(seen(5));
    });

    it('does not begin in the middle', async () => {
      const { witnessed } = await open();
      expect(await witnessed.advance(3, seen(5))).toBe(false);
      expect(await witnessed.latest(ORIGIN)).toBeNull();
    });

    it('lets one of many win that advance from the same size at once, also in two processes', async () => {
      const here = await open();
      const processes = [here, here.beside()];
      for (const [from, to] of [
        [0, 5],
        [5, 9],
        [9, 9_000],
      ] as const) {
        const tries = Array.from({ length: 12 }, async (_, i) => {
          const { witnessed } = processes[i % 2] ?? here;
          return (await witnessed.advance(from, seen(to, `fork ${i}`))) ? [i] : [];
        });
        const winners = (await Promise.all(tries)).flat();
        expect(winners).toHaveLength(1);
        expect(await here.witnessed.latest(ORIGIN)).toEqual(seen(to, `fork ${winners[0]}`));
      }
    });
  });
}
