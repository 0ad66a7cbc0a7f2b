import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

describe('an appliance whose ledger contradicts itself', () => {
  let appliance: Appliance | null = null;
  afterEach(() => appliance?.stop());

  it('serves reads, refuses events, and names the ledger to nobody outside', async () => {
    const dataDir = temporaryFolder();
    // A checkpoint that was issued for a ledger which the database does not have.
    mkdirSync(join(dataDir, 'checkpoints'), { recursive: true });
    const name = `${Buffer.from('other-tenant').toString('hex')}.checkpoint`;
    writeFileSync(join(dataDir, 'checkpoints', name), 'x\n5\n\n');
    appliance = await startAppliance({ dataDir });
    const ready = await appliance.request('/readyz');
    expect([ready.status, ready.text]).toEqual([503, expect.stringContaining('read-only')]);
    const body = JSON.stringify({ action: 'a' });
    const headers = { 'content-type': 'application/json' };
    const refused = await appliance.request('/v1/events', { method: 'POST', headers, body });
    expect([refused.status, refused.text]).toEqual([503, expect.stringContaining('APPLIANCE_READ_ONLY')]);
    for (const { text } of [ready, refused]) expect(text).not.toContain('other-tenant');
    const read = await appliance.graphql('{ records { totalCount } }');
    expect(read.text).toContain('"totalCount":0');
  });
});
