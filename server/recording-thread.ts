import { parentPort, workerData } from 'node:worker_threads';
import { AppError } from './errors.ts';
import { openRecording, type RecordingSettings } from './recording.ts';
import type { RecordingStatus } from './recording-status.ts';

/** What the main thread asks of the recording thread. */
export type ToRecording =
  | { readonly type: 'wake' }
  | { readonly type: 'grown'; readonly ledger: string }
  | { readonly type: 'stop' };

/** What the recording thread tells. */
export type FromRecording =
  | { readonly type: 'started' }
  | { readonly type: 'refused'; readonly code: AppError['code'] | null; readonly message: string }
  | { readonly type: 'status'; readonly status: RecordingStatus }
  | {
      readonly type: 'recorded';
      readonly ledger: string;
      readonly batchId: string;
      readonly firstIndex: number | null;
    };

/** The entry of the thread that records, in a process that also has the API. */
async function run(): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('This is the entry of a thread.');
  const tell = (message: FromRecording): void => port.postMessage(message);
  try {
    // What the main thread made is plain data.
    const recording = await openRecording(workerData as RecordingSettings, {
      onRecorded: ({ ledger, batchId, firstIndex }) =>
        tell({ type: 'recorded', ledger, batchId, firstIndex }),
      onStatus: (status) => tell({ type: 'status', status }),
    });
    port.on('message', (message: ToRecording) => {
      if (message.type === 'wake') recording.wake();
      else if (message.type === 'grown') recording.grown(message.ledger);
      else void recording.stop().finally(() => port.close());
    });
    tell({ type: 'started' });
  } catch (error) {
    const code = error instanceof AppError ? error.code : null;
    tell({ type: 'refused', code, message: error instanceof Error ? error.message : String(error) });
    port.close();
  }
}

await run();
