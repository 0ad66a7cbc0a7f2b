import { describe, expect, it } from 'vitest';
import { type SavedView, type ViewStore, VIEWS_MAX } from '#server/ports/view-store.ts';
import { codeOf } from '#test/support/ledger-fixture.ts';
import { NOW } from '#test/support/storage-under-test.ts';

/** Two processes on one empty store. */
export interface ViewStoresUnderTest {
  readonly store: ViewStore;
  readonly other: ViewStore;
}

let made = 0;

function newView(over: Partial<SavedView> = {}): SavedView {
  const id = `019a0000-0000-7000-8000-${String((made += 1)).padStart(12, '0')}`;
  return {
    id,
    ledgerNo: 1,
    name: `view ${made} ü "'; ☃`,
    parameters: 'q=actor%3Aalice&from=2026',
    createdAt: NOW + made,
    createdBy: 'token',
    ...over,
  };
}

/** What the store of saved views promises. */
export function describeViewStore(name: string, open: () => Promise<ViewStoresUnderTest>): void {
  describe(`the store of saved views on ${name}`, () => {
    it('gives a view back as it was saved, also to another process', async () => {
      const { store, other } = await open();
      const view = newView();
      expect(await store.save(view)).toEqual(view);
      expect(await other.find(view.id)).toEqual(view);
      expect(await store.find('missing')).toBeNull();
      expect(await store.find('a\u0000b')).toBeNull();
    });

    it('replaces the one of the same ledger, name and token, which keeps its id, and no other', async () => {
      const { store, other } = await open();
      const view = newView();
      const kept = [
        newView({ name: view.name, ledgerNo: 2 }),
        newView({ name: view.name, createdBy: 'another' }),
        newView({ name: view.name.toUpperCase() }),
      ];
      for (const one of [view, ...kept]) await store.save(one);
      const again = newView({ name: view.name, parameters: 'q=2' });
      expect(await other.save(again)).toEqual({ ...again, id: view.id });
      expect(await store.find(view.id)).toEqual({ ...again, id: view.id });
      expect(await store.find(again.id)).toBeNull();
      for (const one of kept) expect(await store.find(one.id)).toEqual(one);
    });

    it('deletes a view once', async () => {
      const { store, other } = await open();
      const [view, kept] = [newView(), newView()];
      for (const one of [view, kept]) await store.save(one);
      expect(await store.delete(view.id)).toBe(true);
      expect(await other.find(view.id)).toBeNull();
      expect(await store.delete(view.id)).toBe(false);
      expect(await store.delete('a\u0000b')).toBe(false);
      expect(await store.find(kept.id)).toEqual(kept);
    });

    it('takes so many of a ledger and not one more; they can still be replaced', async () => {
      const { store, other } = await open();
      const views = Array.from({ length: VIEWS_MAX - 1 }, () => newView());
      for (const view of views) await store.save(view);
      // Of two that are saved at once there is room for one.
      const both = await Promise.allSettled([store.save(newView()), other.save(newView())]);
      const refused = both.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
      expect(refused).toMatchObject([{ code: 'VIEWS_FULL' }]);
      expect(await codeOf(store.save(newView({ createdBy: 'another' })))).toBe('VIEWS_FULL');
      const [first] = views;
      if (first === undefined) throw new Error('There is no view.');
      expect(await store.save({ ...first, parameters: 'q=3' })).toMatchObject({ id: first.id });
      await store.save(newView({ ledgerNo: 2 }));
      await store.delete(first.id);
      await store.save(newView());
    });

    it('leaves one of several that are saved under one name at once', async () => {
      const { store, other } = await open();
      const views = Array.from({ length: 6 }, () => newView({ name: 'the same' }));
      const saved = await Promise.all(views.map((view, i) => (i % 2 === 0 ? store : other).save(view)));
      expect(new Set(saved.map(({ id }) => id)).size).toBe(1);
    });
  });
}
