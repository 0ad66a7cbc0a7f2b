import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { canonicalJson } from '#server/ledger/canonical.ts';
import { type JsonValue, parseJson } from '#server/ledger/json.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { corpusPath, itWithCorpus } from '#test/support/corpora.ts';
import { corpusEvents } from '#test/support/corpus-events.ts';

/** The corpora lie side by side: one tells whether all are there. */
const EVENTS = 'cloudtrail-invictus';
const STRINGS = 'naughty-strings';
const MUTATION = `mutation ($events: [EventInput!]!) { recordEvents(events: $events, ack: RECORDED) {
  accepted duplicates rejected receipts { eventId outcome errors { code message path } } } }`;
const QUERY = `query ($after: String) { records(first: 500, after: $after, orderBy: { direction: ASC }) {
  totalCount pageInfo { hasNextPage endCursor }
  nodes { eventId action description actor { id name } details sections { name json } } } }`;

interface Node {
  readonly eventId: string;
  readonly action: string;
  readonly description: string | null;
  readonly actor: { readonly id: string; readonly name: string | null };
  readonly details: JsonValue;
  readonly sections: readonly { readonly name: string; readonly json: string }[];
}

/**
 * Posts GraphQL as exact text and reads the answer exactly: nothing between us and the server rounds a
 * number.
 */
async function exactGraphql(appliance: Appliance, query: string, variables: string): Promise<Answer> {
  const response = await fetch(`${appliance.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${appliance.adminToken}`, 'content-type': 'application/json' },
    body: `{"query":${JSON.stringify(query)},"variables":${variables}}`,
  });
  const parsed: unknown = parseJson(await response.text());
  const answer = parsed as Answer;
  if (!answer.data) throw new Error(`No data: ${JSON.stringify(answer)}`);
  return answer;
}

/** What a GraphQL answer holds; the query decides, so the caller names the type. */
interface Answer {
  readonly data: {
    readonly recordEvents: {
      readonly accepted: number;
      readonly rejected: number;
      readonly receipts: readonly Receipt[];
    };
    readonly records: {
      readonly nodes: readonly Node[];
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
    };
  };
}

describe('what goes in comes back', () => {
  let appliance: Appliance;
  beforeAll(async () => {
    appliance = await startAppliance();
  });
  afterAll(() => appliance.stop());

  const readAll = async (): Promise<Map<string, Node>> => {
    const nodes = new Map<string, Node>();
    for (let after: string | null = null; ; ) {
      const answer = await exactGraphql(appliance, QUERY, JSON.stringify({ after }));
      const { nodes: page, pageInfo } = answer.data.records;
      for (const node of page) nodes.set(node.eventId, node);
      if (!pageInfo.hasNextPage) return nodes;
      after = pageInfo.endCursor;
    }
  };

  itWithCorpus(EVENTS, 'keeps every event of the corpora, every digit of it, over GraphQL', async () => {
    const events = corpusEvents();
    expect(events.length).toBeGreaterThan(1600);
    let answered = 0;
    for (let at = 0; at < events.length; at += 100) {
      const texts = events
        .slice(at, at + 100)
        .map(
          ({ source, text }, i) =>
            `{"id":"g-${at + i}","action":"corpus.${source}","details":{"event":${text}}}`,
        );
      const answer = await exactGraphql(appliance, MUTATION, `{"events":[${texts.join(',')}]}`);
      const counts = answer.data.recordEvents;
      expect(counts).toMatchObject({
        accepted: texts.length,
        rejected: 0,
      });
      answered += counts.accepted;
    }
    expect(answered).toBe(events.length);
    const nodes = await readAll();
    events.forEach(({ text }, i) => {
      const node = nodes.get(`g-${i}`);
      const sent = canonicalJson({ event: parseJson(text) });
      expect(canonicalJson(node?.details ?? null)).toBe(sent);
      const section = node?.sections.find(({ name }) => name === 'details');
      expect(section?.json).toBe(`{"details":${sent}}`);
    });
  });

  itWithCorpus(EVENTS, 'keeps every event of the corpora over NDJSON, or says why not', async () => {
    const events = corpusEvents();
    const lines = events.map(
      ({ source, text }, i) =>
        `{"id":"n-${i}","action":"corpus.${source}","details":{"event":${canonicalJson(parseJson(text))}}}`,
    );
    const response = await fetch(`${appliance.url}/v1/events?ack=RECORDED`, {
      method: 'POST',
      headers: { authorization: `Bearer ${appliance.adminToken}`, 'content-type': 'application/x-ndjson' },
      body: lines.join('\n'),
    });
    const receipts = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Receipt);
    expect(receipts.map((receipt) => receipt.outcome)).toEqual(lines.map(() => 'ACCEPTED'));
    expect(receipts.map((receipt) => receipt.position)).toEqual(lines.map((_, i) => i));
    const nodes = await readAll();
    events.forEach(({ text }, i) => {
      expect(canonicalJson(nodes.get(`n-${i}`)?.details ?? null)).toBe(
        canonicalJson({ event: parseJson(text) }),
      );
    });
  });

  itWithCorpus(STRINGS, 'keeps every naughty string in every place a string may stand', async () => {
    const strings = JSON.parse(
      readFileSync(join(corpusPath('naughty-strings'), 'blns.json'), 'utf8'),
    ) as string[];
    expect(strings.length).toBeGreaterThan(500);
    const events = strings.map((text, i) => ({
      id: `s-${i}`,
      action: text.length > 0 && Array.from(text).length <= 256 ? text : 'too long or empty for an action',
      description: text,
      actor: { id: text === '' ? 'empty' : text, name: text },
      details: { [text]: text, list: [text] },
    }));
    let rejected = 0;
    for (let at = 0; at < events.length; at += 200) {
      const part = events.slice(at, at + 200);
      const answer = await exactGraphql(appliance, MUTATION, JSON.stringify({ events: part }));
      const payload = answer.data.recordEvents;
      expect(payload.accepted + payload.rejected).toBe(part.length);
      for (const receipt of payload.receipts) {
        if (receipt.outcome === 'REJECTED') expect(receipt.errors?.[0]?.message).toMatch(/./);
      }
      rejected += payload.rejected;
    }
    expect(rejected).toBe(0);
    const nodes = await readAll();
    for (const event of events) {
      const node = nodes.get(event.id);
      expect(node).toMatchObject({
        action: event.action,
        description: event.description,
        actor: event.actor,
      });
      expect(canonicalJson(node?.details ?? null)).toBe(canonicalJson(event.details));
    }
  });
});

interface Receipt {
  readonly position: number;
  readonly outcome: string;
  readonly errors?: readonly { readonly message: string }[];
}
