import { AppError } from '#server/errors.ts';
import type { Hash } from '#server/ledger/hash.ts';
import type { Acceptance, Admission, Intake, Settlement, Submission } from '#server/ports/intake.ts';
import { type JobQueue, RETRY_WAIT_MAX_MS } from '#server/ports/job-queue.ts';
import { type MemoryBatch, type MemoryDisk, queueLines } from './memory-disk.ts';
import type { StorageOptions } from './storage-under-test.ts';

/** Digest and event id of a queued line. */
function readHead(line: string): { digest: Hash; eventId: string } | null {
  const [, digest, id] = /^([^\t]*)\t("(?:[^"\\]|\\.)*")\t/.exec(line) ?? [];
  return digest === undefined || id === undefined
    ? null
    : { digest: digest as Hash, eventId: String(JSON.parse(id)) };
}

/** The intake over a disk in memory. What waits is looked up in the queue itself: simple and slow. */
export function createMemoryQueueIntake(
  disk: MemoryDisk,
  now: () => number,
  options: StorageOptions,
): Intake & { settle(ledger: string, settlements: ReadonlyMap<string, Settlement>): void } {
  const waits = new Map<string, PromiseWithResolvers<Settlement>>();
  const waitKey = (ledger: string, eventId: string): string => JSON.stringify([ledger, eventId]);

  const decide = ({ ledger, events }: Submission): Admission[] => {
    const queued = digestsInQueue(disk, ledger);
    const records = new Map(disk.ledgers.get(ledger)?.records.map((record) => [record.eventId, record]));
    return events.map(({ eventId, digest }): Admission => {
      const first = queued.get(eventId) ?? records.get(eventId)?.digest;
      if (first === undefined) {
        queued.set(eventId, digest);
        return { outcome: 'ACCEPTED' };
      }
      if (first !== digest) return { outcome: 'CONFLICT' };
      return {
        outcome: 'DUPLICATE',
        index: queued.has(eventId) ? null : (records.get(eventId)?.index ?? null),
      };
    });
  };

  const waitForAll = ({ ledger, events }: Submission, admissions: readonly Admission[]) =>
    events.map(async ({ eventId }, i): Promise<Settlement> => {
      const admission = admissions[i];
      if (admission === undefined || admission.outcome === 'CONFLICT') return { state: 'NONE' };
      if (admission.outcome === 'DUPLICATE' && admission.index !== null) {
        return { state: 'RECORDED', index: admission.index };
      }
      const key = waitKey(ledger, eventId);
      const wait = waits.get(key) ?? Promise.withResolvers<Settlement>();
      waits.set(key, wait);
      return wait.promise;
    });

  return {
    async accept(submission): Promise<Acceptance> {
      const { ledger, events } = submission;
      if (!disk.ledgers.has(ledger)) throw new AppError('LEDGER_NOT_FOUND');
      const admissions = decide(submission);
      const lines = events.filter((_, i) => admissions[i]?.outcome === 'ACCEPTED').map(({ line }) => line);
      if (lines.length > 0) {
        const refusal = options.refusal?.();
        if (refusal) throw refusal;
        refuseFull(disk, lines, options);
        queueLines(disk, ledger, lines, now());
      }
      const settled = submission.settle ? Promise.all(waitForAll(submission, admissions)) : null;
      if (lines.length > 0) options.onQueued?.();
      return { admissions, settled };
    },
    settle(ledger, settlements) {
      for (const [eventId, settlement] of settlements) {
        waits.get(waitKey(ledger, eventId))?.resolve(settlement);
        waits.delete(waitKey(ledger, eventId));
      }
    },
  };
}

function digestsInQueue(disk: MemoryDisk, ledger: string): Map<string, Hash> {
  const digests = new Map<string, Hash>();
  for (const batch of disk.batches) {
    for (const line of batch.ledger === ledger ? batch.lines : []) {
      const head = readHead(line);
      if (head) digests.set(head.eventId, head.digest);
    }
  }
  return digests;
}

function refuseFull(disk: MemoryDisk, lines: readonly string[], options: StorageOptions): void {
  const all = [...disk.batches.flatMap((batch) => batch.lines), ...lines];
  const characters = all.reduce((sum, line) => sum + line.length, 0);
  const { queueEventsMax = Number.POSITIVE_INFINITY, queueCharactersMax = Number.POSITIVE_INFINITY } =
    options;
  if (all.length > queueEventsMax || characters > queueCharactersMax) throw new AppError('QUEUE_FULL');
}

/** The queue over a disk in memory. */
export function createMemoryJobQueue(disk: MemoryDisk, now: () => number): JobQueue {
  const self = ++disk.processesMade;
  const latest = (): number => now() + RETRY_WAIT_MAX_MS;
  let served: string[] = [];
  for (const batch of disk.batches) batch.leasedBy = null;
  const find = (id: string): MemoryBatch | undefined => disk.batches.find((batch) => batch.id === id);
  /** Ledgers that were served longest ago first. */
  const turn = (ledger: string): number => served.indexOf(ledger);

  return {
    async take(max) {
      const oldest = new Map<string, MemoryBatch>();
      for (const batch of disk.batches) if (!oldest.has(batch.ledger)) oldest.set(batch.ledger, batch);
      const free = [...oldest.values()]
        .filter(({ leasedBy, availableAt: at }) => leasedBy === null && !(at > now() && at <= latest()))
        .toSorted((a, b) => turn(a.ledger) - turn(b.ledger))
        .slice(0, max);
      for (const batch of free) {
        batch.leasedBy = self;
        batch.attempts += 1;
        served = [...served.filter((ledger) => ledger !== batch.ledger), batch.ledger];
      }
      return free.map(({ id, ledger, lines, attempts }) => {
        return { id, ledger, attempts, payload: lines.join('\n'), eventCount: lines.length };
      });
    },
    async release({ id }) {
      const batch = disk.batches.find((one) => one.id === id);
      if (batch) Object.assign(batch, { leasedBy: null, attempts: batch.attempts - 1 });
    },
    async retry({ id }, at) {
      const batch = find(id);
      if (batch) Object.assign(batch, { leasedBy: null, availableAt: at });
    },
    async nextDueAt() {
      const due = disk.batches.filter((batch) => batch.leasedBy === null && batch.availableAt > 0);
      return due.length > 0 ? Math.min(...due.map((batch) => batch.availableAt)) : null;
    },
    async depth() {
      return {
        batches: disk.batches.length,
        events: disk.batches.reduce((sum, batch) => sum + batch.lines.length, 0),
        oldestAt: disk.batches[0]?.queuedAt ?? null,
      };
    },
  };
}
