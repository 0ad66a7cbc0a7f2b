import type { ShellFailure } from '#electron/bridge.ts';

/** What a failure is called, what it means, and what can be done about it. */
export interface Explanation {
  readonly title: string;
  readonly meaning: string;
  /** One step each. */
  readonly steps: readonly string[];
  readonly acts: readonly Act[];
}

/** What a page offers; the first is what helps most often. */
export type Act = 'retry' | 'choose' | 'show' | 'reset' | 'recover' | 'settings' | 'disconnect' | 'quit';

const AGAIN: Explanation = {
  title: 'The server cannot start',
  meaning: 'It gave the reason below. Nothing that was recorded is lost by that.',
  steps: ['Try again.', 'If it fails again, keep the text above: it is what whoever helps you needs.'],
  acts: ['retry', 'choose', 'quit'],
};

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  DATA_DIR_LOCKED: {
    title: 'The data folder is in use',
    meaning: 'Another process records into it, and only one may: two would fork the ledger.',
    steps: [
      'Stop that process: it is named above. It may be a server that was started by hand or as a service.',
      'Or leave it running and connect to it instead: Settings, Remote appliance.',
      'Or choose another folder, with a ledger of its own.',
    ],
    acts: ['retry', 'settings', 'choose', 'quit'],
  },
  DATA_DIR_UNUSABLE: {
    title: 'The data folder cannot be used',
    meaning: 'It cannot be created, read or written, or what lies in it is damaged.',
    steps: [
      'Look at the reason above: often the disk is not connected, or the folder belongs to another user.',
      'If the database is damaged, keep a copy of the folder as it is and put back the newest backup.',
      'Or choose another folder. Nothing is moved or removed.',
    ],
    acts: ['retry', 'choose', 'show', 'quit'],
  },
  DATA_DIR_NEWER: {
    title: 'The data folder is from a newer version',
    meaning: 'A newer Indelible has written here. This one does not touch what it does not know.',
    steps: ['Install the newer version again.', 'Or choose another folder.'],
    acts: ['choose', 'retry', 'quit'],
  },
  STORAGE_UNAVAILABLE: {
    title: 'The disk does not take any more',
    meaning:
      'The database could not be opened or written: mostly because the disk is full or was taken away.',
    steps: [
      'Make room on the disk. Never remove files of the data folder for that.',
      'Connect the disk again if it was removable.',
      'Then try again: everything that was acknowledged is still there.',
    ],
    acts: ['retry', 'show', 'choose', 'quit'],
  },
  SIGNING_KEY_MISSING: {
    title: 'A signing key is missing',
    meaning: 'The ledger’s key is not in the data folder or cannot be read, so nothing can be signed.',
    steps: [
      'Put the folder “keys” back from your backup, as it was.',
      'Do not start anew with this folder: the ledger keeps its key for ever.',
    ],
    acts: ['retry', 'show', 'choose', 'quit'],
  },
  KEYS_PROTECTED: {
    title: 'The keys do not open',
    meaning:
      'The signing keys of this data folder are protected, and this app has not what opens them. The ' +
      'records and the keys are all still there.',
    steps: [
      'Use the recovery file that was saved when the protection was turned on.',
      'Or put the settings of this app back from a backup, then try again.',
      'Do not remove the keys: the ledger keeps them for ever.',
    ],
    acts: ['recover', 'retry', 'choose', 'quit'],
  },
  KEYCHAIN_LOST: {
    title: 'The keychain does not open the keys',
    meaning:
      'The signing keys are protected with the system’s keychain, and it does not give back what was kept ' +
      'in it: it is locked, was made anew, or belongs to another user or computer. Nothing is lost by that.',
    steps: [
      'If the keychain is locked, unlock it, then try again.',
      'Otherwise use the recovery file that was saved when the protection was turned on.',
      'Do not remove the keys: the ledger keeps them for ever.',
    ],
    acts: ['recover', 'retry', 'choose', 'quit'],
  },
  CONFIG_INVALID: {
    title: 'A setting is not valid',
    meaning: 'The server refuses to start with it, rather than to guess what was meant.',
    steps: ['Correct the setting that is named above, then try again.'],
    acts: ['retry', 'choose', 'settings', 'quit'],
  },
  SERVER_CRASHED: {
    title: 'The server keeps ending',
    meaning: 'It was started again several times and ended each time. What it had acknowledged is safe.',
    steps: [
      'Try again: it may have been short of memory.',
      'If it ends again, keep the log below: it is what whoever helps you needs.',
      'Evidence packs can be opened meanwhile, they need no server.',
    ],
    acts: ['retry', 'choose', 'show', 'quit'],
  },
  REMOTE_UNREACHABLE: {
    title: 'The remote appliance does not answer',
    meaning: 'It is not running, or cannot be reached from here, or its certificate is not trusted.',
    steps: ['Look whether the network works, then try again.', 'Ask whoever runs it.'],
    acts: ['retry', 'settings', 'disconnect', 'quit'],
  },
  REMOTE_REFUSED: {
    title: 'The remote appliance refused the token',
    meaning: 'The token is not known there any more: it was revoked, or its time has ended.',
    steps: ['Get another token from whoever runs it, and give it in the settings.'],
    acts: ['settings', 'retry', 'disconnect', 'quit'],
  },
  REMOTE_OTHER: {
    title: 'There is no appliance at this address',
    meaning: 'Something answers, but not as an Indelible does that this app can work with.',
    steps: ['Look at the address in the settings.', 'It may be an older version that knows no sign-in.'],
    acts: ['settings', 'retry', 'disconnect', 'quit'],
  },
  REMOTE_TOKEN_MISSING: {
    title: 'The token is needed again',
    meaning: 'There is no keychain that keeps it, or the keychain does not give it back.',
    steps: ['Give the token once more in the settings.'],
    acts: ['settings', 'disconnect', 'quit'],
  },
};

const RESET = 'The folder was chosen in the settings; the usual one can be used again.';

/** Explains a failure to a person. A code that is not known is explained as far as it can be. */
export function explainFailure({ code, isRemote }: ShellFailure, isDefaultDataDir: boolean): Explanation {
  const found = (code === null ? undefined : EXPLANATIONS[code]) ?? AGAIN;
  if (isRemote || isDefaultDataDir) return found;
  return { ...found, steps: [...found.steps, RESET], acts: [...found.acts.slice(0, -1), 'reset', 'quit'] };
}
