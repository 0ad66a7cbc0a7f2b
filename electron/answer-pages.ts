import type { IpcMainInvokeEvent, WebContents } from 'electron';
import { type Channel, CHANNELS } from './bridge.ts';
import type { ElectronApi } from './electron-api.ts';
import { EVIDENCE_ORIGIN, originOf, SHELL_ORIGIN } from './origins.ts';

/** What answers a channel. It checks what it is given: a page may send anything. */
export type Answer = (sender: WebContents, ...values: readonly unknown[]) => unknown;

/** What answers each channel. */
export type Answers = Readonly<Record<Channel, Answer>>;

/**
 * Answers the pages: each channel only those that it is for, by the address of the frame that asks.
 *
 * @param applianceOrigin of the appliance's page that is shown now, or `null`
 */
export function answerPages(
  ipcMain: ElectronApi['ipcMain'],
  answers: Answers,
  applianceOrigin: () => string | null,
): void {
  const allowed: Readonly<Record<keyof typeof CHANNELS, () => readonly (string | null)[]>> = {
    shell: () => [SHELL_ORIGIN],
    any: () => [SHELL_ORIGIN, applianceOrigin()],
    evidence: () => [EVIDENCE_ORIGIN],
  };
  for (const kind of ['shell', 'any', 'evidence'] as const) {
    for (const channel of CHANNELS[kind]) {
      ipcMain.handle(channel, (event, ...values: readonly unknown[]) => {
        if (!isFrom(event, allowed[kind]())) throw new Error(`${channel} is not for this page.`);
        return answers[channel](event.sender, ...values);
      });
    }
  }
}

/** Only a window's own page asks, never a frame within it. */
function isFrom({ senderFrame, sender }: IpcMainInvokeEvent, origins: readonly (string | null)[]): boolean {
  if (senderFrame === null || senderFrame !== sender.mainFrame) return false;
  const origin = originOf(senderFrame.url);
  return origin !== null && origins.includes(origin);
}
