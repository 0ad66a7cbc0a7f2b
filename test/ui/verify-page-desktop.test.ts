import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEvidenceFile } from '#electron/evidence-files.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import { changedSample, giveKey, samplePack, verdictOn, verifyPages } from '#test/support/verify-pages.ts';

/** The page as the desktop app opens it: for a file that is read in parts, through the app. */

const { open } = verifyPages();

async function openFor(bytes: Uint8Array) {
  const path = join(temporaryFolder(), 'case 7.evidence.zip');
  writeFileSync(path, bytes);
  const file = await openEvidenceFile(path);
  const lengths: number[] = [];
  const window = await open();
  const { page } = window;
  await page.exposeFunction('readPart', async (at: number, length: number) => {
    lengths.push(length);
    return [...(await file.read(at, length))];
  });
  await page.addInitScript(
    ({ name, size }) => {
      const reading = globalThis as never as { readPart(at: number, length: number): Promise<number[]> };
      Object.assign(globalThis, {
        indelibleDesktop: {
          offeredFile: async () => ({ name, size }),
          readOffered: async (at: number, length: number) =>
            new Uint8Array(await reading.readPart(at, length)),
        },
      });
    },
    { name: file.name, size: file.size },
  );
  await page.reload();
  return { ...window, path, lengths };
}

describe('the page, opened by the desktop app for a file', () => {
  it('verifies it at once, and against a key that is given', async () => {
    const { page, complaints, lengths, path } = await openFor(samplePack.bytes);
    expect(await verdictOn(page)).toBe('Consistent in itself, not verified');
    await giveKey(page, samplePack.vkey);
    await page.locator('.verdict[data-state=verified]').waitFor();
    await page.getByText('case 7.evidence.zip').waitFor();
    expect(complaints).toEqual([]);
    // In parts: never the whole file at once.
    expect(lengths.length).toBeGreaterThan(2);
    expect(Math.max(...lengths)).toBeLessThan(readFileSync(path).length);
  });

  it('finds a change in it', async () => {
    const { page } = await openFor(changedSample(1, 'Grace', 'Ada'));
    expect(await verdictOn(page)).toBe('Broken');
  });
});
