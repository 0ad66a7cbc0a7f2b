import type { Acceptance, Intake, Submission } from '#server/ports/intake.ts';
import type { JobQueue } from '#server/ports/job-queue.ts';
import type { LedgerEvents } from '#server/ports/ledger-events.ts';
import type { LedgerCatalog } from '#server/ports/ledger-store.ts';
import type { Quarantine } from '#server/ports/quarantine.ts';
import type { TokenStore } from '#server/ports/token-store.ts';
import { createWakeUps } from './wake-ups.ts';
import { openWriterChannel, type WriterChannel, type WriterNews } from './writer-channel.ts';
import { remotePorts, type WriterPorts } from './writer-ports.ts';
import { unpackAdmission, unpackSettlement, type WriterStatus } from './writer-messages.ts';

/** What the writer has done since the start, as measured. */
export interface WriterCounts {
  readonly recorded: number;
  readonly quarantined: number;
  readonly checkpoints: number;
  /** When the last checkpoint was signed, ms since the epoch. */
  readonly lastCheckpointAt: number | null;
}

/** The writer thread, as the main thread sees it: the ports that write. */
export interface RemoteWriter {
  readonly intake: Intake;
  readonly queue: Pick<JobQueue, 'depth'>;
  readonly quarantine: Quarantine;
  readonly tokens: Pick<TokenStore, 'create' | 'put' | 'revoke'>;
  readonly catalog: Pick<LedgerCatalog, 'create'>;
  readonly events: LedgerEvents;
  readonly ports: WriterPorts;
  status(): WriterStatus;
  counts(): WriterCounts;
  stop(drainMs: number): Promise<void>;
}

/**
 * Starts the writer thread and resolves when it has checked its ledgers and takes events.
 *
 * @param onCrash called when the thread ends without having been asked to; the process cannot go on then
 * @param onGrown called after each commit that made a ledger longer, with its id
 */
export async function startRemoteWriter(
  entry: URL,
  settings: unknown,
  onCrash: (error: Error) => void,
  onGrown: (ledger: string) => void = () => undefined,
): Promise<RemoteWriter> {
  const wakeUps = createWakeUps();
  let counts: WriterCounts = { recorded: 0, quarantined: 0, checkpoints: 0, lastCheckpointAt: null };
  let changed: WriterStatus | null = null;

  const hear = (news: WriterNews): void => {
    switch (news.type) {
      case 'growth':
        counts = {
          ...counts,
          recorded: counts.recorded + news.recorded,
          quarantined: counts.quarantined + news.quarantined,
        };
        onGrown(news.ledger);
        return wakeUps.growth.wake(news.ledger);
      case 'checkpoint':
        counts = { ...counts, checkpoints: counts.checkpoints + 1, lastCheckpointAt: news.at };
        return wakeUps.checkpoint.wake(news.ledger);
      case 'status':
        changed = news.status;
    }
  };

  const { channel, status } = await openWriterChannel(entry, settings, hear, onCrash);
  return {
    ...writingPorts(channel),
    events: { onGrowth: wakeUps.growth.listen, onCheckpoint: wakeUps.checkpoint.listen },
    status: () => changed ?? status,
    counts: () => counts,
    async stop(drainMs) {
      await channel.ask('stop', { drainMs });
      await channel.close();
    },
  };
}

function writingPorts(channel: WriterChannel) {
  const { ask } = channel;
  return {
    intake: { accept: (submission: Submission) => accept(channel, submission) },
    queue: { depth: () => ask('depth', null) },
    quarantine: {
      replay: async (id: number, by: string) => void (await ask('replay', { id, by })),
      discard: async (id: number, by: string, reason: string) =>
        void (await ask('discard', { id, by, reason })),
    },
    tokens: {
      create: async (token) => void (await ask('createToken', token)),
      put: async (token) => void (await ask('putToken', token)),
      revoke: (id, at) => ask('revokeToken', { id, at }),
    } satisfies Pick<TokenStore, 'create' | 'put' | 'revoke'>,
    catalog: {
      create: async (identity) => void (await ask('createLedger', identity)),
    } satisfies Pick<LedgerCatalog, 'create'>,
    ports: remotePorts((call) => ask('port', call)),
  };
}

async function accept(channel: WriterChannel, { ledger, events, settle }: Submission): Promise<Acceptance> {
  const lines = events.map((event) => event.line).join('\n');
  const { answer, settled } = channel.accept({ ledger, lines, settle });
  const admissions = (await answer).map(unpackAdmission);
  return { admissions, settled: settle ? settled.then((packed) => packed.map(unpackSettlement)) : null };
}
