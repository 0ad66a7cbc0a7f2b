import { Worker } from 'node:worker_threads';
import { AppError } from '#server/errors.ts';
import type { Intake, Settlement } from '#server/ports/intake.ts';
import type { JobQueue } from '#server/ports/job-queue.ts';
import type { LedgerEvents } from '#server/ports/ledger-events.ts';
import type { LedgerCatalog } from '#server/ports/ledger-store.ts';
import type { Quarantine } from '#server/ports/quarantine.ts';
import type { TokenStore } from '#server/ports/token-store.ts';
import { createWakeUps } from './wake-ups.ts';
import {
  type FromWriter,
  type ToWriter,
  type WriterCalls,
  type WriterOperation,
  type WriterStatus,
  unpackAdmission,
  unpackError,
  unpackSettlement,
} from './writer-messages.ts';

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
  status(): WriterStatus;
  counts(): WriterCounts;
  stop(drainMs: number): Promise<void>;
}

interface OpenCall {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Starts the writer thread and resolves when it has checked its ledgers and takes events.
 *
 * @param onCrash called when the thread ends without having been asked to; the process cannot go on then.
 */
export function startRemoteWriter(
  entry: URL,
  settings: unknown,
  onCrash: (error: Error) => void,
): Promise<RemoteWriter> {
  const thread = new Worker(entry, { workerData: settings });
  const calls = new Map<number, OpenCall>();
  const settlements = new Map<number, (settlements: readonly Settlement[]) => void>();
  const wakeUps = createWakeUps();
  const counts = { recorded: 0, quarantined: 0, checkpoints: 0, lastCheckpointAt: null as number | null };
  let status: WriterStatus = { outage: null, readOnly: null };
  let stopping = false;
  let nextCall = 0;

  const post = <Op extends WriterOperation>(op: Op, args: WriterCalls[Op]['args']) => {
    const call = nextCall++;
    const answer = new Promise<WriterCalls[Op]['answer']>((resolve, reject) => {
      if (stopping) throw new AppError('APPLIANCE_STOPPING');
      calls.set(call, { resolve: resolve as OpenCall['resolve'], reject });
      if (op === 'stop') stopping = true;
      thread.postMessage({ call, op, args } as ToWriter);
    });
    return { call, answer };
  };
  const ask = <Op extends WriterOperation>(op: Op, args: WriterCalls[Op]['args']) => post(op, args).answer;

  const receive = (message: Exclude<FromWriter, { type: 'ready' }>): void => {
    switch (message.type) {
      case 'answer':
        calls.get(message.call)?.resolve(message.answer);
        calls.delete(message.call);
        return;
      case 'failure':
        calls.get(message.call)?.reject(unpackError(message.error));
        calls.delete(message.call);
        settlements.delete(message.call);
        return;
      case 'settled':
        settlements.get(message.call)?.(message.settlements.map(unpackSettlement));
        settlements.delete(message.call);
        return;
      case 'growth':
        counts.recorded += message.recorded;
        counts.quarantined += message.quarantined;
        wakeUps.growth.wake(message.ledger);
        return;
      case 'checkpoint':
        counts.checkpoints += 1;
        counts.lastCheckpointAt = message.at;
        wakeUps.checkpoint.wake(message.ledger);
        return;
      case 'status':
        status = message.status;
        return;
    }
  };

  const writer: RemoteWriter = {
    intake: {
      async accept({ ledger, events, settle }) {
        const lines = events.map((event) => event.line).join('\n');
        const { call, answer } = post('accept', { ledger, lines, settle });
        const settled = settle
          ? new Promise<readonly Settlement[]>((resolve) => settlements.set(call, resolve))
          : null;
        return { admissions: (await answer).map(unpackAdmission), settled };
      },
    },
    queue: { depth: () => ask('depth', null) },
    quarantine: {
      replay: async (id, by) => void (await ask('replay', { id, by })),
      discard: async (id, by, reason) => void (await ask('discard', { id, by, reason })),
    },
    tokens: {
      create: async (token) => void (await ask('createToken', token)),
      put: async (token) => void (await ask('putToken', token)),
      revoke: (id, at) => ask('revokeToken', { id, at }),
    },
    catalog: { create: async (identity) => void (await ask('createLedger', identity)) },
    events: { onGrowth: wakeUps.growth.listen, onCheckpoint: wakeUps.checkpoint.listen },
    status: () => status,
    counts: () => ({ ...counts }),
    async stop(drainMs) {
      await ask('stop', { drainMs });
      await thread.terminate();
    },
  };

  return new Promise((resolve, reject) => {
    let ready = false;
    const crashed = (error: Error): void => {
      for (const call of calls.values()) call.reject(error);
      calls.clear();
      if (!ready) reject(error);
      else if (!stopping) onCrash(error);
    };
    thread.on('error', (error) => crashed(error instanceof Error ? error : new Error(String(error))));
    thread.on('exit', (code) => crashed(new Error(`The writer thread ended with code ${code}.`)));
    thread.on('message', (message: FromWriter) => {
      if (message.type !== 'ready') return receive(message);
      ({ status } = message);
      ready = true;
      resolve(writer);
    });
  });
}
