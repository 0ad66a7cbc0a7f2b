import { readFileSync } from 'node:fs';
import type { NativeImage, Tray } from 'electron';
import type { ElectronApi } from './electron-api.ts';
import { MESSAGES } from './messages.ts';

/** The icon in the system's tray. */
export interface AppTray {
  /** Says how it stands. */
  say(sentence: string): void;
  destroy(): void;
}

export interface TrayActs {
  open(): void;
  quit(): void;
}

/** Puts the icon there; `null` where the system has no tray: that is no error. */
export function createTray(
  { Tray: TrayOf, Menu, nativeImage }: Pick<ElectronApi, 'Tray' | 'Menu' | 'nativeImage'>,
  icon: string,
  platform: NodeJS.Platform,
  acts: TrayActs,
): AppTray | null {
  let tray: Tray;
  try {
    tray = new TrayOf(trayImage(nativeImage, icon, platform));
  } catch {
    // No tray on this desktop. The window says everything, too.
    return null;
  }
  const say = (sentence: string): void => {
    tray.setToolTip(`${MESSAGES.appName}: ${sentence}`);
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: sentence, enabled: false },
        { type: 'separator' },
        { label: MESSAGES.open, click: () => acts.open() },
        { label: MESSAGES.quit, click: () => acts.quit() },
      ]),
    );
  };
  tray.on('click', () => acts.open());
  say(MESSAGES.status.stopped);
  return { say, destroy: () => tray.destroy() };
}

/** A Mac draws the icon itself, in its bar's colour, out of the shape that it is given at twice the size. */
function trayImage(
  nativeImage: ElectronApi['nativeImage'],
  icon: string,
  platform: NodeJS.Platform,
): NativeImage {
  if (platform !== 'darwin') return nativeImage.createFromPath(icon);
  const image = nativeImage.createFromBuffer(readFileSync(icon), { scaleFactor: 2 });
  image.setTemplateImage(true);
  return image;
}
