import type { AppUpdater } from 'electron-updater';

/** Looks for updates, where the person has said at which address. */
export interface Updates {
  /** Looks there from now on; `null`: nowhere, nobody is asked for anything. */
  use(url: string | null): Promise<void>;
}

const AGAIN_MS = 24 * 60 * 60_000;

export interface UpdatesDeps {
  /** Loads the updater; not done before an address is given. */
  readonly load: () => Promise<AppUpdater>;
  readonly onReady: (version: string) => void;
}

/** Off until it is given an address. */
export function createUpdates({ load, onReady }: UpdatesDeps): Updates {
  let timer: NodeJS.Timeout | null = null;
  let updater: AppUpdater | null = null;
  const look = (): void => {
    // Where the address does not answer there is no update: it is asked again tomorrow.
    updater?.checkForUpdates().catch(() => undefined);
  };
  return {
    async use(url) {
      if (timer !== null) clearInterval(timer);
      timer = null;
      if (url === null) return;
      if (updater === null) {
        updater = await load();
        updater.on('update-downloaded', ({ version }) => onReady(version));
        // Without a listener an address that does not answer would end the app.
        updater.on('error', () => undefined);
      }
      updater.setFeedURL({ provider: 'generic', url });
      timer = setInterval(look, AGAIN_MS);
      look();
    },
  };
}
