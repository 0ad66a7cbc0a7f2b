import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inflateRawSync } from 'node:zlib';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startAppliance } from '#test/support/appliance.ts';
import { giveKey, verdictOn, verifyPages } from '#test/support/verify-pages.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const { open } = verifyPages();
const EVENTS = ['plain', 'quo"te', "$(touch hit) `touch hit` 'a", 'Zürich 🏔\u202e', 'line\nbreak'].map(
  (text) => ({
    action: 'data.export',
    actor: { id: text, name: text },
    details: { [text]: [text, { text }] },
  }),
);

it('a pack verifies with what lies in it: its own page in a browser, its own README by hand', async () => {
  const appliance = await startAppliance();
  onTestFinished(() => appliance.stop());
  const { data } = await appliance.graphql<{ recordEvents: { accepted: number } }>(
    'mutation ($events: [EventInput!]!) { recordEvents(events: $events, ack: CHECKPOINTED) { accepted } }',
    { events: EVENTS },
  );
  expect(data.recordEvents.accepted).toBe(EVENTS.length);
  const begun = await appliance.graphql<{ startExport: { id: string } }>(
    'mutation { startExport(ledger: "default", format: EVIDENCE, withhold: ["actor"]) { id } }',
  );
  const { id } = begun.data.startExport;
  await vi.waitFor(
    async () => {
      const asked = await appliance.graphql<{ export: { state: string } }>(
        `{ export(id: "${id}") { state } }`,
      );
      expect(asked.data.export.state).toBe('DONE');
    },
    { timeout: 15_000, interval: 50 },
  );
  const headers = { authorization: `Bearer ${appliance.adminToken}` };
  const pack = Buffer.from(await (await fetch(`${appliance.url}/exports/${id}`, { headers })).arrayBuffer());
  const asked = await appliance.graphql<{ ledger: { vkey: string } }>('{ ledger(id: "default") { vkey } }');
  const { vkey } = asked.data.ledger;
  const folder = temporaryFolder();
  const file = join(folder, 'a.evidence.zip');
  writeFileSync(file, pack);
  const unpacked = join(folder, 'unpacked');
  unpack(pack, unpacked);

  const { page, complaints, hosts } = await open();
  await page.goto(pathToFileURL(join(unpacked, 'verify.html')).href);
  await page.getByLabel('Evidence pack or proof').setInputFiles(file);
  expect(await verdictOn(page)).toBe('Consistent in itself, not verified');
  await giveKey(page, vkey);
  await page.locator('.verdict[data-state=verified]').waitFor();
  await page.getByText('10 read, 5 erased or withheld').waitFor();
  expect(complaints).toEqual([]);
  expect([...hosts]).toEqual(['']);

  const readme = readFileSync(join(unpacked, 'README.txt'), 'utf8');
  expect(readme).toContain(`vkey='${vkey}'`);
  const commands = readme.split('\n').filter((line) => line.startsWith('    '));
  const { stdout } = spawnSync('bash', ['--norc'], {
    cwd: unpacked,
    input: commands.join('\n'),
    encoding: 'utf8',
  });
  const said = stdout.split('\n');
  expect(said.filter((line) => line.startsWith('BROKEN'))).toEqual([]);
  expect(said).toContain('ok: the checkpoint of 5 records is signed');
  for (const index of EVENTS.keys()) expect(said).toContain(`ok: record ${index} of default is in the tree`);
}, 60_000);

/** Unpacks a ZIP by its directory, as any program does. */
function unpack(zip: Buffer, folder: string): void {
  const end = zip.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'));
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [nameLength, extraLength] = [zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30)];
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const content = zip.subarray(start, start + zip.readUInt32LE(at + 20));
    const target = join(folder, name);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, zip.readUInt16LE(at + 10) === 0 ? content : inflateRawSync(content));
    at += 46 + nameLength + extraLength + zip.readUInt16LE(at + 32);
  }
}
