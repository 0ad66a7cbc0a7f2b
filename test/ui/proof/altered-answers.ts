import type { Page } from 'playwright-core';

/**
 * An answer's data, changed in place by a test. It is written as what the tests read of it; which operation
 * has which is the test's to know.
 */
export interface Answered {
  readonly ledger: {
    vkey: string;
    origin: string;
    checkpoint: {
      size: number;
      root: string;
      note: string;
      cosignatures: readonly {
        readonly witness: string;
        readonly vkey: string;
        readonly line: string;
        readonly timestamp: string | null;
      }[];
    };
  };
  readonly record: {
    entry: string;
    leafHash: string;
    tlogProof: string;
    readonly sections: { json: string; salt: string; commitment: string }[];
  };
  inclusionProof: { root: string; readonly hashes: string[] } | null;
  readonly consistencyProof: { readonly hashes: string[] };
}

/** Lets a page's questions through, and alters each answer before the page sees it. */
export async function alterAnswers(
  page: Page,
  alter: (operation: string, data: Answered) => void,
): Promise<void> {
  await page.route('**/graphql', async (route) => {
    const operation = /query (Proof\w+|PanelRecord)\(/.exec(route.request().postData() ?? '')?.[1];
    if (operation === undefined) return route.fallback();
    const response = await route.fetch();
    const answer: { data?: Answered } = await response.json();
    if (answer.data) alter(operation, answer.data);
    return route.fulfill({ response, json: answer });
  });
}

/** What the proof says: its word, and the steps by their state. */
export async function readProof(page: Page): Promise<{
  readonly verdict: string | null;
  readonly word: string;
  readonly broken: readonly (string | null)[];
}> {
  const band = page.locator('.proof-tab-verdict');
  const broken = page.locator('.proof-tab-step[data-state=broken]');
  return {
    verdict: await band.getAttribute('data-verdict'),
    word: (await band.locator('.proof-tab-word').textContent()) ?? '',
    broken: await broken.evaluateAll((steps) => steps.map((step) => step.getAttribute('data-step'))),
  };
}

/** Waits until nothing is being checked any more. */
export async function settled(page: Page): Promise<void> {
  await page.locator('.proof-tab-verdict:not([data-verdict=checking])').waitFor();
}

/** Asks for the salts, and waits until the content was compared. */
export async function checkContent(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Check the content, too' }).click();
  await page.locator('[data-step=content]:not([data-state=checking],[data-state=unchecked])').waitFor();
  await settled(page);
}
