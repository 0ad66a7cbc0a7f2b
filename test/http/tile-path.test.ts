import { describe, expect, it } from 'vitest';
import { positionPath, readTilePath } from '#server/http/tile-path.ts';

describe('the path of a tile', () => {
  it('is the one that the specification shows', () => {
    const shown: readonly (readonly [number, string])[] = [
      [0, '000'],
      [67, '067'],
      [999, '999'],
      [1000, 'x001/000'],
      [1_234_067, 'x001/x234/067'],
      [Number.MAX_SAFE_INTEGER, 'x009/x007/x199/x254/x740/991'],
    ];
    for (const [index, path] of shown) {
      expect(positionPath(index)).toBe(path);
      const read = readTilePath(`a/tile/63/${path}.p/255`);
      expect(read).toEqual({ ledger: 'a', asked: { kind: 'tile', level: 63, index, width: 255 } });
      const bundle = readTilePath(`a/tile/entries/${path}`);
      expect(bundle).toEqual({ ledger: 'a', asked: { kind: 'entries', index, width: 256 } });
    }
  });

  it.each([
    '',
    'a',
    'a/',
    '/checkpoint',
    'a/checkpoint/',
    'a/checkpoint.p/1',
    'a//checkpoint',
    '%61/checkpoint',
    '.a/checkpoint',
    `${'a'.repeat(65)}/checkpoint`,
    'a/tile/0',
    'a/tile/0/0',
    'a/tile/0/00',
    'a/tile/0/0000',
    'a/tile/0/x000/001',
    'a/tile/0/x001',
    'a/tile/0/001/002',
    'a/tile/0/X001/002',
    'a/tile/0/x001/x002',
    'a/tile/0/x999/x999/x999/x999/x999/999',
    'a/tile/00/000',
    'a/tile/64/000',
    'a/tile/-1/000',
    'a/tile/0/000.p/0',
    'a/tile/0/000.p/256',
    'a/tile/0/000.p/01',
    'a/tile/0/000.p/1 ',
    'a/tile/0/000.p',
    'a/tile/0/000.p/',
    'a/tile/0/000/',
    'a/tile/0/../0/000',
    'a/tile/0/%3000',
    'a/tile/data/000',
    'a/tile/entries/000.p/-1',
    'a/tile/entries/000\n',
  ])('is not %j', (path) => {
    expect(readTilePath(path)).toBeNull();
  });
});
