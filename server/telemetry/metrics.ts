import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '#server/clock.ts';
import type { JobQueue } from '#server/ports/job-queue.ts';

export interface MetricsDeps {
  readonly queueName: string;
  readonly depth: JobQueue['depth'];
  /** What the worker has done since the start; `null` where this process has none. */
  readonly counts: (() => WorkCounts) | null;
  /** How far the index is; `null` where this process does not fill it. */
  readonly index: () => IndexLag | null;
  readonly clock: Clock;
}

export interface IndexLag {
  /** Records in the index. */
  readonly indexed: number;
  /** Records that are not in it yet. */
  readonly waiting: number;
  /** For how long records have been due. */
  readonly lagMs: number;
}

export interface WorkCounts {
  readonly recorded: number;
  readonly quarantined: number;
  readonly checkpoints: number;
  /** ms since the epoch; `null` before the first one. */
  readonly lastCheckpointAt: number | null;
}

/** Routes that durations are measured for: a fixed set, so that no client can add series. */
export type Route =
  | 'graphql'
  | 'events'
  | 'session'
  | 'metrics'
  | 'health'
  | 'tiles'
  | 'exports'
  | 'witness'
  | 'ui';

/** The appliance's measurements. Every number is measured; nothing in a label comes from a tenant. */
export interface Metrics {
  readonly countReceipts: (
    ack: 'QUEUED' | 'RECORDED' | 'CHECKPOINTED',
    receipts: readonly { readonly outcome: Outcome }[],
  ) => void;
  readonly observeRequest: (route: Route, method: string, status: number, seconds: number) => void;
  /** Asks for the number of open streams when metrics are read. */
  readonly watchStreams: (kind: 'subscription' | 'websocket' | 'ndjson', count: () => number) => void;
  /** All of them in Prometheus' text format. */
  readonly read: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

type Outcome = 'ACCEPTED' | 'DUPLICATE' | 'REJECTED';
const OUTCOMES: readonly Outcome[] = ['ACCEPTED', 'DUPLICATE', 'REJECTED'];
const METHODS = new Set(['GET', 'POST', 'HEAD', 'OPTIONS']);
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function createMetrics({ queueName, depth, counts, index, clock }: MetricsDeps): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const events = new Counter({
    name: 'indelible_events_total',
    help: 'Events received since the start, by what became of them at the door.',
    labelNames: ['outcome'],
    registers,
  });
  const receipts = new Counter({
    name: 'indelible_receipts_total',
    help: 'Receipts given since the start, by how far the sender wanted the event to have come.',
    labelNames: ['ack'],
    registers,
  });
  const durations = new Histogram({
    name: 'indelible_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer.',
    labelNames: ['route', 'method', 'status'],
    buckets: SECONDS,
    registers,
  });
  for (const outcome of OUTCOMES) events.inc({ outcome }, 0);
  for (const ack of ['QUEUED', 'RECORDED', 'CHECKPOINTED']) receipts.inc({ ack }, 0);
  addQueue(registry, queueName, depth, clock);
  if (counts !== null) addWork(registry, counts, clock);
  if (index() !== null) addIndex(registry, index);
  const streams = new Gauge({
    name: 'indelible_open_streams',
    help: 'Streams that are open now.',
    labelNames: ['kind'],
    registers,
    collect() {
      for (const [kind, count] of watched) this.set({ kind }, count());
    },
  });
  const watched = new Map<string, () => number>();
  return {
    countReceipts: (ack, given) => {
      for (const outcome of OUTCOMES) {
        events.inc({ outcome }, given.filter((receipt) => receipt.outcome === outcome).length);
      }
      receipts.inc({ ack }, given.length);
    },
    observeRequest: (route, method, status, seconds) => {
      durations.observe({ route, method: METHODS.has(method) ? method : 'other', status }, seconds);
    },
    watchStreams: (kind, count) => {
      watched.set(kind, count);
      streams.set({ kind }, count());
    },
    read: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

function addQueue(registry: Registry, queue: string, depth: JobQueue['depth'], clock: Clock): void {
  const registers = [registry];
  const labelNames = ['queue'];
  const batches = new Gauge({
    name: 'indelible_queue_batches',
    help: 'Batches that wait.',
    labelNames,
    registers,
  });
  const age = new Gauge({
    name: 'indelible_queue_oldest_seconds',
    help: 'How long the oldest waiting batch has waited; 0 when nothing waits.',
    labelNames,
    registers,
  });
  new Gauge({
    name: 'indelible_queue_events',
    help: 'Events that wait to be recorded.',
    labelNames,
    registers,
    async collect() {
      const now = await depth().catch((): null => null);
      // In an outage nobody knows; a number would be an old one.
      if (now === null) {
        for (const gauge of [this, batches, age]) gauge.remove({ queue });
        return;
      }
      this.set({ queue }, now.events);
      batches.set({ queue }, now.batches);
      age.set({ queue }, now.oldestAt === null ? 0 : (clock() - now.oldestAt) / 1000);
    },
  });
}

/** Counters of the worker are its own; they are read, not counted again. */
function addWork(registry: Registry, counts: () => WorkCounts, clock: Clock): void {
  const registers = [registry];
  const counter = (name: string, help: string, value: (work: WorkCounts) => number): void => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(value(counts()));
      },
    });
  };
  counter(
    'indelible_records_appended_total',
    'Records appended since the start.',
    ({ recorded }) => recorded,
  );
  counter(
    'indelible_events_quarantined_total',
    'Events quarantined since the start.',
    (work) => work.quarantined,
  );
  counter(
    'indelible_checkpoints_total',
    'Checkpoints signed since the start.',
    ({ checkpoints }) => checkpoints,
  );
  new Gauge({
    name: 'indelible_checkpoint_age_seconds',
    help: 'Time since the last checkpoint was signed; absent before the first one since the start.',
    registers,
    collect() {
      const { lastCheckpointAt } = counts();
      this.remove();
      if (lastCheckpointAt !== null) this.set((clock() - lastCheckpointAt) / 1000);
    },
  });
}

function addIndex(registry: Registry, index: () => IndexLag | null): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: (lag: IndexLag) => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const lag = index();
        if (lag === null) this.remove();
        else this.set(value(lag));
      },
    });
  };
  gauge('indelible_index_records', 'Records in the search index.', ({ indexed }) => indexed);
  gauge(
    'indelible_index_waiting_records',
    'Records that are not in the search index yet; answers read them from the ledger.',
    ({ waiting }) => waiting,
  );
  gauge(
    'indelible_index_lag_seconds',
    'For how long records have been due for the search index; 0 when none is.',
    ({ lagMs }) => lagMs / 1000,
  );
}
