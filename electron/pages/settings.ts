import type { KeychainState, Refusal, SettingsChange, SettingsView } from '#electron/bridge.ts';
import { button, element, pageElement, visible } from './element.ts';
import { shellBridge } from './shell-bridge.ts';

/** The app's own settings; those of the appliance are on its page. */

const desktop = shellBridge();
const page = pageElement();
const said = element('p', { class: 'said', role: 'status' });

const KEYCHAIN: Readonly<Record<KeychainState, string>> = {
  KEPT: 'The token is kept in this computer’s keychain.',
  NONE:
    'This computer has no keychain that can be used, so the token is not kept: you are asked for it at ' +
    'each start.',
  PLAIN:
    'No keyring runs on this desktop (for example GNOME Keyring or KWallet), so the token is not kept: you ' +
    'are asked for it at each start.',
};

const KEYS = {
  off:
    'The keys are files in the data folder that only your user may read (mode 0600). Protected, they are ' +
    'encrypted there. First you save a recovery file: without the keychain and that file the ledger ' +
    'can never be signed again. The administrator’s token stays a plain file, and so do copies of the keys ' +
    'that were made before.',
  on:
    'The keys are encrypted in the data folder. Keep the recovery file for as long as this folder or any ' +
    'backup of it. Turned off, the keys are plain files again that only your user may read.',
} as const;

const KEYS_KEYCHAIN: Readonly<Record<KeychainState, string>> = {
  KEPT: 'This computer’s keychain keeps what opens protected keys.',
  NONE: 'This computer has no keychain that can be used.',
  PLAIN: 'No keyring that keeps secrets runs on this desktop (for example GNOME Keyring or KWallet).',
};

function tell(refusal: Refusal, done: string): void {
  said.textContent = refusal ?? done;
  said.classList.toggle('problem', refusal !== null);
}

function show(settings: SettingsView): void {
  const scroll = document.scrollingElement?.scrollTop ?? 0;
  page.replaceChildren(
    element(
      'main',
      { class: 'settings' },
      element(
        'header',
        {},
        element('h1', {}, 'Settings of this app'),
        button('Close', () => void desktop.closeSettings()),
      ),
      said,
      dataSection(settings),
      keysSection(settings),
      remoteSection(settings),
      startSection(settings),
      updateSection(settings),
      aboutSection(settings),
    ),
  );
  document.scrollingElement?.scrollTo({ top: scroll });
}

function section(id: string, title: string, ...children: readonly (Node | string)[]): HTMLElement {
  return element('section', { 'aria-labelledby': id }, element('h2', { id }, title), ...children);
}

function dataSection({ dataDir, isDefaultDataDir, remoteUrl }: SettingsView): HTMLElement {
  const reset = button('Use the usual folder', () => void desktop.resetDataDir());
  reset.hidden = isDefaultDataDir;
  const showIt = button('Show it', () => void desktop.showDataDir().then((refusal) => tell(refusal, '')));
  showIt.hidden = dataDir === null;
  return section(
    'data',
    'Data folder',
    element(
      'p',
      { class: 'mono path' },
      dataDir === null ? 'The usual one of this computer' : visible(dataDir),
    ),
    element(
      'p',
      { class: 'muted' },
      'Records, keys and the administrator’s token lie here. Choosing another folder moves nothing: the ' +
        'server stops, and starts with what is in the other one, or with an empty ledger.',
    ),
    ...(remoteUrl === null
      ? []
      : [element('p', { class: 'muted' }, 'Not in use while a remote appliance is.')]),
    element(
      'div',
      { class: 'acts' },
      button('Choose another folder…', () => void desktop.chooseDataDir()),
      reset,
      showIt,
    ),
  );
}

function keysSection({ areKeysProtected, keychain, remoteUrl }: SettingsView): HTMLElement {
  const input = element('input', { type: 'checkbox', 'aria-describedby': 'keys-hint keys-keychain' });
  input.checked = areKeysProtected;
  // Off is always possible: who has no keychain any more must not be kept in it.
  input.disabled = remoteUrl !== null || (keychain !== 'KEPT' && !areKeysProtected);
  input.addEventListener('change', () => {
    const wanted = input.checked;
    input.disabled = true;
    void (wanted ? desktop.protectKeys() : desktop.unprotectKeys()).then((refusal) => {
      input.disabled = false;
      if (refusal !== null) input.checked = !wanted;
      tell(refusal, 'The server starts anew…');
    });
  });
  return section(
    'keys',
    'Signing keys',
    element('label', { class: 'choice' }, input, 'Protect the keys with the system’s keychain'),
    element('p', { id: 'keys-hint', class: 'muted' }, KEYS[areKeysProtected ? 'on' : 'off']),
    element(
      'p',
      { id: 'keys-keychain', class: keychain === 'KEPT' ? 'muted' : 'attention' },
      KEYS_KEYCHAIN[keychain],
    ),
  );
}

