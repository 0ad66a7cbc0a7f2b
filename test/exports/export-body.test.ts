import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeCosignature, makeWitnessVkey, parseWitnessVkey } from '#server/ledger/cosignature.ts';
import { parseNote } from '#server/ledger/note.ts';
import type { PackRecord } from '#server/ledger/pack/record-line.ts';
import { readRecordLine } from '#server/ledger/pack/record-line.ts';
import { readZipDirectory } from '#server/ledger/pack/zip-directory.ts';
import { zipContent } from '#server/ledger/pack/zip-content.ts';
import type { Condition } from '#server/ports/condition.ts';
import { sha256 } from '#server/sha256.ts';
import { bytesSource } from '#test/support/evidence-pack.ts';
import { makeEvent, makeEvents } from '#test/support/ledger-fixture.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';
import {
  DATABASES,
  type ExportLedger,
  EXPORT_ID,
  LEDGER,
  type OpenExportLedger,
  PLATFORM,
  runExport,
  verifyPack,
} from './support/export-ledger.ts';

const RECORDS = 600;
const WITH_NOTE: Condition = {
  kind: 'value',
  path: { kind: 'named', name: 'details.note' },
  test: { test: 'glob', parts: ['about e', '7'], ignoreCase: false },
};
const INDEXES_WITH_7 = Array.from({ length: RECORDS }, (_, i) => i).filter((i) => String(i).endsWith('7'));

async function open(openLedger: OpenExportLedger): Promise<ExportLedger & { readonly vkey: string }> {
  const ledger = await openLedger();
  await ledger.record(makeEvents('e', RECORDS));
  await ledger.checkpoint();
  const identity = await ledger.storage.catalog.find(LEDGER);
  return { ...ledger, vkey: identity?.vkey ?? '' };
}

