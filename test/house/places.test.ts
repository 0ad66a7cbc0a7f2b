import { describe, expect, it } from 'vitest';
import { checkPlaces } from './checkers/places.ts';
import { describeFault } from './checkers/source.ts';
import { listProject, readProjectFile } from './project-files.ts';

const TEXT =
  /\.(?:ts|tsx|js|mjs|json|md|html|css|prisma|sql|toml|yml|yaml|graphql|svg|txt)$|(?:^|\/)[^./]+$|^\.[^/]+$/;

describe('the project', () => {
  it('names no folder of one machine and no registry in any file', () => {
    // This file has to name what it forbids.
    const paths = listProject().filter((path) => TEXT.test(path) && path !== 'test/house/places.test.ts');
    expect(paths).toEqual(expect.arrayContaining(['package-lock.json', '.ci/run', 'LICENSE', '.gitignore']));
    expect(checkPlaces(paths.map(readProjectFile)).map(describeFault)).toEqual([]);
  });
});

describe('the checker of places', () => {
  const messagesIn = (text: string) =>
    checkPlaces([{ path: 'a.md', text }]).map(({ line, message }) => `${line} ${message}`);

  it.each([
    ['\ncd /home/alice/indelible', '2 names a folder of one machine: /home/alice'],
    ["const file = '/Users/alice/a.db';", '1 names a folder of one machine: /Users/alice'],
    ['see /root/notes', '1 names a folder of one machine: /root/notes'],
    ['C:\\Users\\alice', '1 names a folder of one machine: C:\\Users\\alice'],
    ['npm ci --registry=http://10.0.0.7:4873', '1 sets a registry: --registry=http://10.0.0.7:4873'],
    ['registry=https://10.0.0.7/', '1 sets a registry: registry=https://10.0.0.7/'],
    ['https://registry.npmjs.org/node', '1 names a registry: registry.npmjs.org'],
    ['http://npm.corp/node', '1 names a registry: npm.corp'],
    [
      '{ "resolved": "https://example.com/a.tgz" }',
      '1 names where a package was fetched from: "resolved": "https:',
    ],
  ])('finds %j', (text, message) => {
    expect(messagesIn(text)).toEqual([message]);
  });

  it.each([
    '/usr/bin/chromium',
    '~/.local/share/indelible',
    'https://example.com/home/alice',
    '#!/usr/bin/env node',
    'const registry = new Registry();',
  ])('lets %j be', (text) => {
    expect(messagesIn(text)).toEqual([]);
  });
});
