import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { makeIfStale, type Product } from '#scripts/prepare.ts';

let root = '';
let made = 0;

const product = (): Product => ({
  name: 'thing',
  inputs: ['source', 'settings.json'],
  outputs: ['out/thing.txt'],
  make: () => {
    made += 1;
    write('out/thing.txt', 'made');
  },
});

function write(path: string, text: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
}

beforeEach(() => {
  root = `${mkdtempSync(join(tmpdir(), 'indelible-prepare-'))}/`;
  const folder = root;
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  made = 0;
  write('source/a.ts', 'a');
  write('source/below/b.ts', 'b');
  write('settings.json', '{}');
});

describe('makeIfStale', () => {
  it('makes what is missing, once', () => {
    expect(makeIfStale(root, product())).toBe(true);
    expect(makeIfStale(root, product())).toBe(false);
    expect(made).toBe(1);
  });

  it.each([
    ['a file changes', () => write('source/a.ts', 'A')],
    ['a file deeper down changes', () => write('source/below/b.ts', 'B')],
    ['a single file changes', () => write('settings.json', '{ }')],
    ['a file comes', () => write('source/c.ts', '')],
    ['a file goes', () => rmSync(join(root, 'source/a.ts'))],
    [
      'a file moves',
      () => {
        rmSync(join(root, 'source/below/b.ts'));
        write('source/b.ts', 'b');
      },
    ],
    [
      'text moves from one file to the next',
      () => {
        write('source/a.ts', 'ab');
        write('source/below/b.ts', '');
      },
    ],
    ['what was made is gone', () => rmSync(join(root, 'out/thing.txt'))],
  ])('makes it again when %s', (_, change) => {
    makeIfStale(root, product());
    change();
    expect(makeIfStale(root, product())).toBe(true);
    expect(makeIfStale(root, product())).toBe(false);
  });

  it('lets it be when only the times of files change, as after a fresh checkout', () => {
    makeIfStale(root, product());
    utimesSync(join(root, 'source/a.ts'), 1, 1);
    expect(makeIfStale(root, product())).toBe(false);
  });

  it('makes it again after it could not be made', () => {
    makeIfStale(root, product());
    write('source/a.ts', 'A');
    const failing = { ...product(), make: () => expect.unreachable() };
    expect(() => makeIfStale(root, failing)).toThrow();
    write('source/a.ts', 'a');
    expect(makeIfStale(root, product())).toBe(true);
  });

  it('says what is missing after it was made', () => {
    const empty = { ...product(), make: () => undefined };
    expect(() => makeIfStale(root, empty)).toThrow('thing was made, but out/thing.txt is not there');
    expect(existsSync(join(root, 'dist')) ? readdirSync(join(root, 'dist/.stamps')) : []).toEqual([]);
  });

  it('says which input is missing', () => {
    rmSync(join(root, 'settings.json'));
    expect(() => makeIfStale(root, product())).toThrow('there is no settings.json');
  });
});
