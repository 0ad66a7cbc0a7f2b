import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isHash } from '#server/ledger/hash.ts';
import { formatTlogProof } from '#server/ledger/tlog-proof.ts';
import { readSpecJson } from '#test/support/corpora.ts';
import { buildPack, packFiles, type PackParts } from '#test/support/evidence-pack.ts';
import { signedPack } from '#test/support/signed-pack.ts';
import {
  breaksOn,
  giveKey,
  samplePack as sample,
  verdictOn,
  verifyPages,
} from '#test/support/verify-pages.ts';
import { buildZip } from '#test/support/zip-builder.ts';

/** Longer than anything takes that is to happen at once, on a machine with other work. */
const SOON_MS = 10_000;

interface BrokenPack {
  readonly name: string;
  readonly break: string;
  readonly index: number;
  readonly records: readonly object[];
}
interface Vectors {
  readonly vkey: string;
  readonly pack: PackParts;
  readonly brokenPacks: readonly BrokenPack[];
}

const found = readSpecJson('ledger-vectors.json') as Vectors | null;
const ABSENT = { name: 'no pack (ledger-vectors.json is absent)', break: '', index: 0, records: [] };
const { open, give, verdictOf } = verifyPages();
const good = sample.bytes;

interface PackLine {
  readonly entry: string;
  readonly sections: Readonly<Record<string, unknown>>;
  readonly proof: readonly string[];
}

function record(index: number): PackLine {
  return sample.parts.records[index] as PackLine;
}

describe('the page that verifies evidence', () => {
  it('says verified of a genuine pack only with a key from elsewhere, and asks for nothing', async () => {
    const { page, complaints, hosts } = await open();
    expect(await verdictOf(page, good)).toBe('Consistent in itself, not verified');
    expect(await page.getByText('self-consistent only').count()).toBe(1);
    await giveKey(page, ` ${sample.vkey}\n`);
    await page.locator('.verdict[data-state=verified]').waitFor();
    expect(await page.locator('.verdict').innerText()).toContain('All 13 records');
    expect(await page.locator('.breaks').isHidden()).toBe(true);
    expect(complaints).toEqual([]);
    expect([...hosts]).toEqual(['']);
  });

  it('takes its word back as soon as the key or the file is another', async () => {
    const { page } = await open();
    await giveKey(page, sample.vkey);
    expect(await verdictOf(page, good)).toBe('Verified');
    await giveKey(page, signedPack([{ event: { id: 'a' } }]).vkey);
    expect(await verdictOn(page)).toBe('Broken');
    expect(await breaksOn(page)).toContain('whole SIGNATURE_INVALID');
    await giveKey(page, 'no key');
    await page.locator('.verdict[data-state=stopped]').waitFor();
    await page.getByRole('alert').getByText('This is not a verifier key').waitFor();
    expect(await page.locator('.facts').isHidden()).toBe(true);
    expect(await page.locator('.browser').isHidden()).toBe(true);
    await giveKey(page, sample.vkey);
    expect(await verdictOn(page)).toBe('Verified');
    await give(page, good.subarray(0, -1), 'cut.evidence.zip');
    await page.locator('.verdict[data-state=broken]').waitFor();
  });

  it.skipIf(found === null)('accepts the genuine pack of the vectors', async () => {
    const { page } = await open();
    if (found === null) return;
    await giveKey(page, found.vkey);
    expect(await verdictOf(page, buildPack(found.pack))).toBe('Verified');
  });

  const packs = (found?.brokenPacks ?? [ABSENT]).map((pack) => [pack.name, pack] as const);
  it.skipIf(found === null).each(packs)('refuses: %s', async (_, { index, records, break: kind }) => {
    const { page, complaints } = await open();
    if (found === null) return;
    await giveKey(page, found.vkey);
    expect(await verdictOf(page, buildPack({ ...found.pack, records }))).toBe('Broken');
    // The vectors call it by what is wrong; the kind of a wrong order is a name of its own.
    expect(await breaksOn(page)).toContain(`${index} ${kind.toUpperCase()}`);
    expect(complaints).toEqual([]);
  });

  it('refuses files that are no whole pack: cut, longer, changed, empty, or something else', async () => {
    const { page, complaints } = await open();
    await giveKey(page, sample.vkey);
    const flipped = good.slice();
    flipped[200] = (flipped[200] ?? 0) ^ 4;
    const parts = packFiles(sample.parts);
    const cases: readonly (readonly [string, Uint8Array | string])[] = [
      ['cut.zip', good.subarray(0, 3000)],
      ['longer.zip', new Uint8Array([...good, 0])],
      ['flipped.zip', flipped],
      ['empty.zip', ''],
      ['no-records.zip', buildPack({ ...sample.parts, records: [] })],
      ['no-checkpoint.zip', buildZip(parts.filter(({ name }) => name !== 'checkpoint'))],
      ['one-more.zip', buildZip([...parts, { name: 'more.txt', content: 'x' }])],
      ['wrong-sum.zip', buildZip(parts.map((file) => ({ ...file, crc32: 1 })))],
      ['cut-deflate.zip', buildZip(parts.map((file) => ({ ...file, packed: new Uint8Array([0x4b]) })))],
      ['picture.png', new Uint8Array([0x89, 0x50, 0x4e, 0x47])],
      ['text.tlog-proof', 'c2sp.org/tlog-proof@v1\n'],
      ['bytes.tlog-proof', new Uint8Array([...Buffer.from('c2sp.org/tlog-proof@v1\n'), 0xff])],
    ];
    for (const [name, bytes] of cases) {
      await give(page, bytes, name);
      const said = page
        .locator('.verdict', { hasText: name })
        .locator('h2', { hasText: /^(Broken|Could not)/ });
      await said.waitFor();
    }
    expect(complaints).toEqual([]);
  });

  it('says that it could not read a file that changed meanwhile, and nothing else', async () => {
    const { page } = await open();
    const file = await give(page, good, 'changing.evidence.zip');
    expect(await verdictOn(page)).toBe('Consistent in itself, not verified');
    writeFileSync(file, good.subarray(0, 1000));
    await giveKey(page, sample.vkey);
    expect(await verdictOn(page)).toBe('Could not be read');
    expect(await page.locator('.facts').isHidden()).toBe(true);
  });

  it('verifies a proof on its own, and only with a key', async () => {
    const { page, complaints } = await open();
    const { proof, ...shown } = record(5);
    const extra = Buffer.from(JSON.stringify(shown)).toString('base64');
    const hashes = proof.filter(isHash);
    const text = formatTlogProof({ extra, index: 5, hashes, checkpoint: sample.parts.checkpoint });
    expect(await verdictOf(page, text, 'acme-5.tlog-proof')).toBe('Not verified: no key');
    await giveKey(page, sample.vkey);
    await page.locator('.verdict[data-state=verified]').waitFor();
    expect(await page.locator('.verdict').innerText()).toContain('The record stands');
    await give(page, text.replace('index 5', 'index 6'), 'acme-6.tlog-proof');
    await page.locator('.verdict[data-state=broken]').waitFor();
    expect(complaints).toEqual([]);
  });

  it('takes a file that is dropped on it, and only one', async () => {
    const { page } = await open();
    const drop = (count: number) =>
      page.evaluate(
        ([base64, copies]) => {
          const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
          const dataTransfer = new DataTransfer();
          for (let at = 0; at < copies; at++) dataTransfer.items.add(new File([bytes], 'dropped.zip'));
          document.body.dispatchEvent(
            new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }),
          );
        },
        [Buffer.from(good).toString('base64'), count] as const,
      );
    await drop(2);
    await page.getByText('One file at a time').waitFor();
    await drop(1);
    expect(await verdictOn(page)).toBe('Consistent in itself, not verified');
    expect(await page.locator('.verdict').innerText()).toContain('dropped.zip');
  });
});

