import { Worker } from 'node:worker_threads';
import { AppError } from './errors.ts';
import { threadEntry } from './places.ts';
import type { RecordingSettings } from './recording.ts';
import type { FromRecording, ToRecording } from './recording-thread.ts';
import { NOTHING_RECORDED } from './recording-status.ts';
import type { Recording, RecordingDeps } from './start-recording.ts';

const ENTRY = threadEntry('recording-thread');

/**
 * Records in a thread of its own: taking events and hashing them would wait for each other in one.
 *
 * @param onCrash called when the thread ends without having been asked to; the process cannot go on then
 * @throws AppError as `openPostgres`
 */
export async function startRecordingThread(
  settings: RecordingSettings,
  onRecorded: RecordingDeps['onRecorded'],
  onCrash: (error: Error) => void,
): Promise<Recording> {
  const thread = new Worker(ENTRY, { workerData: settings });
  const send = (message: ToRecording): void => thread.postMessage(message);
  let status = NOTHING_RECORDED;
  let ending = false;
  const started = Promise.withResolvers<void>();
  const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  const crashed = (error: Error): void => {
    started.reject(error);
    if (!ending) onCrash(error);
  };
  thread.on('message', (message: FromRecording) => {
    if (message.type === 'started') started.resolve();
    else if (message.type === 'status') status = message.status;
    else if (message.type === 'recorded') onRecorded(message);
    else {
      ending = true;
      const { code, message: text } = message;
      started.reject(code === null ? new Error(text) : new AppError(code, { message: text }));
    }
  });
  thread.once('error', crashed);
  void ended.then(() => crashed(new Error('The recording thread ended.')));
  await started.promise;
  return {
    status: () => status,
    wake: () => send({ type: 'wake' }),
    grown: (ledger) => send({ type: 'grown', ledger }),
    async stop() {
      ending = true;
      send({ type: 'stop' });
      await ended;
    },
  };
}
