/** Longer than this the page is not kept from drawing and from hearing keys. */
const BUSY_MS = 12;

/**
 * Gives a function to be awaited often in long work: it lets the page draw where the work has gone on for a
 * while, and costs nearly nothing otherwise.
 */
export function createBreather(): () => Promise<void> {
  const channel = new MessageChannel();
  channel.port1.start();
  let since = performance.now();
  return async () => {
    if (performance.now() - since < BUSY_MS) return;
    // A message, not a timer: timers wait four milliseconds, and a second in a tab that is not shown.
    await new Promise<void>((resolve) => {
      channel.port1.addEventListener('message', () => resolve(), { once: true });
      channel.port2.postMessage(null);
    });
    since = performance.now();
  };
}
