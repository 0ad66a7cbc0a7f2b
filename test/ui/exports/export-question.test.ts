import { describe, expect, it } from 'vitest';
import { exportQuestion } from '#ui/exports/use-export-count.ts';

const ASKED = { search: 'actor:alice', filter: { indexTo: 10, occurredFrom: '2026-01-01T00:00:00Z' } };

describe('what is exported', () => {
  it('is what was searched for, of the ledger as it was seen', () => {
    expect(exportQuestion(ASKED, 10)).toEqual({ ...ASKED, size: 10 });
    expect(exportQuestion({ search: null, filter: {} }, 7)).toEqual({
      search: null,
      filter: { indexTo: 7 },
      size: 7,
    });
  });

  it('is each record that was selected, also where it came after the ledger was looked at', () => {
    expect(exportQuestion({ ...ASKED, indexes: [3, 12, 4] }, 10)).toEqual({
      search: 'index:(3..4 12)',
      filter: { indexTo: 13 },
      size: 13,
    });
    expect(exportQuestion({ ...ASKED, indexes: [3] }, 10)?.filter).toEqual({ indexTo: 10 });
  });

  it('is nothing where one search cannot name the records', () => {
    const scattered = Array.from({ length: 400 }, (_, at) => at * 2);
    expect(exportQuestion({ ...ASKED, indexes: scattered }, 1_000)).toBeNull();
  });
});