const MARKUP = [
  '<script>window.hit=1</script>',
  '<img src=x onerror="window.hit=1">',
  '"><svg onload=window.hit=1>',
  '</pre></td></table><iframe srcdoc="<script>parent.hit=1</script>">',
  '<style>*{display:none}</style>',
  '&lt;b&gt;&#x3C;script&#x3E;',
];

describe('whatever a pack holds', () => {
  it('is text: it executes nothing, makes no element, asks for nothing and hides nothing', async () => {
    const hostile = [...MARKUP, 'invoice\u202efdp.exe\u200b', '__proto__', 'constructor'];
    const contents = hostile.map((text) => ({
      event: { id: text, action: text, status: text, occurredAt: text, description: text },
      actor: { id: text, name: text, type: text },
      target: { id: text, name: text, ['__proto__']: text },
      [text]: { [text]: text },
    }));
    const { parts } = signedPack(contents);
    const manifest = { ...parts.manifest, createdBy: hostile.join(' '), query: { search: hostile } };
    const { page, complaints, hosts } = await open();
    await verdictOf(page, buildPack({ ...parts, manifest }), 'a<img src=x onerror=alert(1)>.zip');
    for (let at = 0; at < hostile.length; at++) {
      await page.locator('tbody tr[role=row]').nth(at).click();
      await page.getByRole('heading', { name: `Record ${at}`, exact: true }).waitFor();
      await page.locator('.detail summary').first().click();
    }
    expect(await page.locator('td.action').allInnerTexts()).toEqual(
      hostile.map((text) => text.replace('\u202e', 'U+202E').replace('\u200b', 'U+200B')),
    );
    expect(await page.evaluate(() => 'hit' in globalThis)).toBe(false);
    expect(
      await page.locator('#page :is(script, img, svg, iframe, style, object, embed, link, a)').count(),
    ).toBe(0);
    const shown = await page.locator('#page').innerText();
    expect(shown).not.toMatch(/[\u202e\u200b]/);
    expect(complaints).toEqual([]);
    expect([...hosts]).toEqual(['']);
  });

  it('finds a policy that runs no other script and asks no host, even if the page wanted to', async () => {
    const { page, complaints } = await open();
    await page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.hit = 1';
      document.body.append(script);
      await fetch('https://example.invalid/').catch(() => undefined);
      document.body.append(
        Object.assign(document.createElement('img'), { src: 'https://example.invalid/a.png' }),
      );
    });
    expect(await page.evaluate(() => 'hit' in globalThis)).toBe(false);
    const refused = ['Executing inline script', 'Connecting to', 'Loading the image'];
    await expect
      .poll(() => refused.filter((what) => !complaints.some((text) => text.includes(what))), {
        timeout: SOON_MS,
      })
      .toEqual([]);
  });
});
