import { parentPort, workerData } from 'node:worker_threads';
import { startWriter, type WriterSettings } from './writer.ts';

/** Entry of the writer thread. */
if (parentPort) await startWriter(parentPort, workerData as WriterSettings);
