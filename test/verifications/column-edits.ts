import { SIGNED, SIZE } from './sample-archive.ts';

export type Row = Readonly<Record<string, unknown>>;

/** What an edit of a column is found as, by kind and index; `null`: it is no evidence. */
export type Expected = (row: Row) => {
  readonly kind: string;
  readonly from: number | null;
  readonly to?: number;
};

export interface EvidenceTable {
  readonly key: readonly string[];
  /** Which rows are edited. */
  readonly rows: string;
  /** Every column that the database has; a new one needs a decision here. */
  readonly columns: Readonly<Record<string, ColumnEdits>>;
}

export interface ColumnEdits {
  readonly expected: Expected | null;
  /** Values instead of those that are made from the old one. */
  readonly values?: (row: Row) => readonly unknown[];
  /** Whether SQLite's freedom to hold any type in any column is used too. */
  readonly anyType?: boolean;
}

const DAYS_3 = 3 * 24 * 60 * 60 * 1_000;
/** A ledger of its own that has room for whatever is moved into it, and one that is not there. */
const OTHER = 2;
const NOWHERE = 99;

const whole =
  (kind: string): Expected =>
  () => ({ kind, from: null });
const at = (kind: string): Expected => {
  return (row) => ({ kind, from: Number(row['idx']) });
};
const content: ColumnEdits = { expected: at('CONTENT_MISMATCH') };
const inTile: Expected = ({ level, idx }) => {
  const leaves = 256 ** (Number(level) + 1);
  return { kind: 'ROOT_MISMATCH', from: Number(idx) * leaves, to: (Number(idx) + 1) * leaves - 1 };
};

/** All columns of all tables of evidence, and what an edit of each is found as. */
export const EVIDENCE: Readonly<Record<string, EvidenceTable>> = {
  record: {
    key: ['ledger_no', 'idx'],
    rows: 'ledger_no = 1 AND idx IN (0, 100, 299)',
    columns: {
      ledger_no: { expected: at('MISSING'), values: () => [OTHER] },
      idx: { expected: at('MISSING'), values: () => [1_000, -1, 2 ** 40] },
      event_id: { expected: at('INDEX_DRIFT'), values: () => ['other', '', 'evt-1 '], anyType: true },
      digest: { expected: at('INDEX_DRIFT'), anyType: true },
      recorded_at: { expected: at('INDEX_DRIFT'), anyType: true },
      entry: { expected: at('ENTRY_MISMATCH'), anyType: true },
      leaf_hash: { expected: at('ENTRY_MISMATCH'), anyType: true },
      event: { ...content, anyType: true },
      actor: content,
      target: content,
      context: content,
      changes: content,
      details: content,
    },
  },
  head: {
    key: ['ledger_no'],
    rows: 'ledger_no = 1',
    columns: {
      ledger_no: { expected: whole('ROOT_MISMATCH'), values: () => [NOWHERE] },
      size: {
        expected: whole('ROOT_MISMATCH'),
        values: () => [0, SIZE - 1, SIZE + 1, -1, 2 ** 40],
        anyType: true,
      },
      root: { expected: whole('ROOT_MISMATCH'), anyType: true },
      frontier: { expected: whole('ROOT_MISMATCH'), anyType: true },
      prev: { expected: whole('CHAIN_BROKEN'), anyType: true },
      recorded_at: { expected: whole('INDEX_DRIFT'), anyType: true },
    },
  },
  tile: {
    key: ['ledger_no', 'level', 'idx'],
    rows: 'ledger_no = 1',
    columns: {
      ledger_no: { expected: inTile, values: () => [OTHER] },
      level: { expected: inTile, values: () => [5, -1] },
      idx: { expected: inTile, values: () => [7, -1] },
      hashes: { expected: inTile, anyType: true },
    },
  },
  checkpoint: {
    key: ['ledger_no', 'size'],
    rows: 'ledger_no = 1',
    columns: {
      // One that nobody cosigned may go: the others cover all that it covered.
      ledger_no: { expected: whole('ROLLED_BACK'), values: () => [OTHER] },
      size: {
        expected: whole('ROOT_MISMATCH'),
        values: ({ size }) => [Number(size) - 1, 5, 1_000],
        anyType: true,
      },
      root: { expected: whole('ROOT_MISMATCH'), anyType: true },
      note: { expected: whole('SIGNATURE_INVALID'), anyType: true },
      // No clock is exact: within a day nothing is said of it.
      created_at: {
        expected: whole('TIME_REVERSED'),
        values: ({ created_at }) => [Number(created_at) - DAYS_3, 0],
      },
    },
  },
  ledger: {
    key: ['no'],
    rows: 'no = 1',
    columns: {
      no: { expected: whole('ROOT_MISMATCH'), values: () => [NOWHERE] },
      id: { expected: () => ({ kind: 'ENTRY_MISMATCH', from: 0 }), values: () => ['acmf', 'a c', ''] },
      // How people call it: it may be changed.
      name: { expected: null },
      origin: { expected: whole('SIGNATURE_INVALID'), anyType: true },
      vkey: { expected: whole('SIGNATURE_INVALID'), anyType: true },
      created_at: {
        expected: whole('TIME_REVERSED'),
        values: ({ created_at }) => [Number(created_at) + DAYS_3],
      },
    },
  },
  cosignature: {
    key: ['ledger_no', 'size', 'witness', 'key_id'],
    rows: 'ledger_no = 1',
    columns: {
      // That a witness never signed cannot be told from a signature that was removed.
      ledger_no: { expected: null },
      size: { expected: whole('ROLLED_BACK'), values: () => [SIGNED[0] - 1, 5, 1_000] },
      witness: { expected: whole('SIGNATURE_INVALID'), anyType: true },
      key_id: { expected: whole('SIGNATURE_INVALID'), anyType: true },
      vkey: { expected: whole('SIGNATURE_INVALID'), anyType: true },
      line: { expected: whole('SIGNATURE_INVALID'), anyType: true },
      // When it was kept; when it was made stands in the line.
      created_at: { expected: null },
    },
  },
};

