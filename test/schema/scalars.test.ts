import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';

const DIGITS = [
  '9007199254740993',
  '-9214364837600034816',
  '123456789012345678901234567890',
  '1e-7',
  '0.1',
  '5e-324',
];

describe('exact values', () => {
  let appliance: Appliance;
  beforeAll(async () => {
    appliance = await startAppliance();
  });
  afterAll(() => appliance.stop());

  const post = async (body: string) =>
    await appliance.request('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  const selection = '{ outcome errors { path code message } record { details sequence } }';

  it.each(DIGITS)('keep the number %s in variables and in the answer', async (digits) => {
    const query = `mutation ($d: JSON) {
      recordEvent(event: { action: "a", details: { d: $d } }, ack: RECORDED) ${selection} }`;
    const { text } = await post(`{"query":${JSON.stringify(query)},"variables":{"d":{"n":[${digits}]}}}`);
    expect(text).toContain(`"details":{"d":{"n":[${digits}]}}`);
  });

  it.each(DIGITS.slice(0, 3))('keep the number %s where it stands in the document itself', async (digits) => {
    const query = `mutation {
      recordEvent(event: { action: "a", details: { n: ${digits} } }, ack: RECORDED) ${selection} }`;
    const { text } = await post(JSON.stringify({ query }));
    expect(text).toContain(`"details":{"n":${digits}}`);
  });

  it('keep strings as they are, whatever is in them', async () => {
    const strange = '\u0000\u001b[31m <script>&amp;\\ \u202e \ud83d\udca9 \u0041\u030a';
    const { text } = await post(
      JSON.stringify({
        query: `mutation ($e: EventInput!) { recordEvent(event: $e, ack: RECORDED) ${selection} }`,
        variables: { e: { action: 'a', details: { strange } } },
      }),
    );
    expect(JSON.parse(text)).toMatchObject({ data: { recordEvent: { record: { details: { strange } } } } });
  });

  it.each(['then', 'toJSON', '__proto__', 'constructor', '__typename', 'rawJSON', ''])(
    'keep members of any name, at any depth: %j',
    async (name) => {
      const json = `{${JSON.stringify(name)}:{${JSON.stringify(name)}:["x"]}}`;
      const fields = 'record { details changes { before after } sections { value } }';
      const query = `mutation ($e: EventInput!) { recordEvent(event: $e, ack: RECORDED) { ${fields} } }`;
      const event = `{"action":"a","details":${json},"changes":{"before":${json},"after":${json}}}`;
      const { text } = await post(`{"query":${JSON.stringify(query)},"variables":{"e":${event}}}`);
      expect(text).toContain(`"details":${json},"changes":{"before":${json},"after":${json}}`);
    },
  );

  it.each(['catch', '__proto__', 'constructor', 'toJSON'])(
    'may be asked for under the alias %s',
    async (name) => {
      const { text } = await post(JSON.stringify({ query: `{ ${name}: ledgers { ${name}: id } }` }));
      expect(text).toBe(`{"data":{"${name}":[{"${name}":"default"},{"${name}":"system"}]}}`);
    },
  );

  it.each([
    ['1e400', 'JSON_VALUE_REFUSED'],
    ['-1e400', 'JSON_VALUE_REFUSED'],
    ['"\\ud800"', 'JSON_VALUE_REFUSED'],
    ['{"a":1,"a":2}', 'JSON_VALUE_REFUSED'],
  ])('that cannot be kept refuse their own event only: %s', async (json, code) => {
    const query = `mutation ($e: [EventInput!]!) {
      recordEvents(events: $e) { accepted rejected receipts ${selection} } }`;
    const events = `[{"action":"a"},{"action":"b","details":{"x":${json}}}]`;
    const { text } = await post(`{"query":${JSON.stringify(query)},"variables":{"e":${events}}}`);
    expect(JSON.parse(text)).toMatchObject({
      data: {
        recordEvents: {
          accepted: 1,
          rejected: 1,
          receipts: [{ outcome: 'ACCEPTED' }, { errors: [{ code }] }],
        },
      },
    });
  });

  it.each([
    ['9007199254740991', true],
    ['0', true],
    ['9007199254740992', false],
    ['1.5', false],
    ['"1"', false],
  ])('as SafeInt: %s is taken: %s', async (json, isTaken) => {
    const query = `mutation ($n: SafeInt) {
      recordEvent(event: { action: "a", sequence: $n }, ack: RECORDED) ${selection} }`;
    const { text } = await post(`{"query":${JSON.stringify(query)},"variables":{"n":${json}}}`);
    if (isTaken) expect(text).toContain(`"sequence":${json}`);
    else expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });
});
