import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { corpusPath, itWithCorpus } from '#test/support/corpora.ts';
import { AUDITS } from './audits.ts';

interface Corpus {
  readonly audits: readonly { readonly id: string; readonly name: string }[];
}

function readAudits(): Corpus['audits'] {
  const file = `${corpusPath('graphql')}/graphql-over-http-audits.json`;
  return (JSON.parse(readFileSync(file, 'utf8')) as Corpus).audits;
}

describe('GraphQL over HTTP', () => {
  let appliance: Appliance;
  beforeAll(async () => {
    appliance = await startAppliance();
  });
  afterAll(() => appliance.stop());

  itWithCorpus('graphql', 'is audited in all 61 points, and in no other', () => {
    const ids = readAudits().map(({ id }) => id);
    expect(ids.length).toBe(61);
    expect(Object.keys(AUDITS).sort()).toEqual([...ids].sort());
  });

  it.each(Object.keys(AUDITS))('passes audit %s', async (id) => {
    const audit = AUDITS[id];
    if (!audit) throw new Error(`There is no audit ${id}.`);
    const { search = '', ...init } = audit.request;
    const { status, type, isAnswered, without } = audit.expected;
    const answer = await appliance.request(`/graphql${search}`, init);
    if (status) expect(status, answer.text).toContain(answer.status);
    if (type) expect(answer.headers.get('content-type')).toContain(type);
    const body = JSON.parse(answer.text) as Record<string, unknown>;
    if (isAnswered) expect(body).toEqual({ data: expect.anything() });
    else expect(answer.status >= 400 || 'errors' in body || 'data' in body).toBe(true);
    for (const member of without ?? []) expect(body).not.toHaveProperty(member);
  });
});
