import { expect, it } from 'vitest';
import { nodePlatform } from '#server/cli/verify/node-platform.ts';
import { checkPack } from '#server/ledger/pack/check-pack.ts';
import { buildPack, bytesSource, type PackParts } from '#test/support/evidence-pack.ts';
import { buildLedger, makeKey } from './sample-ledger.ts';
import { makePack } from './sample-pack.ts';

it('a manifest with another key than the pinned one is a break, although the note is right', async () => {
  const ledger = buildLedger(20, 10);
  const check = (pack: PackParts) =>
    checkPack(nodePlatform, bytesSource(buildPack(pack)), {
      vkey: null,
      witnesses: [],
      seen: [],
      pinOf: () => ({ vkey: ledger.vkey, seen: [] }),
    });
  const pack = await makePack(ledger, [1, 7]);
  expect(await check(pack)).toMatchObject({ verified: true, trust: 'PINNED' });
  const stranger = makeKey(ledger.origin, 9).vkey;
  const swapped = await check({ ...pack, manifest: { ...pack.manifest, vkey: stranger } });
  expect(swapped.verified).toBe(false);
  expect(swapped.breaks.map(({ kind }) => kind)).toEqual(['SIGNATURE_INVALID']);
});
