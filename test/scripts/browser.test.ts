import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chromiumCommand, findChromium } from '#scripts/browser.ts';

function folderWith(name: string, mode = 0o755): string {
  const folder = mkdtempSync(join(tmpdir(), 'indelible-browser-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, name), '#!/bin/sh\n');
  chmodSync(join(folder, name), mode);
  return folder;
}

describe('findChromium', () => {
  it('takes the one that CHROMIUM_PATH names before any other', () => {
    const file = join(folderWith('my-chromium'), 'my-chromium');
    expect(findChromium({ PATH: folderWith('chromium'), CHROMIUM_PATH: file })).toBe(file);
  });

  it('says when CHROMIUM_PATH names nothing that can be run', () => {
    expect(() => findChromium({ CHROMIUM_PATH: '/nowhere/chromium' })).toThrow(
      'CHROMIUM_PATH names /nowhere/chromium',
    );
    const folder = folderWith('chromium');
    expect(() => findChromium({ CHROMIUM_PATH: folder })).toThrow('cannot be run');
  });

  it('finds one on the PATH where none is at its usual place', () => {
    const folder = folderWith('google-chrome');
    const found = findChromium({ PATH: folder });
    expect([join(folder, 'google-chrome'), '/usr/bin/chromium']).toContain(found);
  });
});

describe('chromiumCommand', () => {
  it('is one command for the machine at hand', () => {
    expect(chromiumCommand('linux', { PATH: folderWith('apt-get') }, true)).toBe(
      'apt-get install -y chromium',
    );
    expect(chromiumCommand('linux', { PATH: folderWith('apt-get') }, false)).toBe(
      'sudo apt-get install -y chromium',
    );
    expect(chromiumCommand('linux', { PATH: folderWith('dnf') }, false)).toBe('sudo dnf install -y chromium');
    expect(chromiumCommand('darwin', {}, false)).toBe('brew install --cask chromium');
  });
});