/** Tables that verification of a ledger does not vouch for, and why. */
export const NO_EVIDENCE: Readonly<Record<string, string>> = {
  batch: 'events that wait to be recorded',
  batch_payload: 'events that wait to be recorded',
  quarantined_event: 'events that could not be recorded',
  token: 'who may do what',
  browser_session: 'who is signed in',
  saved_view: 'what people look at',
  job: 'work under way',
  witness_standing: 'what witnesses answered last; refusals are looked at',
  witnessed_checkpoint: 'checkpoints of other logs',
  erasure: 'each is checked against its event in the ledger system where something is missing',
  idempotency_key: 'ids of events on their way',
  index_segment: 'the search copy, compared with the records',
  index_page: 'the search copy, compared with the records',
};

/** Other values of the same type, near and far. */
export function mutations(value: unknown): readonly unknown[] {
  if (typeof value === 'number') return [value + 1, value - 1, 0].filter((other) => other !== value);
  if (typeof value === 'string') return [`x${value.slice(1)}`, `${value} `, value.slice(0, -1), ''];
  if (!(value instanceof Uint8Array)) return [];
  const flipped = [0, value.length >> 1, value.length - 1].map((place) => {
    const bytes = Buffer.from(value);
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    return bytes;
  });
  return [
    ...flipped,
    Buffer.from(value.subarray(0, -1)),
    Buffer.concat([value, Buffer.from([0])]),
    Buffer.alloc(0),
  ];
}

/** Values of every type that SQLite knows. */
export const ANY_TYPE: readonly unknown[] = [
  'text',
  '',
  -1,
  0,
  1.5,
  1e300,
  Buffer.from([0xff, 0]),
  Buffer.alloc(0),
];
