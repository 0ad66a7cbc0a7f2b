import type { JsonObject, JsonValue } from '#server/ledger/json.ts';
import { type Api, isObject } from './api.ts';

/** Operations of the page, and their answers read into plain values. */

export interface LedgerState {
  readonly id: string;
  readonly name: string | null;
  readonly size: number;
  readonly checkpoint: { readonly size: number; readonly createdAt: string } | null;
}

export interface Party {
  readonly id: string | null;
  readonly type: string | null;
  readonly name: string | null;
}

/** A record as the table shows it. */
export interface RecordRow {
  readonly index: number;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly action: string;
  readonly status: string;
  readonly actor: Party | null;
  readonly target: Party | null;
}

export interface Section {
  readonly name: string;
  readonly state: string;
  readonly commitment: string;
  /** Exactly the text that was hashed; `null` when it was erased. */
  readonly json: string | null;
}

/** A record as the panel shows it. */
export interface RecordDetail extends RecordRow {
  readonly eventId: string;
  readonly description: string | null;
  readonly classification: string | null;
  readonly context: readonly (readonly [name: string, value: string])[];
  readonly leafHash: string;
  readonly entry: string;
  readonly sections: readonly Section[];
}

const LEDGER_MEMBERS = 'id name size checkpoint { size createdAt }';
const ROW_MEMBERS =
  'index occurredAt recordedAt action status actor { id type name } target { id type name }';
const CONTEXT_NAMES = [
  'ipAddress',
  'sessionId',
  'requestId',
  'correlationId',
  'source',
  'userAgent',
  'geolocation',
];

export async function fetchLedgers(api: Api): Promise<readonly LedgerState[]> {
  const { ledgers } = await api.query(`{ ledgers { ${LEDGER_MEMBERS} } }`, {});
  return listOf(ledgers).map(toLedger);
}

export async function fetchLedger(api: Api, id: string): Promise<LedgerState | null> {
  const { ledger } = await api.query(`query ($id: ID!) { ledger(id: $id) { ${LEDGER_MEMBERS} } }`, { id });
  return isObject(ledger) ? toLedger(ledger) : null;
}

/** The newest records, newest first. */
export async function fetchNewest(api: Api, ledger: string, first: number): Promise<readonly RecordRow[]> {
  const { records } = await api.query(
    `query ($ledger: ID!, $first: Int!) {
      records(ledger: $ledger, first: $first) { nodes { ${ROW_MEMBERS} } }
    }`,
    { ledger, first },
  );
  return listOf(isObject(records) ? records['nodes'] : null).map(toRow);
}

/** Every record after an index, in order, as they come. */
export async function* followRecords(
  api: Api,
  ledger: string,
  after: number,
  signal: AbortSignal,
  onOpen: () => void,
): AsyncGenerator<RecordRow> {
  const results = api.subscribe(
    `subscription ($ledger: ID!, $after: SafeInt!) {
      recordAppended(ledger: $ledger, after: $after) { ${ROW_MEMBERS} }
    }`,
    { ledger, after },
    signal,
    onOpen,
  );
  for await (const { recordAppended } of results) if (isObject(recordAppended)) yield toRow(recordAppended);
}

export async function fetchRecord(api: Api, ledger: string, index: number): Promise<RecordDetail | null> {
  const { record } = await api.query(
    `query ($ledger: ID!, $index: SafeInt!) { record(ledger: $ledger, index: $index) {
      ${ROW_MEMBERS} eventId description classification leafHash entry
      context { ${CONTEXT_NAMES.join(' ')} } sections { name state commitment json }
    } }`,
    { ledger, index },
  );
  return isObject(record) ? toDetail(record) : null;
}

function toLedger(value: JsonObject): LedgerState {
  const { checkpoint } = value;
  return {
    id: text(value['id']) ?? '',
    name: text(value['name']),
    size: count(value['size']),
    checkpoint: isObject(checkpoint)
      ? { size: count(checkpoint['size']), createdAt: text(checkpoint['createdAt']) ?? '' }
      : null,
  };
}

function toRow(value: JsonObject): RecordRow {
  return {
    index: count(value['index']),
    occurredAt: text(value['occurredAt']) ?? '',
    recordedAt: text(value['recordedAt']) ?? '',
    action: text(value['action']) ?? '',
    status: text(value['status']) ?? '',
    actor: toParty(value['actor']),
    target: toParty(value['target']),
  };
}

function toDetail(value: JsonObject): RecordDetail {
  const context = isObject(value['context']) ? value['context'] : {};
  return {
    ...toRow(value),
    eventId: text(value['eventId']) ?? '',
    description: text(value['description']),
    classification: text(value['classification']),
    context: CONTEXT_NAMES.flatMap((name) => {
      const shown = text(context[name]);
      return shown === null ? [] : [[name, shown] as const];
    }),
    leafHash: text(value['leafHash']) ?? '',
    entry: text(value['entry']) ?? '',
    sections: listOf(value['sections']).map((section) => ({
      name: text(section['name']) ?? '',
      state: text(section['state']) ?? '',
      commitment: text(section['commitment']) ?? '',
      json: text(section['json']),
    })),
  };
}

function toParty(value: JsonValue | undefined): Party | null {
  if (!isObject(value)) return null;
  return { id: text(value['id']), type: text(value['type']), name: text(value['name']) };
}

function listOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function text(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function count(value: JsonValue | undefined): number {
  return typeof value === 'number' ? value : 0;
}
