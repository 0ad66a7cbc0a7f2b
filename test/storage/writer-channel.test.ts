import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openWriterChannel } from '#server/storage/sqlite/writer-channel.ts';
import { temporaryFolder } from '#test/support/temporary-folder.ts';

/** A thread that is ready at once and does this with each message. */
function threadThat(does: string): URL {
  const file = join(temporaryFolder(), 'thread.mjs');
  writeFileSync(
    file,
    `import { parentPort } from 'node:worker_threads';
     parentPort.on('message', ({ call }) => { ${does} });
     parentPort.postMessage({ type: 'ready', status: { outage: null, readOnly: null } });`,
  );
  return pathToFileURL(file);
}

describe('the channel to the writer thread', () => {
  it('refuses everyone who waits or asks once the thread has crashed, and tells of it once', async () => {
    const crashes: string[] = [];
    const { channel } = await openWriterChannel(
      threadThat("throw new Error('broken')"),
      null,
      () => undefined,
      (error) => crashes.push(error.message),
    );
    const { answer, settled } = channel.accept({ ledger: 'acme', lines: '', settle: true });
    await expect(answer).rejects.toThrow('broken');
    await expect(settled).rejects.toThrow('broken');
    // The thread's exit has been told when it is closed.
    await channel.close();
    await expect(channel.ask('depth', null)).rejects.toThrow('broken');
    await expect(channel.ask('stop', { drainMs: 1000 })).rejects.toThrow('broken');
    expect(crashes).toEqual(['broken']);
  });
});
