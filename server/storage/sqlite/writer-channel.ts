import { Worker } from 'node:worker_threads';
import { AppError } from '#server/errors.ts';
import {
  type FromWriter,
  unpackError,
  type WriterCalls,
  type WriterOperation,
  type WriterStatus,
} from './writer-messages.ts';

/** What the writer thread tells unasked. */
export type WriterNews = Extract<FromWriter, { type: 'growth' | 'checkpoint' | 'status' }>;

/** Calls to the writer thread and its answers. */
export interface WriterChannel {
  ask<Op extends WriterOperation>(op: Op, args: WriterCalls[Op]['args']): Promise<WriterCalls[Op]['answer']>;
  /** As `ask('accept', …)`; `settled` comes after the answer, once every event is recorded or quarantined. */
  accept(args: WriterCalls['accept']['args']): {
    readonly answer: Promise<readonly number[]>;
    readonly settled: Promise<readonly number[]>;
  };
  /** Ends the thread; call it when the answer to `stop` is there. */
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Calls that wait, by number. */
function createWaitingList() {
  const waiting = new Map<number, Waiting>();
  return {
    wait: <T>(call: number): Promise<T> =>
      new Promise((resolve, reject) => waiting.set(call, { resolve, reject })),
    resolve(call: number, value: unknown) {
      waiting.get(call)?.resolve(value as never);
      waiting.delete(call);
    },
    reject(call: number, error: unknown) {
      waiting.get(call)?.reject(error);
      waiting.delete(call);
    },
    rejectAll(error: unknown) {
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    },
  };
}

/**
 * Starts the writer thread; resolves when it has checked its ledgers and takes events.
 *
 * @param onNews called for what the thread tells unasked.
 * @param onCrash called when the thread ends without having been asked to; everyone who waits is told first.
 */
export function openWriterChannel(
  entry: URL,
  settings: unknown,
  onNews: (news: WriterNews) => void,
  onCrash: (error: Error) => void,
): Promise<{ channel: WriterChannel; status: WriterStatus }> {
  const thread = new Worker(entry, { workerData: settings });
  const answers = createWaitingList();
  const settlements = createWaitingList();
  let stopping = false;
  let ended: Error | null = null;
  let calls = 0;

  const post = <Op extends WriterOperation>(op: Op, args: WriterCalls[Op]['args']): number => {
    // A thread that ended answers nobody.
    if (ended) throw ended;
    if (stopping) throw new AppError('APPLIANCE_STOPPING');
    if (op === 'stop') stopping = true;
    const call = calls++;
    thread.postMessage({ call, op, args });
    return call;
  };
  const receive = (message: Exclude<FromWriter, { type: 'ready' }>): void => {
    if (message.type === 'answer') answers.resolve(message.call, message.answer);
    else if (message.type === 'settled') settlements.resolve(message.call, message.settlements);
    else if (message.type === 'failure') {
      const error = unpackError(message.error);
      settlements.reject(message.call, error);
      answers.reject(message.call, error);
    } else onNews(message);
  };
  const channel: WriterChannel = {
    ask: async (op, args) => answers.wait(post(op, args)),
    accept(args) {
      const call = post('accept', args);
      const settled = args.settle ? settlements.wait<readonly number[]>(call) : Promise.resolve([]);
      // Whoever gave up waiting is not there to hear that the thread ended.
      settled.catch(() => undefined);
      return { answer: answers.wait(call), settled };
    },
    close: async () => void (await thread.terminate()),
  };

  return new Promise((resolve, reject) => {
    let ready = false;
    const crashed = (error: Error): void => {
      // An error that ends the thread comes first, then its exit.
      if (ended) return;
      ended = error;
      answers.rejectAll(error);
      settlements.rejectAll(error);
      if (!ready) reject(error);
      else if (!stopping) onCrash(error);
    };
    thread.on('error', (error) => crashed(error instanceof Error ? error : new Error(String(error))));
    thread.on('exit', (code) => crashed(new Error(`The writer thread ended with code ${code}.`)));
    thread.on('message', (message: FromWriter) => {
      if (message.type !== 'ready') return receive(message);
      ready = true;
      resolve({ channel, status: message.status });
    });
  });
}
