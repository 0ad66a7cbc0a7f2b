import type { MessagePort } from 'node:worker_threads';
import type { Intake, SubmittedEvent } from '#server/ports/intake.ts';
import type { JobQueue } from '#server/ports/job-queue.ts';
import type { LedgerCatalog } from '#server/ports/ledger-store.ts';
import type { Quarantine } from '#server/ports/quarantine.ts';
import type { TokenStore } from '#server/ports/token-store.ts';
import { readLineHead } from './pending-events.ts';
import { callPort, type WriterPorts } from './writer-ports.ts';
import {
  type FromWriter,
  packAdmission,
  packError,
  packSettlement,
  type ToWriter,
} from './writer-messages.ts';

export interface WriterServices {
  readonly intake: Intake;
  readonly queue: Pick<JobQueue, 'depth'>;
  readonly quarantine: Quarantine;
  readonly tokens: Pick<TokenStore, 'create' | 'put' | 'revoke'>;
  readonly catalog: Pick<LedgerCatalog, 'create'>;
  readonly ports: WriterPorts;
  stop(drainMs: number): Promise<void>;
}

/** Answers the calls of the main thread; the other end of `remote-writer`. */
export function serveWriter(port: MessagePort, services: WriterServices): void {
  const send = (message: FromWriter): void => port.postMessage(message);
  port.on('message', (message: ToWriter) => {
    answer(services, send, message).then(
      (value) => send({ type: 'answer', call: message.call, answer: value ?? null }),
      (error: unknown) => send({ type: 'failure', call: message.call, error: packError(error) }),
    );
  });
}

async function answer(
  services: WriterServices,
  send: (message: FromWriter) => void,
  message: ToWriter,
): Promise<unknown> {
  switch (message.op) {
    case 'accept':
      return accept(services, send, message);
    case 'createLedger':
      return services.catalog.create(message.args);
    case 'replay':
      return services.quarantine.replay(message.args.id, message.args.by);
    case 'discard':
      return services.quarantine.discard(message.args.id, message.args.by, message.args.reason);
    case 'createToken':
      return services.tokens.create(message.args);
    case 'putToken':
      return services.tokens.put(message.args);
    case 'revokeToken':
      return services.tokens.revoke(message.args.id, message.args.at);
    case 'depth':
      return services.queue.depth();
    case 'port':
      return callPort(services.ports, message.args);
    case 'stop':
      return services.stop(message.args.drainMs);
  }
}

async function accept(
  services: WriterServices,
  send: (message: FromWriter) => void,
  { call, args: { ledger, lines, settle } }: Extract<ToWriter, { op: 'accept' }>,
): Promise<readonly number[]> {
  const events = lines === '' ? [] : lines.split('\n').map(toSubmitted);
  const { admissions, settled } = await services.intake.accept({ ledger, events, settle });
  // It rejects only when this thread stops, and then there is nobody to tell.
  void settled?.then((settlements) => {
    send({ type: 'settled', call, settlements: settlements.map(packSettlement) });
  });
  return admissions.map(packAdmission);
}

function toSubmitted(line: string): SubmittedEvent {
  const head = readLineHead(line);
  if (!head) throw new Error('A submitted line has no digest and id.');
  return { ...head, line };
}
