import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startAppliance } from '#test/support/appliance.ts';
import { runCommandLine } from '#test/support/command-line.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

const CREATE = [
  'token',
  'create',
  '--name',
  'ci',
  '--scope',
  'events:write,records:read',
  '--ledger',
  'default',
];

test('a token is made, works, is listed without its secret, is revoked and works no more', async () => {
  const appliance = await startAppliance();
  onTestFinished(() => appliance.stop());
  const env = { INDELIBLE_DATA_DIR: appliance.dataDir, INDELIBLE_ADMIN_TOKEN: appliance.adminToken };
  const created = await runCommandLine([...CREATE, '--expires', '30d'], { env });
  expect(created.code).toBe(0);
  // Alone on standard output, so that a script can take it from there.
  expect(created.lines).toEqual([expect.stringMatching(/^indelible_[\w-]{43}$/)]);
  const secret = created.lines[0] ?? '';
  const see = () => appliance.graphql<{ ledgers: { id: string }[] }>('{ ledgers { id } }', {}, secret);
  expect((await see()).data.ledgers).toEqual([{ id: 'default' }]);

  const listed = await runCommandLine(['token', 'list'], { env });
  const line = listed.lines.find((text) => text.includes('"ci"')) ?? '';
  expect(line).toMatch(/scopes events:write,records:read {2}ledgers default {2}made .* expires /);
  expect(listed.lines.join()).not.toContain(secret);

  const revoked = await runCommandLine(['token', 'revoke', line.split(' ')[0] ?? ''], { env });
  expect(revoked).toMatchObject({ code: 0, lines: [expect.stringContaining('REVOKED')] });
  expect((await see()).status).toBe(401);
});

test('what the appliance refuses is bad news: its code is said, and nothing is printed', async () => {
  const appliance = await startAppliance();
  onTestFinished(() => appliance.stop());
  const reader = await appliance.token(['records:read']);
  const env = { INDELIBLE_URL: appliance.url };
  for (const [argv, secret, code] of [
    [['token', 'revoke', 'nobody'], appliance.adminToken, 'TOKEN_NOT_FOUND'],
    [['token', 'list'], reader, 'FORBIDDEN'],
    [['token', 'list'], 'wrong', 'UNAUTHENTICATED'],
  ] as const) {
    const run = await runCommandLine([...argv, '--token', secret], { env });
    expect(run).toMatchObject({ code: 1, lines: [] });
    expect(run.notes.join()).toContain(code);
  }
});

test('without a running server one is started for the command, and its token outlives it', async () => {
  const env = { INDELIBLE_DATA_DIR: join(temporaryFolder(), 'data') };
  expect((await runCommandLine(CREATE, { env })).lines).toHaveLength(1);
  const listed = await runCommandLine(['token', 'list'], { env });
  expect(listed.lines.some((line) => line.includes('"ci"'))).toBe(true);
});

test("the data folder's own token is sent to its own server only", async () => {
  const appliance = await startAppliance();
  onTestFinished(() => appliance.stop());
  const env = {
    INDELIBLE_DATA_DIR: appliance.dataDir,
    INDELIBLE_ADMIN_TOKEN: appliance.adminToken,
    INDELIBLE_URL: 'http://127.0.0.1:1',
  };
  const run = await runCommandLine(['token', 'list'], { env });
  expect(run.code).toBe(3);
  expect(run.notes.join()).toContain('give --token');
});
