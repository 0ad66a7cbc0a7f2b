import { describe, expect, it } from 'vitest';
import type { VerificationFactsFragment } from '#ui/graphql/generated.ts';
import { verdictOf } from '#ui/integrity/verdict.ts';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const SIZE = 40;
const VERIFY_HOURS = 24;
const OLD_AFTER_MS = 48 * 3_600_000;

const good: VerificationFactsFragment = {
  id: 'last',
  state: 'DONE',
  phase: 'INDEX',
  checked: SIZE,
  total: SIZE,
  rate: 1000,
  from: null,
  to: null,
  size: SIZE,
  root: 'root',
  scheduled: false,
  requestedBy: null,
  createdAt: '2026-03-01T11:00:00.000Z',
  startedAt: '2026-03-01T11:00:00.000Z',
  finishedAt: '2026-03-01T11:01:00.000Z',
  breakCount: 0,
  notChecked: [],
  error: null,
};
const later = { id: 'later', finishedAt: '2026-03-01T11:30:00.000Z' };
const earlier = { id: 'earlier', finishedAt: '2026-03-01T10:30:00.000Z' };

const toneOf = (
  last: VerificationFactsFragment | null,
  recent: readonly VerificationFactsFragment[] = last === null ? [] : [last],
  size = SIZE,
  now = NOW,
) => verdictOf({ last, recent, size, verifyHours: VERIFY_HOURS }, now).tone;

describe('what is said of a ledger', () => {
  it('is "verified" for a whole verification that found no break and left nothing out', () => {
    expect(verdictOf({ last: good, recent: [good], size: SIZE + 5, verifyHours: VERIFY_HOURS }, NOW)).toEqual(
      {
        tone: 'VERIFIED',
        headline: 'Verified: 40 records',
        reasons: [],
      },
    );
  });

  it('says how long a verification holds by how often one is due', () => {
    const { tone, reasons } = verdictOf({ last: good, recent: [], size: SIZE, verifyHours: 1 }, NOW + 6e7);
    expect([tone, reasons]).toEqual(['ATTENTION', ['That was 18 h ago, longer than 2 h.']]);
  });

  it.each<readonly [string, VerificationFactsFragment | null]>([
    ['was ever made', null],
    ['is of the whole ledger', { ...good, from: 3 }],
    ['is of the whole ledger up to its end', { ...good, to: 39 }],
    ['was carried through', { ...good, state: 'FAILED' }],
    ['was not cancelled', { ...good, state: 'CANCELLED' }],
    ['has ended', { ...good, state: 'RUNNING', finishedAt: null }],
  ])('is nothing while no verification %s', (_, last) => {
    expect(toneOf(last)).toBe('NEUTRAL');
  });

  it('is "but" where something was not checked, and says what', () => {
    const last = { ...good, notChecked: ['the search copy is not made yet'] };
    expect(verdictOf({ last, recent: [last], size: SIZE, verifyHours: VERIFY_HOURS }, NOW)).toEqual({
      tone: 'ATTENTION',
      headline: 'Verified: 40 records, but 1 thing not checked',
      reasons: ['the search copy is not made yet'],
    });
  });

  it('asks for attention where it is old, and not a moment before', () => {
    const end = Date.parse(good.finishedAt ?? '');
    expect(toneOf(good, [good], SIZE, end + OLD_AFTER_MS)).toBe('VERIFIED');
    expect(toneOf(good, [good], SIZE, end + OLD_AFTER_MS + 1)).toBe('ATTENTION');
    expect(toneOf({ ...good, finishedAt: 'no time' })).toBe('ATTENTION');
  });

  it('asks for attention where fewer records were looked at than there were, or are now', () => {
    expect(toneOf({ ...good, checked: SIZE - 1 })).toBe('ATTENTION');
    expect(toneOf(good, [good], SIZE - 1)).toBe('ATTENTION');
  });

  it('asks for attention where a later whole verification failed; one of a range says nothing', () => {
    const failed = { ...good, ...later, state: 'FAILED', error: { code: 'X', message: 'no disk' } } as const;
    const { tone, reasons } = verdictOf(
      { last: good, recent: [failed, good], size: SIZE, verifyHours: VERIFY_HOURS },
      NOW,
    );
    expect([tone, reasons.join()]).toEqual(['ATTENTION', expect.stringContaining('no disk')]);
    expect(toneOf(good, [{ ...failed, from: 3 }, good])).toBe('VERIFIED');
    expect(toneOf(good, [good, { ...failed, ...earlier }])).toBe('VERIFIED');
  });
});

describe('a break', () => {
  const broken = { ...good, ...later, breakCount: 2 };

  it.each<readonly [string, VerificationFactsFragment]>([
    ['a later range', { ...broken, from: 3, to: 5 }],
    ['a verification that still runs', { ...broken, state: 'RUNNING', finishedAt: null }],
    ['one that was cancelled', { ...broken, state: 'CANCELLED' }],
    ['one that failed', { ...broken, state: 'FAILED' }],
  ])('that %s found is said at once, whatever was verified before', (_, one) => {
    expect(
      verdictOf({ last: good, recent: [one, good], size: SIZE, verifyHours: VERIFY_HOURS }, NOW),
    ).toMatchObject({
      tone: 'BROKEN',
      headline: 'Broken: 2 breaks found',
    });
    expect(toneOf(null, [one])).toBe('BROKEN');
  });

  it('of the last whole verification is said, and what it could not check as well', () => {
    const last = { ...good, breakCount: 1, notChecked: ['some'] };
    expect(verdictOf({ last, recent: [], size: SIZE, verifyHours: VERIFY_HOURS }, NOW)).toEqual({
      tone: 'BROKEN',
      headline: 'Broken: 1 break found',
      reasons: ['Not checked: some'],
    });
  });

  it('from before the last whole verification is history', () => {
    expect(toneOf(good, [good, { ...broken, ...earlier }])).toBe('VERIFIED');
  });
});
