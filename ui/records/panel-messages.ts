import { defineMessages } from '#ui/app/messages.ts';
import type { RecordTab } from '#ui/search/view.ts';
import type { FieldChange } from './panel-diff.ts';

const TABS: Readonly<Record<RecordTab, string>> = {
  changes: 'Changes',
  fields: 'Fields',
  raw: 'Raw',
  around: 'Around',
  proof: 'Proof',
};
const KINDS: Readonly<Record<FieldChange['kind'], string>> = {
  ADDED: 'added',
  REMOVED: 'removed',
  CHANGED: 'changed',
};
const FORMS: Readonly<Record<'TEXT' | 'HEX' | 'BASE64', string>> = {
  TEXT: 'Text',
  HEX: 'Hex',
  BASE64: 'Base64',
};
const STATUSES: ReadonlyMap<string, string> = new Map([
  ['success', 'Success'],
  ['failure', 'Failure'],
  ['attempt', 'Attempt'],
]);

export const messages = defineMessages({
  group: 'Record',
  recordNo: (index: string) => `Record ${index}`,
  loading: 'Loading the record…',
  missing: (index: string) => `The ledger has no record ${index}.`,
  back: 'Back to the list',
  close: 'Close the record',
  previous: 'Previous record in the ledger',
  next: 'Next record in the ledger',
  panelWidth: 'Width of the record',
  tabs: 'Parts of the record',
  tab: (tab: RecordTab) => TABS[tab],
  showTab: (tab: string) => `Show ${tab}`,
  opened: (index: number) => `Record ${index} is open`,

  status: 'Status',
  statusWord: (status: string) => STATUSES.get(status) ?? status,
  occurred: 'Happened',
  recorded: 'Recorded',
  eventId: 'Event id',
  theEventId: 'the event id',
  notKnown: 'Not known',

  eventErased: 'What happened was erased',
  eventUnreadable: 'What happened cannot be read',
  erasedActor: 'Someone whose name was erased',
  noActor: 'Someone who is not named',
  failedTo: (verb: string) => `failed to ${verb}`,
  triedTo: (verb: string) => `tried to ${verb}`,
  on: 'on',

  pivot: (noun: string) => `Search the same ${noun}`,
  noPivot: (noun: string) => `This record has no ${noun}.`,
  nextOfRequest: 'Next record of the same request',
  previousOfRequest: 'Previous record of the same request',
  lastOfRequest: (through: string) => `The last record of its request, of those up to ${through}.`,
  firstOfRequest: 'This is the first record of its request.',
  verify: 'Check the proof of the record',
  request: 'request',
  session: 'session',
  correlation: 'correlation id',
  actor: 'actor',
  target: 'target',
  ipAddress: 'IP address',

  noChanges: 'The event says nothing of changes. These are its fields.',
  changesErased: 'What changed was erased. These are the other fields.',
  nothingDiffers: 'Before and after are the same.',
  changesList: 'What changed',
  changeKind: (kind: FieldChange['kind']) => KINDS[kind],
  wholeValue: 'the whole value',
  before: 'before',
  after: 'after',
  moreChanges: (changes: string) => `And ${changes} more. They are all in Fields and Raw.`,
  unchanged: (values: string) => `${values} unchanged.`,
  namedFields: 'The sender named these fields:',

  erased: 'erased',
  withheld: 'withheld',
  erasedSection:
    'Its content and its salt were erased. The commitment stays in the entry: the record is still provable.',
  withheldSection: 'The appliance gives its commitment only.',
  unreadableSection: 'This is not JSON of the section’s name. It is shown as it is.',
  emptyText: 'an empty text',
  filterFor: (name: string) => `Only records with this ${name}`,
  exclude: (name: string) => `No records with this ${name}`,
  copyValue: (name: string) => `Copy ${name}`,
  showAllFields: (count: string) => `Show all ${count} fields`,
  showAll: (size: string) => `Show all ${size}`,
  cut: (shown: string, all: string) => `The first ${shown} of ${all}.`,
  salt: 'Salt',
  showSalts: 'Show salts',
  saltsRecorded: 'Whoever asks for salts is recorded in the ledger “system”.',

  entry: 'Entry',
  theEntry: 'the entry',
  entryMeaning: 'What was logged: commitments to the sections, and no content.',
  entryForms: 'Forms of the entry',
  form: (form: 'TEXT' | 'HEX' | 'BASE64') => FORMS[form],
  entryAs: (form: string) => `Entry as ${form}`,
  leafHash: 'Leaf hash',
  commitment: 'Commitment',
  sectionOf: (name: string) => `Section ${name}`,
  exactOf: (name: string) => `the exact text of ${name}`,
  prettyOf: (name: string) => `Section ${name}, laid out`,
  asHashed: 'As it was hashed',

  within: 'Within',
  window: (minutes: number | null) => (minutes === null ? 'any time' : `± ${spanText(minutes)}`),
  sameAs: (noun: string) => `Same ${noun}`,
  otherRecords: (count: number, text: string) =>
    count === 0 ? 'no other records' : count === 1 ? '1 other record' : `${text} other records`,
  relatedThrough: (index: string) => `Records after ${index} are not searched yet.`,
  showMore: 'Show more',
  searchThem: 'Search them',
  firstOnly: (shown: string, all: string) => `The first ${shown} of ${all}.`,
  neighbours: 'Just before and after in the ledger',
  thisRecord: 'this one',
});

function spanText(minutes: number): string {
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 1_440) return minutes === 60 ? '1 hour' : `${minutes / 60} hours`;
  return minutes === 1_440 ? '1 day' : `${minutes / 1_440} days`;
}
