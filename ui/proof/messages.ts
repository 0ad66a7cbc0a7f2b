import { defineMessages } from '#ui/app/messages.ts';
import { countOf, countText } from '#ui/parts/number-text.ts';
import type { AlarmKind } from './checkpoint-memory.ts';
import type { ProofStep, ProofStepName, ProofVerdict } from './proof-step.ts';

const ALARMS: Readonly<Record<AlarmKind, string>> = {
  KEY_CHANGED: 'The ledger shows another key, or another origin, than this browser remembers.',
  SIGNATURE_INVALID: 'The newest checkpoint is not validly signed by the ledger’s key.',
  ROOT_CHANGED: 'A checkpoint of the same size has another root than the one this browser remembers.',
  SHRUNK: 'The ledger is smaller than the checkpoint that this browser remembers: records are gone.',
  NOT_CONSISTENT:
    'The ledger does not begin with the records that this browser remembers: some were altered or removed.',
  MEMORY_DAMAGED:
    'What this browser remembered of the ledger was altered, and nothing can be compared with it.',
};

const TITLES: Readonly<Record<ProofStepName, string>> = {
  CONTENT: 'Content → commitments',
  ENTRY: 'Commitments → entry',
  LEAF: 'Entry → leaf',
  PATH: 'Leaf → root',
  SIGNATURE: 'Root → signed checkpoint',
  WITNESSES: 'Witnesses',
  MEMORY: 'Remembered checkpoint',
};

const MEANINGS: Readonly<Record<ProofStepName, string>> = {
  CONTENT: 'Each section’s text and its salt hash to the commitment that stands for it.',
  ENTRY: 'The entry holds these commitments and no others, and names this ledger and this index.',
  LEAF: 'The entry’s hash is the leaf of the tree.',
  PATH: 'Hashed with its neighbours, level by level, the leaf gives the root of the tree.',
  SIGNATURE: 'The ledger’s key signed this root and the number of records under it.',
  WITNESSES: 'Others confirmed that they were shown the same checkpoint.',
  MEMORY: 'The ledger still begins with everything that this browser saw of it before.',
};

const STATES: Readonly<Record<ProofStep['state'], string>> = {
  CHECKING: 'checking',
  WAITING: 'waiting',
  HOLDS: 'holds',
  BROKEN: 'broken',
  UNCHECKED: 'not checked',
  NONE: 'nothing to check',
};

const VERDICTS: Readonly<Record<ProofVerdict, string>> = {
  VERIFIED: 'Verified',
  CHECKING: 'Checking…',
  WAITING: 'Waiting for a checkpoint',
  BROKEN: 'Broken',
  CONTENT_UNCHECKED: 'In the ledger’s tree, content not checked',
  CONTENT_GONE: 'In the ledger’s tree, content erased or withheld',
  PARTLY: 'In the ledger’s tree, not everything checked',
  UNPROVEN: 'Not proven',
};

const SENTENCES: Readonly<Record<ProofVerdict, string>> = {
  VERIFIED: 'Every step was computed in this browser: what is shown is what the ledger’s tree holds.',
  CHECKING: 'The steps are being computed in this browser.',
  WAITING: 'A checkpoint that covers this record is signed soon. The check goes on by itself.',
  BROKEN: 'What is shown here contradicts itself or what was there before. Do not rely on it.',
  CONTENT_UNCHECKED:
    'The entry is where the signed checkpoint says. Whether it commits to the shown content was not checked.',
  CONTENT_GONE: 'The entry is where the signed checkpoint says. There is no content left to compare it with.',
  PARTLY: 'The entry is where the signed checkpoint says. What was not checked stands below.',
  UNPROVEN: 'Whether the record is in the ledger’s tree could not be checked. Why stands below.',
};

