import type { Position } from '#server/ports/search.ts';
import { encodeCursor } from '#server/records/cursor.ts';
import { builder, ON_PAGE } from './builder.ts';
import { RecordType } from './record.ts';
import type { StoredRecord } from './record-content.ts';

const READ = { scope: 'records:read' } as const;

/** A page of records, and what is behind it. */
export interface RecordPage {
  readonly edges: readonly { readonly cursor: string; readonly node: StoredRecord }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount: number;
  readonly indexedThrough: number;
}

/** What a page is made of: its records in order, each with where it stands. */
export interface FoundRecords {
  readonly rows: readonly StoredRecord[];
  readonly positions: readonly Position[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly totalCount: number;
  readonly indexedThrough: number;
}

/** Sentence for every field that says how far an answer reaches. */
export const INDEXED_THROUGH =
  'Index of the last record that the answer covers; −1 for none. It is the last one of the ledger, ' +
  'except while ' +
  'the index is far behind: then what was recorded since is not in the answer yet.';

/** An edge of RecordConnection. */
export const RecordEdge = builder.edgeObject({
  type: RecordType,
  name: 'RecordEdge',
  description: 'A record on a page.',
  authScopes: READ,
});

/** The one connection type of all pages of records. */
export const RecordConnection = builder.connectionObject(
  {
    type: RecordType,
    name: 'RecordConnection',
    description: 'A page of records.',
    authScopes: READ,
    fields: (f) => ({
      nodes: f.field({
        type: [RecordType],
        description: 'The records of the page, in order.',
        complexity: ON_PAGE,
        resolve: (page) => (page as RecordPage).edges.map(({ node }) => node),
      }),
      totalCount: f.field({
        type: 'SafeInt',
        description: 'How many records match, on all pages together. Exact, up to `indexedThrough`.',
        resolve: (page) => (page as RecordPage).totalCount,
      }),
      indexedThrough: f.field({
        type: 'SafeInt',
        description: INDEXED_THROUGH,
        resolve: (page) => (page as RecordPage).indexedThrough,
      }),
    }),
  },
  RecordEdge,
);

/** The page as the API gives it. */
export function toRecordPage({ rows, positions, ...found }: FoundRecords): RecordPage {
  const edges = rows.map((node, i) => ({ cursor: encodeCursor(positions[i]!), node }));
  return {
    edges,
    totalCount: found.totalCount,
    indexedThrough: found.indexedThrough,
    pageInfo: {
      hasNextPage: found.hasNextPage,
      hasPreviousPage: found.hasPreviousPage,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
