/** What the shell says to a person, in menus and dialogs; its pages have theirs in `pages/`. */
export const MESSAGES = {
  appName: 'Indelible',
  about: 'About Indelible',
  file: 'File',
  edit: 'Edit',
  view: 'View',
  window: 'Window',
  help: 'Help',
  openEvidence: 'Open evidence pack…',
  settings: 'Settings…',
  reload: 'Reload',
  back: 'Back',
  forward: 'Forward',
  copyLink: 'Copy link to this view',
  restartServer: 'Restart the server',
  showDataDir: 'Show the data folder',
  tiles: 'The log’s public format (c2sp.org)',
  proofs: 'The format of proofs (c2sp.org)',
  open: 'Open Indelible',
  quit: 'Quit Indelible',
  evidenceFilter: 'Evidence packs and proofs',
  chooseDataDir: 'Choose the data folder',
  chooseDataDirButton: 'Use this folder',
  status: {
    stopped: 'Not running',
    starting: 'Starting…',
    restarting: 'Restarting…',
    running: (where: string) => `Running at ${where}`,
    remote: (where: string) => `Connected to ${where}`,
    failed: 'Cannot start: open the window to see why',
  },
  evidence: {
    notOpened: 'The file cannot be opened',
    notEvidence:
      'Only evidence packs (*.evidence.zip, *.evidence) and proofs (*.tlog-proof) are opened here.',
    noFile: (path: string) => `There is no file at ${path}, or it cannot be read.`,
  },
  link: {
    notOpened: 'The link cannot be opened',
    reason: 'It is not a link to a record or to a search of this app.',
  },
  remote: {
    FORM: 'Give an address such as https://audit.example.com.',
    PLAIN_HTTP:
      'Use https: over http the token could be read on its way. Only this computer itself may use http.',
    token: 'Give a token: 20 to 512 visible characters.',
  },
  keys: {
    saveTitle: 'Save the recovery file',
    saveButton: 'Save and protect the keys',
    fileName: 'indelible-recovery.txt',
    openTitle: 'Choose the recovery file',
    openButton: 'Use this file',
    recoveryText: (secret: string, dataDir: string) =>
      'Recovery file of Indelible. The line below opens the protected signing keys of the data folder that ' +
      'is named under it, without the keychain. Keep this file apart from that computer, where nobody else ' +
      'reads it, for as long as you keep that folder or any backup of it.\n\n' +
      `${secret}\n\nData folder: ${dataDir}\n`,
    busy: 'Answer the dialog that is open first.',
    notRunning: 'Nothing was changed: that can be done only while this computer’s own server runs.',
    noKeychain: 'Nothing was changed: the system’s keychain does not keep secrets.',
    notSealed:
      'The keys were not changed: the system’s keychain did not keep what opens them. The file that was ' +
      'saved opens nothing.',
    notSaved: 'Nothing was changed: the keys are protected only when the recovery file is saved.',
    inDataDir: 'the recovery file must not lie in the data folder: both would be lost together.',
    notReadAgain: 'the recovery file could not be read again as it was written.',
    noSecret: 'there is no recovery line in this file.',
    unchanged: (reason: string) => `The keys were not changed: ${reason}`,
  },
  notKept: (reason: string) => `The settings cannot be kept: ${reason}`,
  notShown: (reason: string) => `The folder cannot be shown: ${reason}`,
  notAtLogin: (reason: string) => `Starting at login cannot be set: ${reason}`,
  aboutDetail: (app: string, electron: string, chromium: string) =>
    `Version ${app}\nElectron ${electron}, Chromium ${chromium}\nNo account, no telemetry, no calls outside.`,
  updateReady: 'An update was downloaded',
  updateDetail: (version: string) => `Version ${version} is installed when Indelible quits.`,
} as const;
