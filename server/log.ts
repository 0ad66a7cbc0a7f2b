import { destination, type Logger as PinoLogger, pino } from 'pino';

/** The log, as much of it as the code uses: structured fields first, then a sentence. */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

/**
 * JSON lines to standard output, written at once: a line that was logged before a crash is there after it.
 */
export function createLog(level: string): Logger {
  return pino({ level, base: { pid: process.pid } }, destination({ fd: 1, sync: true }));
}
