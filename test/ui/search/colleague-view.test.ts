import { describe, expect, it } from 'vitest';
import { colleagueView } from '#ui/search/colleague-view.ts';
import { emptyView, questionOf, type SearchView } from '#ui/search/view.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const last: SearchView = { ...emptyView('default'), time: { kind: 'LAST', seconds: 3600 }, query: 'a' };

describe('a link for a colleague', () => {
  it('asks the same question, however much later it is opened and however much was recorded since', () => {
    for (const view of [last, emptyView('default'), { ...last, size: 7 }]) {
      const asked = questionOf(view, 10, NOW);
      const opened = questionOf(colleagueView(view, asked, NOW, null), 5000, NOW + 1e9);
      expect(opened.filter.indexTo).toBe(asked.filter.indexTo);
      expect(opened.from).toBe(asked.from);
      expect(opened.search).toBe(asked.search);
    }
  });

  it('ends the range now, or behind the newest record where that says it lies in the future', () => {
    const question = questionOf(last, 10, NOW);
    const endFor = (newest: string | null) => {
      const { time } = colleagueView(last, question, NOW, newest);
      return time.kind === 'BETWEEN' ? time.to : null;
    };
    expect(endFor(null)).toBe('2026-01-31T12:00:00.000Z');
    expect(endFor('2026-01-31T11:59:59.9Z')).toBe('2026-01-31T12:00:00.000Z');
    expect(endFor('2026-01-31T13:00:00.123456789Z')).toBe('2026-01-31T13:00:00.124Z');
    // The end is exclusive: what happened just now is in it.
    expect(endFor('2026-01-31T12:00:00Z')).toBe('2026-01-31T12:00:00.001Z');
  });
});
