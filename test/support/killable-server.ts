import { createApp } from '#server/app.ts';
import { loadConfig, readEnvironment } from '#server/config.ts';

/** The appliance as a child process whose writer thread can be told where to die. Prints its address. */
const app = createApp(loadConfig({ env: readEnvironment() }), {
  writerThread: new URL('./killing-writer.ts', import.meta.url),
  onCrash: (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
});
const { url, readOnly } = await app.start();
process.stdout.write(`${JSON.stringify({ url, readOnly })}\n`);
process.once('SIGTERM', () => {
  void app.stop().then(() => process.exit(0));
});