export const messages = defineMessages({
  verdict: (verdict: ProofVerdict) => VERDICTS[verdict],
  verdictSentence: (verdict: ProofVerdict) => SENTENCES[verdict],
  brokenSteps: (steps: string) => `Broken: ${steps}.`,
  uncheckedSteps: (steps: string) => `Not checked: ${steps}.`,
  checkAgain: 'Check again',
  steps: 'Steps of the proof',
  stepTitle: (step: ProofStepName) => TITLES[step],
  stepMeaning: (step: ProofStepName) => MEANINGS[step],
  stepState: (state: ProofStep['state']) => STATES[state],

  asking: 'Asking the appliance…',
  askingSalts: 'Asking for the salts…',
  notAnswered: (why: string) => `It could not be checked: ${why}`,

  contentUnchecked: 'The shown content was not compared with its commitments: that needs the salts.',
  contentNeedsScope: 'This sign-in may not see salts: it needs the scope records:reveal.',
  checkContent: 'Check the content, too',
  saltsRecorded: 'It asks for the salts of this record, and that is recorded in the ledger “system”.',
  contentGone: 'There is no content to check: all of it was erased or is withheld.',
  contentHolds: (count: number, erased: string) =>
    erased === ''
      ? `${countOf(count, 'section matches its commitment', 'sections match their commitments')}.`
      : `${countOf(count, 'section matches its commitment', 'sections match their commitments')}. ` +
        `Erased, as the appliance says, so that only the commitment is left: ${erased}.`,
  contentWithheld: (names: string) =>
    `What is shown matches its commitments. The content of ${names} is not shown, and so was not checked.`,
  contentBroken: (problems: string) => `The content is not what was recorded: ${problems}.`,
  contentWithoutEntry: 'The entry cannot be read, so there is no commitment to compare with.',
  saltMissing: (name: string) => `The appliance gave no valid salt for the section “${name}”.`,
  notWellFormed: (name: string) => `“${name}” is not valid Unicode`,

  entryHolds: (count: number) =>
    `The entry is in its strict form and commits to ${countOf(count, 'section', 'sections')}.`,
  entryBroken: (problem: string) => `The entry is not one: ${problem}.`,
  entryOtherLedger: (ledger: string) => `The entry is of the ledger “${ledger}”.`,
  entryOtherIndex: (index: number) => `The entry is of record ${countText(index)}.`,
  commitmentBroken: (name: string) => `The commitment of the section “${name}” is not the one in the entry.`,
  sectionsMissing: (names: string) => `The entry commits to ${names}, of which the appliance says nothing.`,
  sectionTwice: (name: string) => `The appliance lists the section “${name}” twice.`,
  genesisBroken: 'The first entry does not name the ledger’s origin.',
  leafHolds: 'The hash that was computed here is the one that the appliance names.',
  leafBroken: (hash: string) => `The entry hashes to ${hash}, which is not what the appliance names.`,
  pathHolds: (hashes: number, size: number) =>
    `${countOf(hashes, 'hash leads', 'hashes lead')} to the root over ${countOf(size, 'record', 'records')}.`,
  pathBroken: (size: number) =>
    `The path does not lead to the root that was signed over ${countOf(size, 'record', 'records')}.`,
  pathOther: (index: number, size: number) =>
    `The path is one of record ${countText(index)} in a tree of ${countText(size)}.`,
  pathOtherRoot: 'The path claims another root than the one that was signed.',
  pathWithoutRoot: 'There is no root with a valid signature that the path could lead to.',
  noPath: 'The appliance has no path for the record, though the checkpoint covers it.',
  noCheckpoint: 'The ledger has no checkpoint yet.',
  notCovered: (size: number) =>
    `The newest checkpoint covers the first ${countOf(size, 'record', 'records')}; this one comes later.`,

  noteBroken: (problem: string) => `The checkpoint is not one of the ledger: ${problem}.`,
  noteOtherOrigin: (origin: string) => `The checkpoint is of the origin “${origin}”.`,
  noteOtherSize: (signed: number, said: number) =>
    `The appliance says ${countText(said)} records; what was signed says ${countText(signed)}.`,
  noteOtherRoot: 'The root that the appliance names is not the one that was signed.',
  signedByKnownKey: (ms: number) =>
    `The signature is by the key that this browser has known since ${dayText(ms)}.`,
  signedByNewKey:
    'The signature is by the key that the appliance gave just now. Compare it with one from elsewhere.',
  noWitnesses: 'No witness cosigned this checkpoint.',
  witnessesHold: (names: string) => `Cosigned, with the keys that the appliance names, by ${names}.`,
  witnessBroken: (name: string, problem: string) => `The cosignature of ${name} is not valid: ${problem}.`,
  witnessUnchecked: (names: string) => `This browser cannot check the kind of signature of ${names}.`,

  firstSeen: 'This browser sees the ledger for the first time. From now on it remembers this checkpoint.',
  nothingKept: 'This browser keeps nothing for this page, so there is nothing to compare with.',
  sameAsRemembered: 'It is the very checkpoint that this browser remembers.',
  grown: (from: number, to: number) =>
    `The ${countText(from)} records that this browser remembers are the first of these ${countText(to)}.`,
  older: (from: number, to: number) =>
    `These ${countText(from)} records are the first of the ${countText(to)} that this browser remembers.`,
  noConsistency: (why: string) => `The appliance gave no proof to compare with: ${why}`,
  noProofGiven: 'there is none for this ledger.',
  noLedger: (ledger: string) => `There is no ledger “${ledger}”.`,
  overtaken: 'Another window of this browser looks at the ledger at the same time. Check again.',
  contradicts: 'The ledger contradicts what this browser remembers.',

  alarmTitle: 'The ledger contradicts what this browser saw before',
  alarm: (kind: AlarmKind) => ALARMS[kind],
  alarmFound: (ms: number) => `Found on ${timeText(ms)}.`,
  alarmAdvice:
    'Keep both statements: two validly signed ones that contradict each other prove that it was altered.',
  rememberedSide: (size: string, root: string) => `Remembered: ${size}, root ${root}`,
  shownSide: (size: string, root: string) => `Shown: ${size}, root ${root}`,
  recordsOf: (size: number) => countOf(size, 'record', 'records'),
  copyEvidence: 'Copy both statements',
  forget: 'Forget and begin anew…',
  forgetTitle: 'Forget what this browser saw?',
  forgetSentence:
    'The alarm ends, and what the ledger shows next is taken as its beginning. Copy both statements first.',
  forgetNow: 'Forget',
  cancel: 'Cancel',

  tree: 'The path in the tree',
  treeAlt: (index: string, levels: string, size: string) =>
    `Record ${index} is joined with ${levels} up to the root over ${size}.`,
  neighbours: (count: number) => countOf(count, 'neighbouring hash', 'neighbouring hashes'),
  pathList: 'The path as a list',
  leafIs: 'Leaf',
  joinedLeft: 'with the hash on its left',
  joinedRight: 'with the hash on its right',
  rootIs: 'gives',
  checkpointOf: (size: string) => `checkpoint · ${size}`,
  leafOf: (index: string) => `record ${index}`,
  sectionState: (name: string, state: string) => `${name}: ${state}`,
  present: 'present',
  erased: 'erased',
  withheld: 'withheld',

  key: 'Key',
  theKey: 'the verifier key',
  keyMeaning: 'Compare it with one that you got from elsewhere, not from this appliance.',
  file: 'As a file',
  copyFile: 'Copy as .tlog-proof',
  saveFile: 'Save',
  fileRecorded: 'It holds content and salts. Whoever asks for it is recorded in the ledger “system”.',
  fileNeedsScope: 'A file that proves itself holds salts: it needs the scope records:reveal.',
  filePending: 'No checkpoint covers the record yet. The file comes as soon as one does.',
  fileAsked: 'Asking for the file…',
  fileBroken: (problem: string) => `The file that the appliance gave does not verify: ${problem}`,
  fileSaved: (name: string) => `Saved ${name}`,
  noSuchRecord: 'The appliance has no such record any more.',
});

function dayText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
