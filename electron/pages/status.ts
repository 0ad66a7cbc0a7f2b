import type { ShellFailure, ShellStatus } from '#electron/bridge.ts';
import { button, element, pageElement, visible } from './element.ts';
import { shellBridge } from './shell-bridge.ts';
import { type Act, explainFailure } from './problems.ts';

/** The page that is shown while there is no appliance to show: it starts, or it cannot. */

const desktop = shellBridge();
const page = pageElement();

const ACTS: Readonly<Record<Act, { readonly label: string; readonly run: () => Promise<unknown> }>> = {
  retry: { label: 'Try again', run: () => desktop.retry() },
  choose: { label: 'Choose another folder…', run: () => desktop.chooseDataDir() },
  reset: { label: 'Use the usual folder', run: () => desktop.resetDataDir() },
  show: { label: 'Show the folder', run: () => desktop.showDataDir() },
  recover: { label: 'Use the recovery file…', run: () => desktop.useRecoveryFile() },
  settings: { label: 'Settings', run: () => desktop.openSettings() },
  disconnect: { label: 'Use this computer’s own', run: () => desktop.disconnect() },
  quit: { label: 'Quit', run: () => desktop.quit() },
};

function show(status: ShellStatus, isDefaultDataDir: boolean): void {
  switch (status.kind) {
    case 'failed':
      page.replaceChildren(failure(status, isDefaultDataDir));
      return;
    case 'restarting':
      page.replaceChildren(
        waiting(
          'The server ended and is started again',
          `Attempt ${status.attempt}. What it had acknowledged is safe.`,
          visible(status.reason),
        ),
      );
      return;
    case 'starting':
    case 'running':
      page.replaceChildren(waiting('Starting…', 'where' in status ? visible(status.where ?? '') : ''));
      return;
    case 'stopped':
      page.replaceChildren(waiting('One moment…'));
  }
}

function waiting(title: string, ...sentences: readonly string[]): HTMLElement {
  return element(
    'main',
    { class: 'waiting' },
    element('div', { role: 'status' }, element('h1', {}, title)),
    element('progress', { 'aria-label': title }),
    ...sentences.filter((sentence) => sentence !== '').map((text) => element('p', { class: 'muted' }, text)),
  );
}

function failure(status: ShellFailure, isDefaultDataDir: boolean): HTMLElement {
  const { title, meaning, steps, acts } = explainFailure(status, isDefaultDataDir);
  const heading = element('h1', { tabindex: '-1' }, title);
  const facts = element('dl', { class: 'facts' });
  const say = (name: string, text: string | null): void => {
    if (text !== null && text !== '')
      facts.append(element('dt', {}, name), element('dd', { class: 'mono' }, visible(text)));
  };
  say(status.isRemote ? 'Appliance' : 'Data folder', status.where);
  say('Reason', status.message);
  say('Code', status.code);
  const made = element(
    'main',
    { class: 'failure' },
    element('div', { role: 'alert' }, heading, element('p', {}, meaning)),
    facts,
    element('h2', {}, 'What you can do'),
    element('ol', {}, ...steps.map((step) => element('li', {}, step))),
    element('div', { class: 'acts' }, ...acts.map((act, at) => actButton(act, at === 0))),
    element(
      'p',
      { class: 'muted' },
      'Evidence packs need no server: ',
      button('open one', () => void desktop.openEvidence(), 'link'),
      ', or drop it here.',
    ),
    ...logOf(status.log),
  );
  // So that whoever hears the page begins with what happened.
  queueMicrotask(() => heading.focus());
  return made;
}

function actButton(act: Act, isFirst: boolean): HTMLButtonElement {
  const { label, run } = ACTS[act];
  return button(label, () => void run(), isFirst ? 'button primary' : 'button');
}

function logOf(lines: readonly string[]): readonly HTMLElement[] {
  if (lines.length === 0) return [];
  const text = lines.map(visible).join('\n');
  return [
    element(
      'details',
      {},
      element('summary', {}, `The server’s last words (${lines.length} lines)`),
      element('pre', { class: 'log', tabindex: '0', 'aria-label': 'Log' }, text),
    ),
  ];
}

async function refresh(): Promise<void> {
  const [status, settings] = await Promise.all([desktop.status(), desktop.settings()]);
  show(status, settings.isDefaultDataDir);
}

desktop.onStatus(() => void refresh());
void refresh();
