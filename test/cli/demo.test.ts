import { expect, onTestFinished, test } from 'vitest';
import { startAppliance } from '#test/support/appliance.ts';
import { runCommandLine } from '#test/support/command-line.ts';

test('the demo makes its ledger, fills it, and run again finds only duplicates', async () => {
  const appliance = await startAppliance();
  onTestFinished(() => appliance.stop());
  const env = { INDELIBLE_DATA_DIR: appliance.dataDir, INDELIBLE_ADMIN_TOKEN: appliance.adminToken };
  const demo = () => runCommandLine(['demo', '--events', '2000', '--seed', '5'], { env });
  const first = await demo();
  expect(first.code).toBe(0);
  const count = Number(/Ledger demo: ([\d,]+) events/.exec(first.lines[0] ?? '')?.[1]?.replace(',', ''));
  expect(count).toBeGreaterThan(1_800);
  expect(first.lines[0]).toMatch(/accepted, 0 duplicate, 0 rejected/);
  // Run over midnight the day is another, and so are the events; but never rejected.
  const again = await demo();
  expect(again.code).toBe(0);
  expect(again.lines[0]).toMatch(/0 rejected/);
  const ledger = await appliance.graphql<{ ledger: { id: string } }>('{ ledger(id: "demo") { id } }');
  expect(ledger.data.ledger.id).toBe('demo');
});