function remoteSection({ remoteUrl, keychain }: SettingsView): HTMLElement {
  const attributes = { autocomplete: 'off', spellcheck: 'false', class: 'input', required: true };
  const url = element('input', {
    ...attributes,
    id: 'remote-url',
    type: 'url',
    placeholder: 'https://audit.example.com',
  });
  url.value = remoteUrl ?? '';
  const token = element('input', {
    ...attributes,
    id: 'remote-token',
    type: 'password',
    'aria-describedby': 'keychain',
  });
  const form = element(
    'form',
    {},
    element('label', { for: 'remote-url' }, 'Address'),
    url,
    element('label', { for: 'remote-token' }, 'Token'),
    token,
    element('p', { id: 'keychain', class: keychain === 'KEPT' ? 'muted' : 'attention' }, KEYCHAIN[keychain]),
    element('div', { class: 'acts' }, element('button', { type: 'submit', class: 'button' }, 'Connect')),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void desktop.connect(url.value, token.value).then((refusal) => {
      if (refusal === null) token.value = '';
      tell(refusal, 'Connecting…');
    });
  });
  const back = button('Use this computer’s own again', () => void desktop.disconnect());
  back.hidden = remoteUrl === null;
  return section(
    'remote',
    'Remote appliance',
    element(
      'p',
      {},
      remoteUrl === null
        ? 'This app runs a server of its own. It can show an appliance elsewhere instead.'
        : `Connected to ${visible(remoteUrl)}; the own server does not run.`,
    ),
    form,
    back,
  );
}

function startSection({ startAtLogin, keepRunning }: SettingsView): HTMLElement {
  return section(
    'start',
    'Start and stop',
    choice('Start when I log in', startAtLogin, (on) => ({ startAtLogin: on })),
    choice('Go on recording when the window is closed', keepRunning, (on) => ({ keepRunning: on })),
    element(
      'p',
      { class: 'muted' },
      'It then stays in the system’s tray. On a desktop without one, start the app again to see the window.',
    ),
  );
}

function choice(label: string, isOn: boolean, toChange: (isOn: boolean) => SettingsChange): HTMLElement {
  const input = element('input', { type: 'checkbox' });
  input.checked = isOn;
  input.addEventListener('change', () => {
    void desktop.changeSettings(toChange(input.checked)).then((refusal) => {
      if (refusal !== null) input.checked = !input.checked;
      tell(refusal, 'Kept.');
    });
  });
  return element('label', { class: 'choice' }, input, label);
}

function updateSection({ updateUrl }: SettingsView): HTMLElement {
  const input = element('input', {
    id: 'update-url',
    class: 'input',
    type: 'url',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-describedby': 'update-hint',
  });
  input.value = updateUrl ?? '';
  const form = element(
    'form',
    {},
    element('label', { for: 'update-url' }, 'Address of updates'),
    input,
    element(
      'p',
      { id: 'update-hint', class: 'muted' },
      'Empty: nobody is asked for updates. Otherwise this address is asked once a day, over https.',
    ),
    element('div', { class: 'acts' }, element('button', { type: 'submit', class: 'button' }, 'Keep')),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const given = input.value.trim();
    void desktop.changeSettings({ updateUrl: given === '' ? null : given }).then(
      (refusal) => tell(refusal, 'Kept.'),
      () => tell('Give an address that begins with https://, or none.', ''),
    );
  });
  return section('updates', 'Updates', form);
}

function aboutSection({ versions }: SettingsView): HTMLElement {
  const facts = element('dl', { class: 'facts' });
  for (const [name, version] of [
    ['Indelible', versions.app],
    ['Electron', versions.electron],
    ['Chromium', versions.chromium],
  ] as const)
    facts.append(element('dt', {}, name), element('dd', { class: 'mono' }, version));
  return section(
    'about',
    'About',
    facts,
    element('p', { class: 'muted' }, 'No account, no telemetry, no calls outside.'),
  );
}

async function refresh(): Promise<void> {
  show(await desktop.settings());
}

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') void desktop.closeSettings();
});
desktop.onStatus(() => void refresh());
void refresh();
