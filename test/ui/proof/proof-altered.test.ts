import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestWindow } from '#test/support/browser.ts';
import { signIn } from '#test/support/desk.ts';
import { alterAnswers, type Answered, checkContent, readProof, settled } from './altered-answers.ts';
import { grownLedger, START_MS } from './grown-ledger.ts';

const ledger = grownLedger();

/** Another base64 character at a place; the text stays what it is otherwise. */
function flipped(text: string, at: number): string {
  return text.slice(0, at) + (text.charAt(at) === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

function pathOf({ inclusionProof }: Answered) {
  if (inclusionProof === null) throw new Error('There is no path to alter.');
  return inclusionProof;
}

function firstOf({ record: { sections } }: Answered) {
  const [section] = sections;
  if (section === undefined) throw new Error('There is no section to alter.');
  return section;
}

describe('what was altered on its way', () => {
  const CASES: readonly (readonly [string, string, (data: Answered) => void, readonly string[]])[] = [
    [
      'the text of a section',
      'PanelRecord',
      (data) => {
        for (const section of data.record.sections) section.json = section.json.replace('alice', 'mallory');
      },
      ['content'],
    ],
    [
      'a salt',
      'ProofSalts',
      (data) => {
        const section = firstOf(data);
        section.salt = flipped(section.salt, 3);
      },
      ['content'],
    ],
    [
      'the time in the entry',
      'PanelRecord',
      (data) => {
        data.record.entry = data.record.entry.replace(/"recordedAt":"2/, '"recordedAt":"1');
      },
      ['leaf', 'path'],
    ],
    [
      'the index in the entry',
      'PanelRecord',
      (data) => {
        data.record.entry = data.record.entry.replace(/"index":\d+/, '"index":20');
      },
      ['entry', 'leaf', 'path'],
    ],
    [
      'a commitment',
      'PanelRecord',
      (data) => {
        const section = firstOf(data);
        section.commitment = flipped(section.commitment, 7);
      },
      ['entry'],
    ],
    [
      'a section that is listed twice',
      'PanelRecord',
      (data) => {
        const section = firstOf(data);
        data.record.sections.unshift({ ...section, json: section.json.replace('SUCCESS', 'FAILURE') });
      },
      ['entry'],
    ],
    ['a section that is left out', 'PanelRecord', (data) => void data.record.sections.pop(), ['entry']],
    [
      'the leaf hash',
      'PanelRecord',
      (data) => {
        data.record.leafHash = flipped(data.record.leafHash, 0);
      },
      ['leaf'],
    ],
    [
      'a hash of the path',
      'ProofPath',
      (data) => {
        const { hashes } = pathOf(data);
        hashes[1] = flipped(hashes[1] ?? '', 9);
      },
      ['path'],
    ],
    ['a path that is too short', 'ProofPath', (data) => void pathOf(data).hashes.pop(), ['path']],
    [
      'the root of the path',
      'ProofPath',
      (data) => {
        pathOf(data).root = flipped(pathOf(data).root, 9);
      },
      ['path'],
    ],
    [
      'a path that is kept back',
      'ProofPath',
      (data) => {
        data.inclusionProof = null;
      },
      ['path'],
    ],
    [
      'the root beside the checkpoint',
      'ProofCheckpoint',
      (data) => {
        data.ledger.checkpoint.root = flipped(data.ledger.checkpoint.root, 9);
      },
      ['signature', 'memory'],
    ],
    [
      'the size in the note',
      'ProofCheckpoint',
      (data) => {
        data.ledger.checkpoint.size = 20;
        data.ledger.checkpoint.note = data.ledger.checkpoint.note.replace('\n21\n', '\n20\n');
      },
      ['signature', 'memory'],
    ],
    [
      'the signature',
      'ProofCheckpoint',
      (data) => {
        const { note } = data.ledger.checkpoint;
        data.ledger.checkpoint.note = flipped(note, note.lastIndexOf('=') - 20);
      },
      ['signature', 'memory'],
    ],
    [
      'the key',
      'ProofCheckpoint',
      (data) => {
        data.ledger.vkey = flipped(data.ledger.vkey, data.ledger.vkey.length - 10);
      },
      ['signature', 'memory'],
    ],
    [
      'the origin',
      'ProofCheckpoint',
      (data) => {
        data.ledger.origin = 'somewhere.example/else';
      },
      ['signature', 'memory'],
    ],
    [
      'a cosignature that nobody made',
      'ProofCheckpoint',
      (data) => {
        const { vkey } = data.ledger;
        const line = data.ledger.checkpoint.note.split('\n\n')[1] ?? '';
        data.ledger.checkpoint.cosignatures = [{ witness: 'w.example', vkey, line, timestamp: null }];
      },
      ['witnesses'],
    ],
  ];

  let opened: TestWindow;
  let alteration: readonly [operation: string, alter: (data: Answered) => void] | null = null;

  // One window for all: opening a page takes longer than everything that is tested in it.
  beforeAll(async () => {
    const { appliance, browser } = ledger();
    opened = await browser.open();
    await signIn(opened.page, appliance.url, appliance.adminToken);
    await alterAnswers(opened.page, (operation, data) => {
      if (alteration?.[0] === operation) alteration[1](data);
    });
    await opened.page.goto(`${appliance.url}/#/search?ledger=default&open=20&tab=proof`);
    await settled(opened.page);
  }, START_MS);

  afterAll(() => opened?.close());

  it.each(CASES.map((one, place) => [...one, place] as const))(
    '%s (%s) is seen',
    async (_, operation, alter, broken, place) => {
      const { page } = opened;
      // Another record each time, and nothing remembered: nothing is known from before.
      await page.evaluate(() => localStorage.clear());
      alteration = [operation, alter];
      await showProof(page, place);
      await checkContent(page);
      expect(await readProof(page)).toEqual({ verdict: 'broken', word: 'Broken', broken });
      expect(await page.locator('.proof-tab').textContent()).not.toContain('Verified');
      expect(await page.locator('.proof-tree[data-state=verified]').count()).toBe(0);
    },
  );

  it('another record in its place is seen', async () => {
    const { page } = opened;
    await page.evaluate(() => localStorage.clear());
    let other: Answered['record'] | null = null;
    alteration = ['PanelRecord', ({ record }) => void (other ??= structuredClone(record))];
    await showProof(page, CASES.length + 1);
    await settled(page);
    alteration = ['PanelRecord', ({ record }) => void Object.assign(record, other)];
    await showProof(page, CASES.length + 2);
    await checkContent(page);
    expect((await readProof(page)).broken).toEqual(['content', 'entry', 'path']);
  });

  it('and nothing else: the same window verifies what was left as it was', async () => {
    const { page } = opened;
    await page.evaluate(() => localStorage.clear());
    alteration = null;
    await showProof(page, CASES.length);
    await checkContent(page);
    expect(await readProof(page)).toEqual({ verdict: 'verified', word: 'Verified', broken: [] });
  });

  describe('and what this browser remembers', () => {
    /** The checkpoint that the browser remembers, as it keeps it. */
    const KEY = 'indelible.checkpoint.default';

    it('is red where it was altered, and stays so when the page is loaded again', async () => {
      const { page } = opened;
      alteration = null;
      await page.evaluate(
        (key) => localStorage.setItem(key, localStorage.getItem(key)?.replace('\\n21\\n', '\\n20\\n') ?? ''),
        KEY,
      );
      await page.keyboard.press('v');
      await page.locator('.proof-tab-verdict[data-verdict=broken]').waitFor();
      expect((await readProof(page)).broken).toEqual(['memory']);
      expect(await page.locator('.proof-tab .checkpoint-alarm').textContent()).toContain('was altered');
      await page.reload();
      await page.locator('.proof-tab-verdict[data-verdict=broken]').waitFor();
      await page.locator('.proof-tab').getByRole('button', { name: 'Forget and begin anew…' }).click();
      await page.getByRole('button', { name: 'Forget', exact: true }).click();
      await page.locator('.proof-tab-verdict[data-verdict=content_unchecked]').waitFor();
      expect(await page.locator('.proof-tab .checkpoint-alarm').count()).toBe(0);
    });

    it('is red where the ledger is smaller than it was, and what was remembered stays', async () => {
      const { page } = opened;
      const before = await page.evaluate((key) => localStorage.getItem(key), KEY);
      await page.route('**/graphql', (route) =>
        route.request().postData()?.includes('query ProofConsistency(') === true
          ? route.fulfill({ json: { errors: [REFUSAL] } })
          : route.fallback(),
      );
      alteration = [
        'ProofCheckpoint',
        (data) => {
          data.ledger.checkpoint = { ...ledger().older.checkpoint };
        },
      ];
      await page.keyboard.press('v');
      await page.locator('.proof-tab .checkpoint-alarm').waitFor();
      expect((await readProof(page)).broken).toEqual(['memory']);
      const alarm = await page.locator('.proof-tab .checkpoint-alarm').textContent();
      expect(alarm).toContain('records are gone');
      expect(alarm).toMatch(/Remembered: 21 records.*Shown: 8 records/);
      const after = await page.evaluate((key) => localStorage.getItem(key), KEY);
      expect({ ...JSON.parse(after ?? ''), alarm: null }).toEqual(JSON.parse(before ?? ''));
    });
  });
});

/** What an appliance says that has fewer records than it is asked about. */
const REFUSAL = { message: 'to is larger than the ledger.', extensions: { code: 'BAD_USER_INPUT' } };

/** Goes to a record's proof without loading the page again. */
async function showProof(page: Page, index: number): Promise<void> {
  await page.evaluate((at) => (location.hash = `#/search?ledger=default&open=${at}&tab=proof`), index);
  await page.locator(`.record-panel[data-index="${index}"] .proof-tab`).waitFor();
}
