import { AppError } from '#server/errors.ts';
import type { Quarantine } from '#server/ports/quarantine.ts';
import type { TokenStore } from '#server/ports/token-store.ts';
import { emptyDisk, type MemoryDisk, queueLines } from './memory-disk.ts';
import {
  createMemoryCheckpointStore,
  createMemoryLedgerCatalog,
  createMemoryLedgerStore,
} from './memory-ledger-store.ts';
import { createMemoryJobQueue, createMemoryQueueIntake } from './memory-queue.ts';
import {
  NOW,
  type OpenStorage,
  type ReadQuarantinedEvent,
  type SharedStorage,
  type StorageOptions,
  type StorageUnderTest,
} from './storage-under-test.ts';

/** Every storage port in memory, over one disk: complete and honest, and slow where that is simpler. */
export const openMemoryStorage: OpenStorage = async (options = {}) => openProcess(emptyDisk(), options);

function openProcess(disk: MemoryDisk, options: StorageOptions): StorageUnderTest {
  const now = options.now ?? (() => NOW);
  const intake = createMemoryQueueIntake(disk, now, options);
  return {
    ...shared(disk),
    intake,
    queue: createMemoryJobQueue(disk, now),
    quarantine: createMemoryQuarantine(disk, now),
    tokens: createMemoryTokens(disk),
    settle: intake.settle,
    restart: async (next = options) => openProcess(structuredClone(disk), next),
    beside: async () => shared(disk),
  };
}

function shared(disk: MemoryDisk): SharedStorage {
  const find = (id: string) => {
    const ledger = disk.ledgers.get(id);
    if (!ledger) throw new AppError('LEDGER_NOT_FOUND');
    return ledger;
  };
  return {
    store: createMemoryLedgerStore(disk),
    checkpoints: createMemoryCheckpointStore(disk),
    catalog: createMemoryLedgerCatalog(disk),
    read: {
      records: async (id) => find(id).records,
      notes: async (id) =>
        find(id)
          .checkpoints.toSorted((a, b) => a.size - b.size)
          .map(({ note }) => note),
      tile: async (id, level, index) => find(id).tiles.get(`${level}/${index}`) ?? null,
      quarantined: async () => disk.quarantined.map((event) => ({ ...event })),
    },
  };
}

function createMemoryQuarantine(disk: MemoryDisk, now: () => number): Quarantine {
  const close = (id: number, change: Partial<ReadQuarantinedEvent>): ReadQuarantinedEvent => {
    const event = disk.quarantined.find((one) => one.id === id);
    if (!event) throw new AppError('QUARANTINED_EVENT_NOT_FOUND');
    if (event.state !== 'OPEN') throw new AppError('QUARANTINED_EVENT_CLOSED');
    return Object.assign(event, change);
  };
  return {
    async replay(id, by) {
      const { ledger, line } = close(id, { state: 'REPLAYED', closedBy: by });
      queueLines(disk, ledger, [line], now());
    },
    async discard(id, by, reason) {
      close(id, { state: 'DISCARDED', closedBy: by, closedReason: reason });
    },
  };
}

function createMemoryTokens(disk: MemoryDisk): TokenStore {
  const { tokens } = disk;
  const all = () =>
    [...tokens.values()].toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  const find = (id: string) => tokens.get(id) ?? null;
  const refuseTaken = (secretHash: string, id: string): void => {
    if (all().some((other) => other.secretHash === secretHash && other.id !== id))
      throw new Error('Hash is taken');
  };
  return {
    find: async (id) => find(id),
    findByHash: async (secretHash) => all().find((token) => token.secretHash === secretHash) ?? null,
    list: async () => all(),
    async create(token) {
      if (tokens.has(token.id)) throw new Error('Id is taken');
      refuseTaken(token.secretHash, token.id);
      tokens.set(token.id, token);
    },
    async put(token) {
      refuseTaken(token.secretHash, token.id);
      tokens.set(token.id, token);
    },
    async revoke(id, at) {
      const token = find(id);
      if (!token) throw new AppError('TOKEN_NOT_FOUND');
      const revoked = { ...token, revokedAt: token.revokedAt ?? at };
      tokens.set(id, revoked);
      return revoked;
    },
  };
}
