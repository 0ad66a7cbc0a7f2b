import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { controlText, makeDeb, readFpmArguments } from '#scripts/package/fpm-deb.ts';

const ARGUMENTS = `-s dir --force -t deb -d libgtk-3-0 -d xdg-utils --deb-recommends libappindicator3-1
  --architecture amd64 --version 1.2.3 --name indelible --url https://example.org --deb-priority optional
  --package /nowhere.deb`
  .split(/\s+/)
  .concat('--description', 'Short\n Long text.\n\n More.', '--maintainer', 'A <a@example.org>');

describe('the arguments of fpm', () => {
  it('become the control file', () => {
    expect(controlText(readFpmArguments(ARGUMENTS), 7)).toBe(
      [
        'Package: indelible',
        'Version: 1.2.3',
        'Architecture: amd64',
        'Maintainer: A <a@example.org>',
        'Installed-Size: 7',
        'Depends: libgtk-3-0, xdg-utils',
        'Recommends: libappindicator3-1',
        'Section: misc',
        'Priority: optional',
        'Homepage: https://example.org',
        'Description: Short',
        ' Long text.',
        ' .',
        ' More.',
        '',
      ].join('\n'),
    );
  });

  it.each([
    [['-s', 'dir', '-t', 'rpm'], 'only a folder into a deb'],
    [['-s', 'dir', '-t', 'deb', 'file'], 'names no place'],
    [['-s'], 'has no value'],
  ])('are refused where they are others: %j', (given, reason) => {
    expect(() => readFpmArguments(given)).toThrow(reason);
  });
});

describe.runIf(spawnSync('dpkg-deb', ['--version']).status === 0)('a Debian package', () => {
  it('holds the files at their places, owned by root, and its scripts', () => {
    const folder = mkdtempSync(join(tmpdir(), 'indelible-fpm-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, 'app/sub'), { recursive: true });
    writeFileSync(join(folder, 'app/sub/a=b.txt'), 'content');
    writeFileSync(join(folder, 'install.sh'), '#!/bin/sh\n');
    const deb = join(folder, 'indelible.deb');
    const placed = [
      `${join(folder, 'app')}/=/opt/Indelible`,
      `${join(folder, 'app/sub/a=b.txt')}=/usr/share/one.txt`,
    ];
    const request = readFpmArguments([
      ...ARGUMENTS,
      '--package',
      deb,
      '--after-install',
      join(folder, 'install.sh'),
      ...placed,
    ]);
    makeDeb(request);
    const listed = spawnSync('dpkg-deb', ['--contents', deb], { encoding: 'utf8' }).stdout;
    expect(listed).toMatch(/^drwxr-xr-x root\/root .* \.\/$/m);
    expect(listed).toMatch(/^-rw-r--r-- root\/root .* \.\/opt\/Indelible\/sub\/a=b\.txt$/m);
    expect(listed).toMatch(/\.\/usr\/share\/one\.txt$/m);
    const control = spawnSync('dpkg-deb', ['--info', deb], { encoding: 'utf8' }).stdout;
    expect(control).toContain('Package: indelible');
    expect(control).toContain('postinst');
  });
});
