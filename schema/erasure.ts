import { AppError } from '#server/errors.ts';
import { SECTION_NAMES, type SectionName } from '#server/ledger/section.ts';
import { fromStoredText } from '#server/ports/stored-text.ts';
import { builder } from './builder.ts';
import type { AppContext } from './context.ts';
import { openLedger } from './ledger.ts';
import { RecordType } from './record.ts';
import { type StoredRecord, sectionsOf } from './record-content.ts';

const REASON_CHARACTERS_MAX = 1024;

builder.mutationField('eraseSections', (t) =>
  t.field({
    type: RecordType,
    description:
      'Erases sections of a record lawfully: value and salt go, for good, from the ledger, the search ' +
      'index, finished exports of this ledger and, soon after, from free pages and logs of the database ' +
      '(on Postgres with `indelible scrub`). The commitments stay, so entry, chain, tree and all proofs ' +
      'still hold. It is recorded in the ledger `system` first, with the reason, and cannot be undone. The ' +
      'id of the event stays known: sent again it is EVENT_ID_CONFLICT. Erasing what is erased changes ' +
      'nothing. Packs and backups that left the appliance are not reached. Needs the scope admin. Errors: ' +
      'LEDGER_NOT_FOUND, RECORD_NOT_FOUND, BAD_USER_INPUT, RECORD_PENDING (it is carried out soon), ' +
      'STORAGE_UNAVAILABLE.',
    authScopes: { scope: 'admin' },
    args: {
      ledger: t.arg.id({ required: true, description: "The ledger's id." }),
      index: t.arg({ type: 'SafeInt', required: true, description: '0-based position in the ledger.' }),
      sections: t.arg.stringList({
        required: true,
        description: `Which sections, of those the record has: ${SECTION_NAMES.join(', ')}.`,
      }),
      reason: t.arg.string({
        required: true,
        description:
          `Why, e.g. the request and its legal ground: 1 to ${REASON_CHARACTERS_MAX.toLocaleString('en')} ` +
          'characters. It is recorded for good: name no person in it.',
      }),
    },
    resolve: async (_root, { ledger: ledgerId, index, sections, reason }, ctx) => {
      checkReason(reason);
      const ledger = await openLedger(ctx, ledgerId);
      const record = await findRecord(ctx, ledger, index);
      const present = presentAmong(record, sections);
      if (present.length === 0) return record;
      const { tokenId, name } = ctx.caller;
      await ctx.services.eraseSections({
        ledgerNo: ledger.no,
        ledger: ledger.id,
        index,
        eventId: fromStoredText(record.eventId),
        sections: present,
        reason,
        caller: { tokenId, name },
      });
      return await findRecord(ctx, ledger, index);
    },
  }),
);

function checkReason(reason: string): void {
  const isGood = reason.trim() !== '' && reason.length <= REASON_CHARACTERS_MAX && reason.isWellFormed();
  if (isGood) return;
  throw new AppError('BAD_USER_INPUT', {
    message: `A reason of 1 to ${REASON_CHARACTERS_MAX} characters is needed.`,
    path: ['reason'],
  });
}

/** Not from a copy that may lag: what is erased there may be here still. */
async function findRecord(
  { db }: AppContext,
  ledger: StoredRecord['ledger'],
  index: number,
): Promise<StoredRecord> {
  const where = { ledgerNo_index: { ledgerNo: ledger.no, index: BigInt(index) } };
  const row = index < 0 ? null : await db.record.findUnique({ where });
  if (row === null) throw new AppError('RECORD_NOT_FOUND');
  return { ...row, ledger };
}

/** Those of the sections that are not erased yet, in their order, each once. */
function presentAmong(record: StoredRecord, given: readonly string[]): readonly SectionName[] {
  const known = new Set(sectionsOf(record).map(({ name }) => name));
  const foreign = given.find((name) => !known.has(name));
  if (given.length === 0 || foreign !== undefined) {
    const message =
      foreign === undefined
        ? 'Name at least one section.'
        : `The record has no section ${JSON.stringify(foreign)}; it has ${[...known].join(', ')}.`;
    throw new AppError('BAD_USER_INPUT', { message, path: ['sections'] });
  }
  return SECTION_NAMES.filter((name) => given.includes(name) && record[name] !== null);
}
