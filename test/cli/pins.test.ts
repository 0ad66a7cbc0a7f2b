import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openPins } from '#server/cli/verify/pins.ts';
import { sha256 } from '#server/sha256.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

it.each(['audit.example.com/acme', '__proto__', 'constructor'])(
  'the pins remember what was seen of the origin %s, and let no other key take its place',
  (origin) => {
    const file = join(temporaryFolder(), 'pins.json');
    const seen = { size: 3, root: sha256(new Uint8Array(1)), note: 'n' };
    expect(openPins(file, () => 0).put(origin, 'one', seen)).toBe('FIRST');
    const again = openPins(file, () => 0);
    expect(again.origins()).toEqual([origin]);
    expect(again.get(origin)).toMatchObject({ vkey: 'one', checkpoints: [seen] });
    expect(again.put(origin, 'one', seen)).toBe('KNOWN');
    expect(() => again.put(origin, 'two', seen)).toThrow('another key');
  },
);
