import { describe, expect, it } from 'vitest';
import {
  keptSearches,
  SEARCHES_MAX,
  walkHistory,
  withoutSearch,
  withSearch,
} from '#ui/search/search-history.ts';

describe('the searches that are kept', () => {
  it('have the newest in front, each once', () => {
    expect(withSearch(['a', 'b'], 'c')).toEqual(['c', 'a', 'b']);
    expect(withSearch(['a', 'b', 'c'], 'b')).toEqual(['b', 'a', 'c']);
  });

  it('are not added to by an empty one', () => {
    expect(withSearch(['a'], '')).toEqual(['a']);
  });

  it(`are at most ${SEARCHES_MAX}`, () => {
    const many = Array.from({ length: SEARCHES_MAX }, (_, at) => `s${at}`);
    const kept = withSearch(many, 'new');
    expect(kept).toHaveLength(SEARCHES_MAX);
    expect(kept[0]).toBe('new');
    expect(kept).not.toContain(`s${SEARCHES_MAX - 1}`);
  });

  it('are texts, whatever else the browser kept', () => {
    expect(keptSearches(['a', 1, null, { b: 2 }, 'c'])).toEqual(['a', 'c']);
  });

  it('lose one that is to be forgotten, and no other', () => {
    expect(withoutSearch(['a', 'b', 'c'], 'b')).toEqual(['a', 'c']);
    expect(withoutSearch(['a'], 'b')).toEqual(['a']);
  });
});

describe('going back through the searches', () => {
  const searches = ['newest', 'older', 'oldest'];
  const start = { place: -1, draft: '' };

  it('goes to older ones, and back to what was written', () => {
    const first = walkHistory(searches, start, 'half a sea', 1);
    expect(first).toEqual({ place: 0, draft: 'half a sea', text: 'newest' });
    const second = walkHistory(searches, first!, 'newest', 1);
    expect(second).toEqual({ place: 1, draft: 'half a sea', text: 'older' });
    const back = walkHistory(searches, second!, 'older', -1);
    expect(back?.text).toBe('newest');
    expect(walkHistory(searches, back!, 'newest', -1)?.text).toBe('half a sea');
  });

  it('ends at the oldest, and at what was written', () => {
    const last = { place: 2, draft: 'x' };
    expect(walkHistory(searches, last, 'oldest', 1)).toBeNull();
    expect(walkHistory(searches, start, 'x', -1)).toBeNull();
    expect(walkHistory([], start, '', 1)).toBeNull();
  });

  it('begins anew where the text was changed meanwhile', () => {
    const next = walkHistory(searches, { place: 1, draft: 'x' }, 'older and more', 1);
    expect(next).toEqual({ place: 0, draft: 'older and more', text: 'newest' });
  });

  it('passes over what stands there anyway', () => {
    expect(walkHistory(searches, start, 'newest', 1)?.text).toBe('older');
  });
});
