import type { ElectronApi } from './electron-api.ts';

/** Quits only when everything has stopped. */
export function quitInOrder({ app }: ElectronApi, stop: () => Promise<void>) {
  let state: 'running' | 'stopping' | 'stopped' = 'running';
  app.on('before-quit', (event) => {
    if (state === 'stopped') return;
    event.preventDefault();
    if (state === 'stopping') return;
    state = 'stopping';
    const end = (): void => {
      state = 'stopped';
      app.quit();
    };
    // A part that does not stop cleanly must not keep the app from quitting: what was acknowledged is safe.
    stop().then(end, end);
  });
  return { begun: () => state !== 'running' };
}
