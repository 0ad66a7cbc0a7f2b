import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccept } from '#server/events/accept.ts';
import { createUuidv7Source } from '#server/id.ts';
import { createRecordOperation } from '#server/ledgers/record-operation.ts';
import type { Intake } from '#server/ports/intake.ts';
import { sha256 } from '#server/sha256.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';

const operation = {
  action: 'export.start',
  status: 'ATTEMPT',
  caller: { tokenId: 't1', name: 'Ada' },
  ledger: 'default',
  details: { format: 'CSV' },
} as const;

/** An intake that keeps the lines it is given, or fails. */
function intakeOf(accept: Intake['accept']) {
  const newId = createUuidv7Source();
  const deps = { clock: () => 1_700_000_000_000, newId, sha256, checkpointed: async () => undefined };
  return createRecordOperation(createAccept({ ...deps, intake: { accept }, isAppliance: true }));
}

describe('recording an operation', () => {
  it('says who did what to which ledger, in the ledger system', async () => {
    const lines: string[] = [];
    const record = intakeOf(async ({ ledger, events }) => {
      lines.push(`${ledger} ${events[0]?.line ?? ''}`);
      return { admissions: [{ outcome: 'ACCEPTED' }], settled: null };
    });
    await record({ ...operation, eventId: 'x1' });
    expect(lines).toEqual([expect.stringMatching(/^system .*\t"x1"\t/)]);
    expect(lines[0]).toContain('{"actor":{"id":"t1","name":"Ada","type":"token"}}');
    expect(lines[0]).toContain('{"target":{"id":"default","type":"ledger"}}');
    expect(lines[0]).toContain('{"details":{"format":"CSV"}}');
  });

  it('names the appliance itself where nobody asked', async () => {
    const lines: string[] = [];
    const record = intakeOf(async ({ events }) => {
      lines.push(events[0]?.line ?? '');
      return { admissions: [{ outcome: 'ACCEPTED' }], settled: null };
    });
    await record({ ...operation, caller: null });
    expect(lines[0]).toContain('{"actor":{"id":"indelible","name":"Indelible","type":"service"}}');
  });

  it('fails where the event is not kept, so that nothing is done unrecorded', async () => {
    const record = intakeOf(async () => {
      throw new Error('no disk');
    });
    await expect(record(operation)).rejects.toThrow('no disk');
  });

  it('fails where its id was used for something else', async () => {
    const record = intakeOf(async () => ({ admissions: [{ outcome: 'CONFLICT' }], settled: null }));
    await expect(record({ ...operation, eventId: 'x1' })).rejects.toThrow('export.start was not recorded');
  });

  it('waits for the record where it is asked to, and takes one that is there for done', async () => {
    const record = intakeOf(async ({ settle }) => {
      expect(settle).toBe(true);
      const settled = Promise.resolve([{ state: 'RECORDED', index: 4 } as const]);
      return { admissions: [{ outcome: 'DUPLICATE', index: null }], settled };
    });
    await record({ ...operation, eventId: 'x1', until: 'RECORDED' });
  });
});

describe('the ledger system', () => {
  let appliance: Appliance;
  beforeAll(async () => {
    appliance = await startAppliance();
  });
  afterAll(() => appliance.stop());

  const send = (path: string, body: string, token?: string) =>
    appliance.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      ...(token === undefined ? {} : { token }),
    });

  it('takes events of nobody else, over GraphQL and REST, named by the request or by the event', async () => {
    const { codes } = await appliance.graphql(
      'mutation { recordEvent(ledger: "system", event: { action: "a" }) { outcome } }',
    );
    expect(codes).toEqual(['LEDGER_RESERVED']);
    const { status, text } = await send('/v1/events?ledger=system', '{"action":"a"}');
    expect([status, text]).toEqual([403, expect.stringContaining('LEDGER_RESERVED')]);
    const named = await send(
      '/v1/events',
      '[{"principalId":"p","organizationId":"system","action":"a"},{"action":"b"}]',
    );
    expect(named.text).toContain('LEDGER_RESERVED');
    expect(JSON.parse(named.text)).toMatchObject({ accepted: 1, rejected: 1 });
    const { data } = await appliance.graphql('{ ledger(id: "system") { size } }');
    expect(data).toEqual({ ledger: { size: 0 } });
  });

  it('answers whoever is not bound to it like a ledger that is not there', async () => {
    const token = await appliance.token(['events:write', 'records:read'], ['default']);
    const ask = async (ledger: string) =>
      await appliance.graphql(
        `mutation { recordEvent(ledger: "${ledger}", event: { action: "a" }) { outcome } }`,
        {},
        token,
      );
    expect((await ask('system')).codes).toEqual((await ask('no-such')).codes);
  });
});
