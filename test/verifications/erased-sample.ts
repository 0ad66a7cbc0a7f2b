import { eventDefaults, validateEvent } from '#server/events/validate.ts';
import { createUuidv7Source } from '#server/id.ts';
import { sha256 } from '#server/sha256.ts';
import { createLedger, recordAll } from '#test/support/ledger-fixture.ts';
import { NOW } from '#test/support/storage-under-test.ts';
import type { EditableArchive } from './editable-archive.ts';

const ERASURE = '0193b1f0-0000-7000-8000-000000000001';

/** Has the ledger `system` say that sections were erased. */
export async function recordErasure(
  target: EditableArchive,
  details: object,
  action = 'sections.erase',
): Promise<void> {
  const defaults = eventDefaults({ tokenId: 'token-1', name: 'app' }, NOW, createUuidv7Source(), sha256);
  const { event } = validateEvent({ id: ERASURE, action, details }, defaults);
  if (event === undefined) throw new Error('The event is not valid');
  await target.recording(async () => {
    if ((await target.storage.catalog.find('system')) === null) await createLedger(target.storage, 'system');
    await target.storage.intake.accept({ ledger: 'system', events: [event], settle: false });
    await recordAll(target.storage);
  });
}

/** Takes a section away as an erasure does. */
export async function erase(target: EditableArchive, index: number): Promise<void> {
  await target.run(`UPDATE record SET actor = NULL, digest = $1 WHERE ledger_no = 1 AND idx = $2`, [
    Buffer.alloc(32),
    index,
  ]);
  await target.run(
    `INSERT INTO erasure (id, ledger_no, idx, sections, requested_by, event, requested_at, applied_at)
     VALUES ($1, 1, $2, 'actor', 't', '{}', 1, 2)`,
    [ERASURE, index],
  );
}
