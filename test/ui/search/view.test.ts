import { describe, expect, it } from 'vitest';
import { viewOf } from '#ui/search/view.ts';

const timeOf = (from: string, to: string) => viewOf(new URLSearchParams({ from, to }), 'default').time;

describe('the view of a link', () => {
  it.each([
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.5Z'],
    ['2026-01-01T00:00:00.1Z', '2026-01-01T00:00:00.12Z'],
    ['2026-01-01T00:00:00.999999998Z', '2026-01-01T00:00:00.999999999Z'],
    ['2026-01-01T00:00:00.9Z', '2026-01-01T00:00:01Z'],
  ])('has the range from %s to %s, however exactly each end is written', (from, to) => {
    expect(timeOf(from, to)).toEqual({ kind: 'BETWEEN', from, to });
    expect(timeOf(to, from)).toEqual({ kind: 'ALL' });
  });

  it.each([
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01', '2026-01-02'],
    ['2026-13-01T00:00:00Z', '2026-14-01T00:00:00Z'],
  ])('has no range where from %s to %s is none', (from, to) => {
    expect(timeOf(from, to)).toEqual({ kind: 'ALL' });
  });

  it('passes over what makes no sense in it', () => {
    const hostile = new URLSearchParams(
      'size=1e9&open=-1&tab=__proto__&sort=constructor&last=99999999999999999999&f=%20&f=a&q=',
    );
    expect(viewOf(hostile, 'default')).toEqual({
      ledger: 'default',
      query: '',
      pills: ['a'],
      time: { kind: 'ALL' },
      size: null,
      order: { field: 'RECORDED', direction: 'DESC' },
      open: null,
      tab: 'changes',
    });
  });
});
