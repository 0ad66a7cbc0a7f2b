import { expect, onTestFinished, test } from 'vitest';
import { FINDING_EVENTS } from '#test/schema/finding-events.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { type CommandRun, runCommandLine } from '#test/support/command-line.ts';

async function startWithEvents(): Promise<{
  appliance: Appliance;
  search(...argv: string[]): Promise<CommandRun>;
}> {
  const appliance = await startAppliance();
  onTestFinished(() => appliance.stop());
  const mutation =
    'mutation ($events: [EventInput!]!) { recordEvents(events: $events, ack: RECORDED) { accepted } }';
  await appliance.graphql(mutation, { events: FINDING_EVENTS });
  const env = { INDELIBLE_URL: appliance.url, INDELIBLE_TOKEN: appliance.adminToken };
  return { appliance, search: (...argv) => runCommandLine(['search', ...argv], { env }) };
}

test('search prints a table, newest first, and says how much it covers', async () => {
  const { search } = await startWithEvents();
  const { code, data, notes } = await search('target:channel_456');
  expect(code).toBe(0);
  expect(data.split('\n').map((line) => line.split(/ {2,}/u).slice(0, 5))).toEqual([
    ['index', 'occurred', 'status', 'action', 'actor'],
    ['3', '2026-01-02T12:00:00.500Z', 'SUCCESS', 'access.grant', 'carol'],
    ['2', '2026-01-02T00:00:00.000Z', 'SUCCESS', 'user.read', 'bob'],
    [''],
  ]);
  expect(notes).toEqual(['2 records match, of those with index 0 to 5.']);
});

test('search prints nothing in a table that a terminal obeys, also through a pipe', async () => {
  const { appliance, search } = await startWithEvents();
  const event = { action: '\u001b[2Jclear', actor: { id: 'a\u202eb\tc' } };
  await appliance.graphql(
    'mutation ($event: EventInput!) { recordEvent(event: $event, ack: RECORDED) { outcome } }',
    { event },
  );
  const { data } = await search('action:*clear');
  expect(data).toContain('\\u{1b}[2Jclear');
  expect(data).toContain('a\\u{202e}b c');
});

test('search as NDJSON gives everything, every digit, in a form that no terminal obeys', async () => {
  const { search } = await startWithEvents();
  const { data } = await search('id:grant-1', '--format', 'ndjson');
  expect(data).toMatch(/\n$/);
  expect(data).toContain('"details":{"amount":1000.5,"big":9007199254740993,"empty":null}');
  expect(JSON.parse(data)).toMatchObject({
    index: 3,
    eventId: 'grant-1',
    occurredAt: '2026-01-02T12:00:00.500Z',
    actor: { id: 'carol', type: 'user' },
    target: { id: 'channel_456', name: 'Ward 7' },
    changes: { before: { role: 'reader' }, after: { role: 'writer' }, fields: ['role'] },
  });
  const hostile = (await search('id:hostile-1', '--format', 'ndjson')).data;
  expect(JSON.parse(hostile)).toMatchObject({ actor: { id: 'zero\u0000width' } });
});

test('search as CSV gives cells that no spreadsheet runs, a line a record', async () => {
  const { search } = await startWithEvents();
  const { data } = await search(
    '',
    '--format',
    'csv',
    '--from',
    '2025-12-31',
    '--to',
    '2026-01-01T05:00:00Z',
  );
  const lines = data.split('\r\n');
  expect(lines[0]).toMatch(/^index,eventId,occurredAt,.*,changes,details,producer$/);
  expect(lines).toHaveLength(3);
  expect(lines[1]).toContain(`"'=HYPERLINK(""http://example.com"")"`);
  expect(lines[1]).toContain('"{""__proto__x"":1,""constructor"":""c""}"');
});

test('search takes a limit, and goes through all pages without one', async () => {
  const { appliance, search } = await startWithEvents();
  const events = Array.from({ length: 700 }, (_, n) => ({ id: `many-${n}`, action: 'many' }));
  await appliance.graphql(
    'mutation ($events: [EventInput!]!) { recordEvents(events: $events, ack: RECORDED) { accepted } }',
    { events },
  );
  const ids = async (...argv: string[]) =>
    (await search('action:many', '--format', 'ndjson', ...argv)).data
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { eventId: string }).eventId);
  expect(await ids()).toEqual(events.map(({ id }) => id).reverse());
  expect(await ids('--limit', '501')).toHaveLength(501);
});

test.each([
  [['actor:'], 2, /Column \d+: .* \[SEARCH_INVALID\]/],
  [['a', 'b'], 2, /Put the whole query into quotes/],
  [[], 2, /Search for what/],
  [['a', '--format', 'xml'], 2, /--format must be table, ndjson, csv, not xml/],
  [['a', '--limit', '0'], 2, /--limit/],
  [['a', '--from', 'yesterday'], 2, /TIMESTAMP_INVALID/],
  [['a', '--ledger', 'nobody'], 1, /LEDGER_NOT_FOUND/],
])('search %j ends with %i and says why', async (argv, code, said) => {
  const { search } = await startWithEvents();
  const run = await search(...argv);
  expect(run).toMatchObject({ code, data: '' });
  expect(run.notes.join('\n')).toMatch(said);
});
