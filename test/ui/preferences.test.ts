import { describe, expect, it } from 'vitest';
import { readPreferences } from '#ui/app/preferences.ts';

describe('what a browser kept of a person’s choices', () => {
  it('is taken as it was written', () => {
    const chosen = {
      theme: 'DARK',
      zone: 'UTC',
      rows: 'COMPACT',
      singleKeys: false,
      columns: ['time', 'actor'],
      columnWidths: { time: 180 },
      ledger: 'default',
      searches: ['actor:alice'],
      facetsOpen: false,
      histogramOpen: false,
    };
    expect(readPreferences(JSON.stringify(chosen))).toEqual(chosen);
    expect(readPreferences('{"columns":null,"ledger":null}')).toEqual({ columns: null, ledger: null });
  });

  it.each([
    ['rows', '"TINY"'],
    ['theme', '"toString"'],
    ['zone', 'null'],
    ['singleKeys', '"no"'],
    ['columns', '"time"'],
    ['columns', '[1,{}]'],
    ['columnWidths', 'null'],
    ['columnWidths', '{"time":"wide"}'],
    ['columnWidths', '[180]'],
    ['ledger', '["default"]'],
    ['searches', '[null]'],
    ['searches', '{"length":3}'],
    ['later', '1'],
    ['toString', '1'],
  ])('is passed over where %s is %s, and the rest stays', (name, value) => {
    expect(readPreferences(`{"${name}":${value},"facetsOpen":false}`)).toEqual({ facetsOpen: false });
  });

  it.each(['', 'null', '[]', '"x"', '{"rows"', '7'])('is nothing where it is %j', (text) => {
    expect(readPreferences(text)).toEqual({});
  });
});