/** The text of a file of a pack. */
async function textOf(pack: Uint8Array, name: string): Promise<string> {
  const source = bytesSource(pack);
  const members = await readZipDirectory(source);
  if ('problem' in members) throw new Error(members.problem);
  const member = members.find((one) => one.name === name);
  if (member === undefined) throw new Error(`There is no ${name}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of zipContent(PLATFORM, source, member)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function recordsOf(pack: Uint8Array): Promise<readonly PackRecord[]> {
  const lines = (await textOf(pack, 'records.ndjson')).split('\n').slice(0, -1);
  return lines.map((line) => {
    const record = readRecordLine(line);
    if ('problem' in record) throw new Error(record.problem);
    return record;
  });
}

const indexOf = ({ entry }: PackRecord): number => (JSON.parse(entry) as { index: number }).index;

describe.each(DATABASES)('an export on %s', (_name, openLedger) => {
  it('as evidence of everything verifies with the key of the ledger, every record of it', async () => {
    const ledger = await open(openLedger);
    const { content, count, bytes, file, folder } = await runExport(ledger);
    expect([count, bytes, file]).toEqual([RECORDS, content.length, `acme-${EXPORT_ID}.evidence.zip`]);
    const outcome = await verifyPack(content, ledger.vkey);
    expect(outcome).toMatchObject({
      verified: true,
      trust: 'GIVEN',
      breaks: [],
      checked: RECORDS,
      absent: 0,
    });
    expect(outcome.links).toBe(RECORDS);
    expect(outcome.manifest).toMatchObject({ ledger: LEDGER, size: RECORDS, count: RECORDS });
    expect(readdirSync(folder)).toEqual([file]);
    expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  });

  it('holds exactly the records that match, of the size that was pinned', async () => {
    const ledger = await open(openLedger);
    // Grown since: what came later is not asked for.
    await ledger.record(makeEvents('later', 50));
    await ledger.checkpoint();
    const query = { filter: { indexFrom: 0 }, search: 'details.note:*7' };
    const params = { condition: { kind: 'all', of: [WITH_NOTE] } as const, size: RECORDS, query };
    const { content, count } = await runExport(ledger, { params });
    expect(count).toBe(INDEXES_WITH_7.length);
    expect((await recordsOf(content)).map(indexOf)).toEqual(INDEXES_WITH_7);
    const { verified, manifest } = await verifyPack(content, ledger.vkey);
    expect([verified, manifest?.size]).toEqual([true, RECORDS + 50]);
    expect(manifest?.query).toMatchObject({ ...query, indexBelow: RECORDS, withheld: [] });
  });

  it('reads only the part that bounds of index and time leave', async () => {
    const ledger = await open(openLedger);
    const within = (from: number, to: number | null): Condition => ({ kind: 'index', from, to });
    const condition: Condition = { kind: 'all', of: [within(100, null), within(0, 140), WITH_NOTE] };
    const reads: unknown[] = [];
    const context = { report: (progress: unknown) => void reads.push(progress) };
    const { content } = await runExport(ledger, { params: { condition }, context });
    expect((await recordsOf(content)).map(indexOf)).toEqual([107, 117, 127, 137]);
    expect(reads.at(-1)).toMatchObject({ read: 40, total: 40, count: 4 });
    const never: Condition = { kind: 'recorded', from: Date.UTC(2030, 0, 1), to: null };
    const { count } = await runExport(ledger, { params: { condition: never, format: 'CSV' } });
    expect(count).toBe(0);
  });

  it('leaves out what is withheld, and the rest still proves', async () => {
    const ledger = await open(openLedger);
    const { content } = await runExport(ledger, { params: { withhold: ['event', 'details'] } });
    const outcome = await verifyPack(content, ledger.vkey);
    expect(outcome).toMatchObject({ verified: true, disclosed: RECORDS, absent: 2 * RECORDS });
    expect((await textOf(content, 'records.ndjson')).includes('about e')).toBe(false);
    expect(outcome.manifest?.query).toMatchObject({ withheld: ['event', 'details'] });
  });

  it('as lines leaves out the fields of what is withheld', async () => {
    const ledger = await open(openLedger);
    const params = { format: 'CSV', withhold: ['event', 'details'] } as const;
    const [head, first] = (await runExport(ledger, { params })).content.toString().split('\r\n');
    expect(head).toBe(
      'index,recordedAt,actor.id,actor.type,actor.name,target.id,target.type,target.name,' +
        'context.correlationId,context.requestId,context.sessionId,context.ipAddress,context.userAgent,' +
        'context.source,context.geolocation,leafHash,changes,erased',
    );
    // A hash that begins with a plus sign looks like a formula.
    expect(first).toMatch(
      /^0,2026-03-01T12:00:00.000Z,user-1,,,,,,,,,,,,,(?:'\+|[A-Za-z0-9/])[A-Za-z0-9+/]{42}=,,$/,
    );
    const lines = await runExport(ledger, { params: { format: 'NDJSON', withhold: ['event', 'details'] } });
    const [line = ''] = lines.content.toString().split('\n');
    expect(Object.keys(JSON.parse(line) as object)).toEqual(['index', 'recordedAt', 'actor', 'leafHash']);
  });

  it('as lines keeps every digit and character, and is safe in a spreadsheet', async () => {
    const ledger = await openLedger();
    const details = { big: 9223372036854775807n, text: '=1+1', none: null, hidden: 'a\u202eb' };
    await ledger.record([makeEvent('=cmd|1', details), makeEvent('\uff1dfull'), makeEvent('\tx')]);
    const { content } = await runExport(ledger, { params: { format: 'NDJSON' } });
    const [line = ''] = content.toString().split('\n');
    expect(line).toContain('"big":9223372036854775807');
    expect(line).toContain('"none":null');
    expect(line).toContain('a\\u202eb');
    expect(JSON.parse(line)).toMatchObject({
      index: 0,
      eventId: '=cmd|1',
      occurredAt: '2026-03-01T11:59:59.000Z',
      action: 'thing.done',
      status: 'SUCCESS',
      actor: { id: 'user-1' },
    });
    const csv = (await runExport(ledger, { params: { format: 'CSV' } })).content.toString();
    const ids = csv.split('\r\n').map((row) => row.split(',')[1]);
    expect(ids.slice(1, 4)).toEqual(["'=cmd|1", "'\uff1dfull", "'\tx"]);
  });

  it('without a match is an empty file, but never an evidence pack', async () => {
    const ledger = await open(openLedger);
    const condition: Condition = { kind: 'any', of: [] };
    const folder = temporaryFolder();
    const { count, content } = await runExport(ledger, { params: { condition, format: 'NDJSON' }, folder });
    expect([count, content.length]).toEqual([0, 0]);
    await expect(runExport(ledger, { params: { condition }, folder })).rejects.toThrow('No record matches');
    expect(readdirSync(folder)).toEqual([`acme-${EXPORT_ID}.ndjson`]);
    const empty = await openLedger();
    await expect(runExport(empty, { folder })).rejects.toThrow('No record matches');
  });

  it('carries the cosignatures of witnesses, and rather the newest checkpoint that has some', async () => {
    const ledger = await open(openLedger);
    const { size, note } = (await ledger.archive.checkpointUpTo(1, RECORDS))!;
    const publicKey = new Uint8Array(32).fill(9);
    const vkey = makeWitnessVkey(sha256, 'witness.example.com', 'ED25519', publicKey);
    const key = parseWitnessVkey(sha256, vkey);
    const parsed = parseNote(note);
    if ('problem' in key || 'problem' in parsed) throw new Error('No key or no note.');
    const cosigned = { ...key, text: parsed.text, timestamp: 1_772_000_000 };
    const line = makeCosignature(cosigned, key.keyId, () => new Uint8Array(64).fill(1));
    await ledger.tamper(
      `INSERT INTO cosignature (ledger_no, size, witness, key_id, vkey, line, created_at)
       VALUES (1, ${size}, 'witness.example.com', '${key.keyId}', '${vkey}', '${line}', 0)`,
    );
    await ledger.record(makeEvents('later', 3));
    await ledger.checkpoint();
    const { content } = await runExport(ledger, { params: { size: RECORDS }, deps: { hasWitnesses: true } });
    expect(await textOf(content, 'checkpoint')).toBe(note + line);
    expect((await verifyPack(content, ledger.vkey)).verified).toBe(true);
  });

  it('waits for the checkpoint that covers its records, and gives up where none comes', async () => {
    const ledger = await open(openLedger);
    await ledger.record(makeEvents('new', 2));
    await expect(runExport(ledger)).rejects.toThrow('No checkpoint covers the 602 records');
    let looks = 0;
    const wait = async (): Promise<void> => {
      looks += 1;
      if (looks === 3) await ledger.checkpoint();
    };
    const { count } = await runExport(ledger, { deps: { wait } });
    expect([count, looks]).toEqual([RECORDS + 2, 3]);
  });

  it('names a record that is missing, and gives out nothing', async () => {
    const ledger = await open(openLedger);
    await ledger.tamper('DELETE FROM record WHERE idx = 300');
    const folder = temporaryFolder();
    for (const format of ['EVIDENCE', 'CSV', 'NDJSON'] as const) {
      const run = runExport(ledger, { params: { format }, folder });
      await expect(run).rejects.toThrow('The record with index 300 is missing');
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('names a record whose content cannot be read', async () => {
    const ledger = await open(openLedger);
    await ledger.tamper(
      `UPDATE record SET details = ${_name === 'SQLite' ? "x'00112233'" : "'\\x00112233'"} WHERE idx = 7`,
    );
    for (const format of ['EVIDENCE', 'CSV', 'NDJSON'] as const) {
      const run = runExport(ledger, { params: { format } });
      await expect(run).rejects.toThrow('The content of record 7 cannot be read');
    }
  });

  it('does not make a pack of a tree that is not the checkpoint’s', async () => {
    const ledger = await open(openLedger);
    const zeros = '00'.repeat(32);
    await ledger.tamper(
      `UPDATE checkpoint SET root = ${_name === 'SQLite' ? `x'${zeros}'` : `'\\x${zeros}'`}`,
    );
    await expect(runExport(ledger)).rejects.toThrow("does not lead to its checkpoint's root");
  });

  it('that is ended leaves nothing behind', async () => {
    const ledger = await open(openLedger);
    const folder = temporaryFolder();
    for (const format of ['EVIDENCE', 'CSV'] as const) {
      const ending = new AbortController();
      const report = (): void => ending.abort(new Error('ended'));
      const context = { signal: ending.signal, report };
      await expect(runExport(ledger, { params: { format }, context, folder })).rejects.toThrow('ended');
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});
