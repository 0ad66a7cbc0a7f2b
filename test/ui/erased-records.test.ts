import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import {
  FacetCountsDocument,
  HistogramBucketsDocument,
  HistogramRangeDocument,
  PanelNearestDocument,
  PanelNeighboursDocument,
  PanelRecordDocument,
  PanelRelatedDocument,
  RecordPageDocument,
  SearchTotalDocument,
} from '#ui/graphql/generated.ts';

const START_MS = 60_000;
const COUNT = 5;
/** The newest and the oldest, by whatever order: what a question asks the ends of is gone. */
const ERASED = [0, COUNT - 1];
const LEDGER = { ledger: 'default' };
const FILTER = { indexTo: COUNT };
const GROUPS = [
  'action',
  'status',
  'actorId',
  'actorType',
  'targetType',
  'targetId',
  'classification',
  'ipAddress',
  'source',
];
const ASKED = { ...LEDGER, search: null, filter: FILTER };

/** Every question of the screens that is answered by several records. */
const QUESTIONS = {
  SearchTotal: [
    SearchTotalDocument.toString(),
    { ...ASKED, orderBy: { field: 'RECORDED', direction: 'DESC' } },
  ],
  SearchTotalOfTime: [
    SearchTotalDocument.toString(),
    { ...ASKED, orderBy: { field: 'OCCURRED', direction: 'DESC' } },
  ],
  HistogramRange: [HistogramRangeDocument.toString(), { ...LEDGER, filter: FILTER }],
  HistogramBuckets: [
    HistogramBucketsDocument.toString(),
    { ...ASKED, from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', buckets: 4 },
  ],
  FacetCounts: [
    FacetCountsDocument.toString(),
    { ...ASKED, first: 9, ...Object.fromEntries(GROUPS.map((name) => [name, true])) },
  ],
  RecordPage: [RecordPageDocument.toString(), { ...ASKED, first: 100 }],
  PanelRecord: [PanelRecordDocument.toString(), { ...LEDGER, index: 0 }],
  PanelNeighbours: [PanelNeighboursDocument.toString(), { ...LEDGER, index: 2, first: 5 }],
  PanelRelated: [PanelRelatedDocument.toString(), { ...LEDGER, index: 2, by: 'REQUEST', first: 9 }],
  PanelNearest: [PanelNearestDocument.toString(), { ...LEDGER, filter: FILTER, direction: 'ASC' }],
} as const;

let appliance: Appliance;

beforeAll(async () => {
  appliance = await startAppliance();
  const events = Array.from({ length: COUNT }, (_, at) => ({
    id: `e-${at}`,
    timestamp: `2026-01-01T0${at}:00:00.000Z`,
    action: 'data.read',
    actor: { id: 'alice' },
    context: { requestId: 'r-1' },
  }));
  const recorded = await appliance.graphql(
    `mutation ($events: [EventInput!]!) {
      recordEvents(ledger: "default", events: $events, ack: RECORDED) { receipts { eventId } } }`,
    { events },
  );
  expect(recorded.errors).toEqual([]);
  for (const index of ERASED) {
    const { errors } = await appliance.graphql(`mutation { eraseSections(ledger: "default", index: ${index},
      sections: ["event", "actor", "context"], reason: "they asked for it") { __typename } }`);
    expect(errors).toEqual([]);
  }
}, START_MS);

afterAll(async () => {
  await appliance?.stop();
});

describe('where the first and the last record were erased', () => {
  it.each(Object.entries(QUESTIONS))('%s is answered all the same', async (_, [query, variables]) => {
    const { errors } = await appliance.graphql(query, variables);
    expect(errors).toEqual([]);
  });
});
