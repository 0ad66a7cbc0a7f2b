import { AppError, FatalError } from '#server/errors.ts';
import { genesisPrev } from '#server/ledger/entry.ts';
import { emptyRoot } from '#server/ledger/frontier.ts';
import { HASH_BYTES } from '#server/ledger/hash.ts';
import { edgePositions } from '#server/ledger/tile.ts';
import type {
  Append,
  AppendOutcome,
  CheckpointStore,
  LedgerCatalog,
  LedgerStore,
  NewRecord,
} from '#server/ports/ledger-store.ts';
import { sha256 } from '#server/sha256.ts';
import type { MemoryDisk, MemoryLedger } from './memory-disk.ts';

function open(disk: MemoryDisk, id: string): MemoryLedger {
  const ledger = disk.ledgers.get(id);
  if (!ledger) throw new AppError('LEDGER_NOT_FOUND');
  return ledger;
}

/** The ledger over a disk in memory. */
export function createMemoryLedgerStore(disk: MemoryDisk): LedgerStore {
  return {
    async head(id) {
      const ledger = disk.ledgers.get(id);
      if (!ledger) return null;
      const edge = edgePositions(ledger.head.size).map(({ level, index, width }) => {
        const hashes = ledger.tiles.get(`${level}/${index}`);
        if (hashes?.length !== width * HASH_BYTES)
          throw new FatalError(id, `Tile ${level}/${index} is wrong.`);
        return { level, index, hashes };
      });
      return { ...ledger.head, edge };
    },
    async known(id, eventIds) {
      const wanted = new Set(eventIds);
      const found = open(disk, id).records.filter(({ eventId }) => wanted.has(eventId));
      return new Map(found.map(({ eventId, digest, index }) => [eventId, { digest, index }]));
    },
    append: async (append) => write(disk, open(disk, append.ledger), append),
  };
}

/** Everything is checked before anything is written: that makes it whole or not at all. */
function write(disk: MemoryDisk, ledger: MemoryLedger, append: Append): AppendOutcome {
  const { from, to, records, tiles, quarantined, completes } = append;
  if (ledger.head.size !== from.size || ledger.head.root !== from.root) return 'HEAD_MOVED';
  if (completes !== null && !disk.batches.some(({ id }) => id === completes)) return 'BATCH_GONE';
  refuseTaken(ledger, records);
  const { size, root, frontier, prev, recordedAt } = to;
  ledger.head = { size, root, frontier, prev, recordedAt };
  ledger.records.push(...records);
  for (const { level, index, hashes } of tiles) ledger.tiles.set(`${level}/${index}`, hashes.slice());
  disk.batches = disk.batches.filter(({ id }) => id !== completes);
  for (const event of quarantined) {
    const id = disk.quarantined.length + 1;
    const row = { id, ledger: append.ledger, ...event, state: 'OPEN' as const };
    disk.quarantined.push({ ...row, closedBy: null, closedReason: null });
  }
  return 'APPENDED';
}

function refuseTaken(ledger: MemoryLedger, records: readonly NewRecord[]): void {
  const ids = new Set(ledger.records.map(({ eventId }) => eventId));
  const indexes = new Set(ledger.records.map(({ index }) => index));
  for (const { eventId, index } of records) {
    if (ids.has(eventId) || indexes.has(index)) throw new Error('The index or the event id is taken');
    ids.add(eventId);
    indexes.add(index);
  }
}

export function createMemoryCheckpointStore(disk: MemoryDisk): CheckpointStore {
  return {
    latest: async (id) => open(disk, id).checkpoints.toSorted((a, b) => b.size - a.size)[0] ?? null,
    async add(id, checkpoint) {
      const { checkpoints } = open(disk, id);
      if (!checkpoints.some(({ size }) => size === checkpoint.size)) checkpoints.push(checkpoint);
    },
  };
}

export function createMemoryLedgerCatalog(disk: MemoryDisk): LedgerCatalog {
  return {
    list: async () => [...disk.ledgers.values()].map(({ identity }) => identity),
    find: async (id) => disk.ledgers.get(id)?.identity ?? null,
    async create(identity) {
      if (disk.ledgers.has(identity.id)) throw new AppError('LEDGER_EXISTS');
      const [root, prev] = [emptyRoot(sha256), genesisPrev(sha256, identity.origin)];
      const head = { size: 0, root, frontier: [], prev, recordedAt: 0 };
      disk.ledgers.set(identity.id, { identity, head, records: [], tiles: new Map(), checkpoints: [] });
    },
  };
}
