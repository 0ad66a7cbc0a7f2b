import { ANSWER_TIMEOUT_MS, openPool } from './storage/postgres/open.ts';
import { createLog } from './log.ts';
import { createPostgresLedgerEvents } from './storage/postgres/ledger-events.ts';
import { startBoss } from './storage/postgres/start-boss.ts';
import type { DataDir } from './storage/data-dir.ts';
import type { Config } from './config.ts';
import { type Recording, type RecordingDeps, startRecording } from './start-recording.ts';
import { startSystemTimer } from './worker/timer.ts';

/** Connections of a worker beside one for each batch in hand. */
const SPARE = 4;

/** What recording needs to know; all of it can be sent to a thread. */
export interface RecordingSettings {
  readonly config: Config;
  readonly dataDir: DataDir;
  readonly databaseUrl: string;
}

/** Opens what recording stands on, connections of its own included, and starts it. */
export async function openRecording(
  { config, dataDir, databaseUrl }: RecordingSettings,
  told: Pick<RecordingDeps, 'onRecorded' | 'onStatus'>,
): Promise<Recording> {
  const log = createLog(config.logLevel);
  const onError = (error: unknown): void => log.warn({ err: error }, 'A connection to the database broke.');
  const pool = openPool(databaseUrl, {
    max: config.workerConcurrency + SPARE,
    name: 'indelible recording',
    onError,
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
  });
  const events = createPostgresLedgerEvents({
    url: databaseUrl,
    name: 'indelible recording events',
    startTimer: startSystemTimer,
    onError,
  });
  const close = async (): Promise<void> => {
    await events.stop();
    await pool.end();
  };
  let boss: Awaited<ReturnType<typeof startBoss>> | null = null;
  try {
    boss = await startBoss(pool, {
      queueName: config.queueName,
      maintains: true,
      onError: (error) => log.warn({ err: error }, 'The queue met an error.'),
    });
    const recording = await startRecording({ config, dataDir, log, pool, boss, events, ...told });
    events.onQueued(() => recording.wake());
    const started = boss;
    return {
      ...recording,
      async stop() {
        await recording.stop();
        await started.stop({ close: false, graceful: false });
        await close();
      },
    };
  } catch (error) {
    // Its timers would keep a thread alive that nobody waits for.
    await boss?.stop({ close: false, graceful: false });
    await close();
    throw error;
  }
}
