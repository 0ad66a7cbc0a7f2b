import type { ContentRecord, RecordSource } from '#server/ports/record-source.ts';

/** Ledgers in memory, to read from. */
export interface MemoryRecordSource extends RecordSource {
  /** Puts records behind those that the ledger has. */
  append(ledgerNo: number, records: readonly ContentRecord[]): void;
  /** What was read: ledger, from and to of each call. */
  readonly reads: (readonly [ledgerNo: number, from: number, to: number])[];
}

export interface MemoryRecordSourceOptions {
  /** Most records that one call gives, as if they were large. */
  readonly recordsMax?: number;
  /** Called before each read is answered. */
  readonly beforeRead?: () => void | Promise<void>;
}

/** The port in memory: the whole contract; the test says how many records fit into one answer. */
export function createMemoryRecordSource(options: MemoryRecordSourceOptions = {}): MemoryRecordSource {
  const { recordsMax = Number.POSITIVE_INFINITY, beforeRead } = options;
  const ledgers = new Map<number, ContentRecord[]>();
  const reads: [number, number, number][] = [];
  return {
    reads,
    append(ledgerNo, records) {
      const ledger = ledgers.get(ledgerNo) ?? [];
      ledger.push(...records);
      ledgers.set(ledgerNo, ledger);
    },
    ledgers: async () => [...ledgers.keys()].toSorted((a, b) => a - b),
    size: async (ledgerNo) => ledgers.get(ledgerNo)?.length ?? 0,
    async read(ledgerNo, from, to) {
      reads.push([ledgerNo, from, to]);
      await beforeRead?.();
      return ledgers.get(ledgerNo)?.slice(from, Math.min(to, from + recordsMax)) ?? [];
    },
  };
}
