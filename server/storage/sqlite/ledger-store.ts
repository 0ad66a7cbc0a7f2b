import { FatalError } from '#server/errors.ts';
import type { Hash } from '#server/ledger/hash.ts';
import { HASH_BYTES } from '#server/ledger/hash.ts';
import { SECTION_NAMES } from '#server/ledger/section.ts';
import { type EdgeTile, edgePositions } from '#server/ledger/tile.ts';
import type {
  Append,
  AppendOutcome,
  Head,
  HeadForAppend,
  KnownEvent,
  LedgerStore,
  NewRecord,
} from '#server/ports/ledger-store.ts';
import { toStoredText } from '#server/ports/stored-text.ts';
import { createLedgerNumbers } from './ledger-numbers.ts';
import { type SqliteDatabase, toBlob, translated } from './open.ts';

interface HeadRow {
  readonly size: number;
  readonly root: Buffer;
  readonly frontier: Buffer;
  readonly prev: Buffer;
  readonly recorded_at: number;
}

type Statements = ReturnType<typeof prepareStatements>;

/** The ledger on SQLite; lives in the writer thread, which owns the one connection that writes. */
export function createSqliteLedgerStore(db: SqliteDatabase, now: () => number): LedgerStore {
  const statements = prepareStatements(db);
  const numbers = createLedgerNumbers(db);
  const write = db.transaction((append: Append, no: number): AppendOutcome => {
    if (!moveHead(statements, no, append.from, append.to)) return 'HEAD_MOVED';
    if (append.completes !== null && statements.completeBatch.run(Number(append.completes)).changes === 0) {
      throw new BatchGone();
    }
    for (const record of append.records) insertRecord(statements, no, record);
    for (const tile of append.tiles) statements.putTile.run(no, tile.level, tile.index, tile.hashes);
    for (const { eventId, code, message, line } of append.quarantined) {
      const storedId = eventId === null ? null : toStoredText(eventId);
      statements.quarantine.run(no, storedId, code, message, line, now());
    }
    return 'APPENDED';
  });
  // One snapshot: a head and the tiles of a later append would look like a contradiction.
  const read = db.transaction((ledger: string, no: number) => readHead(statements, ledger, no));
  // In one transaction: SQLite takes and drops its file locks once, not at every look-up.
  const findAllKnown = db.transaction((no: number, eventIds: readonly string[]) => {
    const found = new Map<string, KnownEvent>();
    for (const eventId of eventIds) {
      const known = findKnown(statements, no, eventId);
      if (known) found.set(eventId, known);
    }
    return found;
  });
  return {
    async head(ledger) {
      return translated(() => {
        const no = numbers.find(ledger);
        return no === null ? null : read.deferred(ledger, no);
      });
    },
    async known(ledger, eventIds) {
      return translated(() => findAllKnown(numbers.get(ledger), eventIds));
    },
    async append(append) {
      return translated(() => {
        try {
          // Before this commits nothing of the batch is in the ledger and the batch is in the queue; after
          // it, all of it is and the batch is gone. There is no moment in between.
          return write.immediate(append, numbers.get(append.ledger));
        } catch (error) {
          if (error instanceof BatchGone) return 'BATCH_GONE';
          throw error;
        }
      });
    },
  };
}

/** Rolls the transaction back; never leaves this file. */
class BatchGone extends Error {}

function prepareStatements(db: SqliteDatabase) {
  const sections = SECTION_NAMES.map((name) => `"${name}"`).join(', ');
  return {
    head: db.prepare<[number], HeadRow>(
      'SELECT size, root, frontier, prev, recorded_at FROM head WHERE ledger_no = ?',
    ),
    tile: db
      .prepare<[number, number, number], Buffer>(
        'SELECT hashes FROM tile WHERE ledger_no = ? AND level = ? AND idx = ?',
      )
      .pluck(),
    known: db.prepare<[number, string], { idx: number; digest: Buffer }>(
      'SELECT idx, digest FROM record WHERE ledger_no = ? AND event_id = ?',
    ),
    moveHead: db.prepare(
      `UPDATE head SET size = ?, root = ?, frontier = ?, prev = ?, recorded_at = ?
       WHERE ledger_no = ? AND size = ? AND root = ?`,
    ),
    completeBatch: db.prepare('DELETE FROM batch WHERE id = ?'),
    insertRecord: db.prepare(
      `INSERT INTO record (ledger_no, idx, event_id, digest, recorded_at, entry, leaf_hash, ${sections})
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    putTile: db.prepare(
      `INSERT INTO tile (ledger_no, level, idx, hashes) VALUES (?, ?, ?, ?)
       ON CONFLICT (ledger_no, level, idx) DO UPDATE SET hashes = excluded.hashes`,
    ),
    quarantine: db.prepare(
      `INSERT INTO quarantined_event (ledger_no, event_id, code, message, line, state, quarantined_at)
       VALUES (?, ?, ?, ?, ?, 'OPEN', ?)`,
    ),
  };
}

function readHead(statements: Statements, ledger: string, no: number): HeadForAppend {
  const row = statements.head.get(no);
  if (!row) throw new FatalError(ledger, 'The ledger has no head.');
  return {
    size: row.size,
    root: row.root.toString('base64') as Hash,
    frontier: splitHashes(row.frontier),
    prev: row.prev.toString('base64') as Hash,
    recordedAt: row.recorded_at,
    edge: edgePositions(row.size).map((position): EdgeTile => {
      const hashes = statements.tile.get(no, position.level, position.index);
      const width = (hashes?.length ?? 0) / HASH_BYTES;
      if (!hashes || width !== position.width) {
        const tile = `Tile ${position.level}/${position.index}`;
        const expected = `${position.width} as the head's size ${row.size} asks for`;
        throw new FatalError(ledger, `${tile} has ${width} hashes, not ${expected}.`);
      }
      return { level: position.level, index: position.index, hashes };
    }),
  };
}

function moveHead(statements: Statements, no: number, from: Head, to: Head): boolean {
  const frontier = Buffer.concat(to.frontier.map(toBlob));
  const { changes } = statements.moveHead.run(
    to.size,
    toBlob(to.root),
    frontier,
    toBlob(to.prev),
    to.recordedAt,
    no,
    from.size,
    toBlob(from.root),
  );
  return changes === 1;
}

function insertRecord(statements: Statements, no: number, record: NewRecord): void {
  const { sections } = record;
  statements.insertRecord.run(
    no,
    record.index,
    toStoredText(record.eventId),
    toBlob(record.digest),
    record.recordedAt,
    record.entry,
    toBlob(record.leafHash),
    sections.get('event') ?? null,
    sections.get('actor') ?? null,
    sections.get('target') ?? null,
    sections.get('context') ?? null,
    sections.get('changes') ?? null,
    sections.get('details') ?? null,
  );
}

function findKnown(statements: Statements, no: number, eventId: string): KnownEvent | null {
  const row = statements.known.get(no, toStoredText(eventId));
  return row ? { digest: row.digest.toString('base64') as Hash, index: row.idx } : null;
}

function splitHashes(bytes: Buffer): Hash[] {
  const hashes: Hash[] = [];
  for (let at = 0; at < bytes.length; at += HASH_BYTES) {
    hashes.push(bytes.toString('base64', at, at + HASH_BYTES) as Hash);
  }
  return hashes;
}
