import { type AbsentSections, LedgerWalk, type WalkState } from '#server/ledger/ledger-walk.ts';
import { checkAbsent } from './absent-sections.ts';
import { archivedCheckpoints } from './archived-checkpoints.ts';
import { checkForeignTiles, createArchivedTiles } from './archived-tiles.ts';
import { base64Of } from './base64-of.ts';
import { checkCovered } from './covering-checkpoint.ts';
import { readPages } from './read-pages.ts';
import type { Run } from './run.ts';

/** Verifies all records of a ledger, its tree and what signs it. `state`: where an earlier run was. */
export async function verifyRecords(run: Run, state: WalkState | null): Promise<void> {
  const { ledger, size, deps } = run;
  const { archive } = deps;
  const tiles = createArchivedTiles(archive, ledger.no);
  let absent: AbsentSections[] = [];
  const source = {
    ...ledger,
    head: headOf(run),
    checkpoints: archivedCheckpoints(run, state?.checkpoints.after ?? Number.MIN_SAFE_INTEGER),
    seen: deps.seen,
    readTile: tiles.readTile,
    sizeNow: run.sizeNow,
    onAbsent: (one: AbsentSections) => void absent.push(one),
  };
  const walk = new LedgerWalk(deps.sha256, deps.verifiers.ed25519, source, size, run.breaks);
  try {
    await walk.start(state);
    const from = state?.next ?? Number.MIN_SAFE_INTEGER;
    for await (const page of readPages(archive, ledger.no, from, size)) {
      await run.pause();
      for (const record of page) {
        const waiting = walk.visit(record);
        if (waiting !== null) await waiting;
      }
      run.checked += page.length;
      await walk.settle();
      await checkAbsent(run, absent);
      absent = [];
      tiles.check();
      run.report(() => ({ walk: walk.state(), next: walk.next }));
    }
    await walk.end();
    tiles.check();
  } finally {
    await walk.close();
  }
  await checkCovered(run);
  await checkPastHead(run);
  await checkForeignTiles(run);
  await reportRefusals(run);
}

/** The head that was pinned, as the tree is compared with it. */
function headOf({ ledger, size, root }: Run) {
  const { head } = ledger;
  if (head === null) return { size, root };
  const { frontier, recordedAt } = head;
  return { size, root, columns: { frontier, recordedAt, prev: base64Of(head.prev) } };
}

/** Reports records behind the head. It may have moved since it was pinned. */
async function checkPastHead(run: Run): Promise<void> {
  const { archive } = run.deps;
  let from = await run.sizeNow();
  for (;;) {
    await run.pause();
    const records = await archive.records(run.ledger.no, from, Number.POSITIVE_INFINITY);
    // Asked for behind the records: they are appended together with it.
    const size = await run.sizeNow();
    let last: unknown = null;
    for (const { index } of records as readonly { readonly index: unknown }[]) {
      last = index;
      if (typeof index !== 'number' || !Number.isSafeInteger(index)) {
        run.breaks.add('ENTRY_MISMATCH', null, `there is a record with the index ${String(index)}`);
      } else if (index >= size) {
        run.breaks.add('ROOT_MISMATCH', index, `the record is past the head, whose size is ${size}`);
      }
    }
    // Beyond 2^53 there is no next number: what stands there was told of.
    if (typeof last !== 'number' || !(Math.floor(last) + 1 > last)) return;
    from = Math.floor(last) + 1;
  }
}

async function reportRefusals({ deps, ledger, breaks }: Run): Promise<void> {
  for (const { size, message } of await deps.archive.refusals(ledger.no)) {
    breaks.add('ROLLED_BACK', null, `a witness refused the checkpoint of size ${size}: ${message}`);
  }
}
