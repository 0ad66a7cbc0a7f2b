import { afterAll, beforeAll, expect } from 'vitest';
import { prepareUi } from '#scripts/prepare.ts';
import { type Appliance, startAppliance } from '#test/support/appliance.ts';
import { startBrowser, type TestBrowser } from '#test/support/browser.ts';
import type { Answered } from './altered-answers.ts';

/** A ledger of 21 records that had a checkpoint of 8 before, and a browser to look at it. */
export interface GrownLedger {
  readonly appliance: Appliance;
  readonly browser: TestBrowser;
  /** The ledger as it was shown when it had 8 records. */
  readonly older: Answered['ledger'];
}

/** Longer than everything takes that is made once, on a machine with other work. */
export const START_MS = 90_000;

const MUTATION = `mutation ($events: [EventInput!]!) {
  recordEvents(ledger: "default", events: $events, ack: CHECKPOINTED) { receipts { eventId } } }`;
const QUERY = `{ ledger(id: "default") { checkpoint {
  size root note createdAt cosignatures { witness vkey line timestamp } } } }`;

/** Starts both before the tests of a file, and ends them afterwards. Gives them once they are there. */
export function grownLedger(): () => GrownLedger {
  let made: GrownLedger | null = null;
  beforeAll(async () => {
    prepareUi();
    const [appliance, browser] = await Promise.all([startAppliance(), startBrowser()]);
    await record(appliance, 0, 8);
    const { data } = await appliance.graphql<Answered>(QUERY);
    made = { appliance, browser, older: data.ledger };
    await record(appliance, 8, 21);
  }, START_MS);
  afterAll(async () => {
    await made?.browser.close();
    await made?.appliance.stop();
  });
  return () => {
    if (made === null) throw new Error('The ledger is there as soon as tests begin.');
    return made;
  };
}

async function record(appliance: Appliance, from: number, to: number): Promise<void> {
  const events = Array.from({ length: to - from }, (_, at) => ({
    id: `e-${from + at}`,
    action: 'permission.grant',
    actor: { id: 'alice' },
    target: { id: `channel_${from + at}` },
    details: { at: from + at },
  }));
  const { errors } = await appliance.graphql(MUTATION, { events });
  expect(errors).toEqual([]);
}
