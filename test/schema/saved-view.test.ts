import { describe, expect, it, onTestFinished } from 'vitest';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { createDatabase } from '#test/support/postgres-database.ts';

const BACKENDS = [
  ['SQLite', async () => ({})],
  ['Postgres', async () => ({ DATABASE_URL: (await createDatabase()).url })],
] as const;

interface View {
  readonly id: string;
  readonly name: string;
  readonly parameters: string;
  readonly createdBy: string;
  readonly isOwn: boolean;
}

const FIELDS = 'id name parameters createdAt createdBy isOwn';
const SAVE = `mutation ($ledger: ID!, $name: String!, $parameters: String!) {
  saveView(ledger: $ledger, name: $name, parameters: $parameters) { ${FIELDS} } }`;
const DELETE = 'mutation ($id: ID!) { deleteView(id: $id) }';
const LIST = `query ($ledger: ID!) { ledger(id: $ledger) { views { ${FIELDS} } } }`;

async function open(env: Readonly<Record<string, string>> = {}) {
  const appliance = await startAppliance({ env });
  onTestFinished(() => appliance.stop());
  return { appliance, ...callsOf(appliance) };
}

function callsOf(appliance: Appliance) {
  const save = async (name: string, parameters = 'q=1', token = appliance.adminToken, ledger = 'default') =>
    await appliance.graphql<{ saveView: View }>(SAVE, { ledger, name, parameters }, token);
  const list = async (token = appliance.adminToken, ledger = 'default') =>
    (await appliance.graphql<{ ledger: { views: View[] } }>(LIST, { ledger }, token)).data.ledger.views;
  const remove = async (id: string, token = appliance.adminToken) =>
    await appliance.graphql<{ deleteView: string }>(DELETE, { id }, token);
  return { save, list, remove };
}

describe.each(BACKENDS)('saved views on %s', (_name, env) => {
  it('are seen by everyone who reads the ledger, by name, with who saved them', async () => {
    const { appliance, save, list } = await open(await env());
    const reader = await appliance.token(['records:read']);
    await save('b', 'q=b');
    await save('a', 'q=actor%3Aalice&x=\u202e<b>', reader);
    const views = [
      { name: 'a', parameters: 'q=actor%3Aalice&x=\u202e<b>', createdBy: 'test' },
      { name: 'b', parameters: 'q=b', createdBy: 'Bootstrap administrator' },
    ];
    expect((await list(reader)).map(({ isOwn }) => isOwn)).toEqual([true, false]);
    expect((await list()).map(({ isOwn }) => isOwn)).toEqual([true, true]);
    for (const token of [reader, appliance.adminToken]) expect(await list(token)).toMatchObject(views);
    await appliance.graphql('mutation { createLedger(id: "other") { id } }');
    expect(await list(appliance.adminToken, 'other')).toEqual([]);
  });

  it("are replaced by their owner's of the same name, and deleted by their owner or an admin", async () => {
    const { appliance, save, list, remove } = await open(await env());
    const [one, two] = [await appliance.token(['records:read']), await appliance.token(['records:read'])];
    const first = (await save('v', 'q=1', one)).data.saveView;
    const again = (await save('v', 'q=2', one)).data.saveView;
    const others = (await save('v', 'q=3', two)).data.saveView;
    expect(again.id).toBe(first.id);
    expect((await list()).map(({ parameters }) => parameters).sort()).toEqual(['q=2', 'q=3']);
    expect((await remove(first.id, two)).codes).toEqual(['FORBIDDEN']);
    expect((await remove(first.id, one)).data).toEqual({ deleteView: first.id });
    expect((await remove(first.id, one)).codes).toEqual(['VIEW_NOT_FOUND']);
    expect((await remove(others.id)).codes).toEqual([]);
    expect(await list()).toEqual([]);
  });
});

const REFUSED = [
  ['name', '', 'q'],
  ['name', ' \u2003 ', 'q'],
  ['name', 'x'.repeat(101), 'q'],
  ['name', 'a\nb', 'q'],
  ['name', 'a\u0000', 'q'],
  ['name', 'a\ud800', 'q'],
  ['parameters', 'n', 'x'.repeat(8193)],
  ['parameters', 'n', `${'x'.repeat(8191)}ü`],
  ['parameters', 'n', 'a\u0000'],
  ['parameters', 'n', 'a\udfff'],
] as const;

it('names and parameters that are too long, empty or no text are refused', async () => {
  const { save, list } = await open();
  for (const [argument, name, parameters] of REFUSED) {
    const { errors } = await save(name, parameters);
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: [argument] });
  }
  expect(await list()).toEqual([]);
  const [name, parameters] = ['𝒳'.repeat(100), 'x'.repeat(8192)];
  expect((await save(name, parameters)).data.saveView).toMatchObject({ name, parameters });
});
