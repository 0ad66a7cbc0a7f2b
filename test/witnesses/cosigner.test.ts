import { describe, expect, it } from 'vitest';
import { verifyEd25519 } from '#server/ed25519.ts';
import { openCheckpoint, readCheckpoint, signCheckpoint } from '#server/ledger/checkpoint.ts';
import { addSignatureLines } from '#server/ledger/cosignature.ts';
import { formatNote, type Note, NOTE_SIGNATURES_MAX, parseNote } from '#server/ledger/note.ts';
import { sha256 } from '#server/sha256.ts';
import { createCosigner, originHash, REPEAT_MS } from '#server/witnesses/create-cosigner.ts';
import { PROOF_LINES_MAX } from '#server/witnesses/read-submission.ts';
import { openPostgresWitnessStorage, openSqliteWitnessStorage } from '#test/support/witness-storage.ts';
import { SeededRandom } from '#test/support/seeded-random.ts';
import { NOW } from '#test/support/storage-under-test.ts';
import { makeKey } from '#test/ledger/sample-ledger.ts';
import { SampleLog, startWitness, verdictsOf, WITNESS_NAME } from './sample-witness.ts';

const KEY = makeKey('log.example/one', 1);
const OTHER_KEY = makeKey('log.example/one', 2);
const STRANGER = makeKey('log.example/stranger', 3);
/** A note taken apart. */
function partsOf(note: string): Note {
  const parsed = parseNote(note);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed;
}

const ZEROS = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';

describe.each([
  ['SQLite', openSqliteWitnessStorage],
  ['Postgres', openPostgresWitnessStorage],
] as const)('a witness on %s', (_, open) => {
  const start = async (logs = [KEY.vkey]) => {
    const storage = await open();
    const now = () => NOW;
    const witness = startWitness({ store: storage.witnessed, logs, now });
    const statusOf = async (body: string): Promise<number> => (await witness.add(body)).status;
    const latest = async (): Promise<number | null> =>
      (await storage.witnessed.latest(KEY.name))?.size ?? null;
    return { ...witness, storage, statusOf, latest };
  };

  it('cosigns a log as it grows, with both its keys, and serves the cosigned checkpoint', async () => {
    const { add, vkeys, request } = await start();
    const log = new SampleLog(KEY);
    const path = `/${originHash(sha256, KEY.name)}/checkpoint`;
    expect((await request(path)).status).toBe(404);
    let size = 0;
    for (const next of [1, 5, 5, 256, 300, 70_000]) {
      const answer = await add(await log.grow(next).body(size));
      const lines = await answer.text();
      expect([answer.status, verdictsOf(log.note(), lines, vkeys)]).toEqual([200, ['VALID', 'VALID']]);
      const served = await (await request(path)).text();
      expect(served).toBe(log.note() + lines);
      expect(openCheckpoint(sha256, verifyEd25519, served, KEY.vkey)).toMatchObject({ ok: true });
      size = next;
    }
  });

  it('says how far it is where a request starts from another size, and goes on from there', async () => {
    const { add, statusOf } = await start();
    const log = new SampleLog(KEY, 5);
    await add(await log.body(0));
    log.grow(9);
    for (const from of [0, 4, 6]) {
      const answer = await add(await log.body(from));
      expect(answer.status).toBe(409);
      expect(answer.headers.get('content-type')).toBe('text/x.tlog.size');
      expect(await answer.text()).toBe('5\n');
    }
    expect(await statusOf(await log.body(5))).toBe(200);
  });

  it('never cosigns a log that was changed behind what it saw, nor one that went back', async () => {
    const { add, statusOf, latest } = await start();
    await add(await new SampleLog(KEY, 5).body(0));
    for (const size of [5, 6, 8, 300]) {
      expect(await statusOf(await new SampleLog(KEY, size, 'fork').body(5)), `${size}`).toBe(422);
    }
    const shorter = new SampleLog(KEY, 4);
    expect(await statusOf((await shorter.body(4)).replace('old 4', 'old 5'))).toBe(400);
    expect(await statusOf(await shorter.body(4))).toBe(409);
    expect(await latest()).toBe(5);
    expect(await statusOf(await new SampleLog(KEY, 8).body(5))).toBe(200);
  });

  it('takes no proof but the right one', async () => {
    const { add, statusOf, latest } = await start();
    const log = new SampleLog(KEY, 5);
    const first = await log.body(0);
    expect(await statusOf(first.replace('old 0\n', `old 0\n${ZEROS}\n`))).toBe(422);
    await add(first);
    const right = await log.grow(9).body(5);
    const [, line = ''] = right.split('\n');
    for (const wrong of [
      right.replace(`${line}\n`, ''),
      right.replace(line, ZEROS),
      right.replace(`${line}\n`, `${line}\n${line}\n`),
      right.replace('\n\n', `\n${ZEROS}\n\n`),
    ]) {
      expect(await statusOf(wrong)).toBe(422);
    }
    expect(await statusOf((await log.body(9)).replace('old 9\n', `old 5\n${ZEROS}\n`))).toBe(422);
    expect(await latest()).toBe(5);
    expect(await statusOf(right)).toBe(200);
  });

  it('lets one of many forks win that come at once, in two processes, and cosigns no other', async () => {
    const { storage, add } = await start();
    await add(await new SampleLog(KEY, 5).body(0));
    const logs = [KEY.vkey];
    const here = startWitness({ store: storage.witnessed, logs, now: () => NOW });
    const there = startWitness({ store: storage.beside().witnessed, logs, now: () => NOW });
    const forks = Array.from({ length: 12 }, async (_fork, i) => {
      const log = new SampleLog(KEY, 5);
      log.tree.append([sha256(new Uint8Array([i]))]);
      const { status } = await (i % 2 === 0 ? here : there).add(await log.body(5));
      return { status, root: log.tree.root };
    });
    const answers = await Promise.all(forks);
    const cosigned = answers.filter(({ status }) => status === 200);
    expect(cosigned).toHaveLength(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
    expect(await storage.witnessed.latest(KEY.name)).toMatchObject({ size: 6, root: cosigned[0]?.root });
  });

  it('goes on after a kill between keeping and answering, when the log got no cosignature', async () => {
    const { storage, add } = await start();
    const log = new SampleLog(KEY, 5);
    // The answer of this one is lost; the process that made it is gone.
    await add(await log.body(0));
    const next = startWitness({ store: storage.beside().witnessed, logs: [KEY.vkey], now: () => NOW });
    const again = await next.add(await log.grow(7).body(0));
    expect([again.status, await again.text()]).toEqual([409, '5\n']);
    expect((await next.add(await log.body(5))).status).toBe(200);
  });
});

describe('a witness', () => {
  const start = async (logs = [KEY.vkey]) => {
    const { witnessed: store } = await openSqliteWitnessStorage();
    const witness = startWitness({ store, logs, now: () => NOW });
    const statusOf = async (body: string): Promise<number> => (await witness.add(body)).status;
    return { ...witness, store, statusOf };
  };

  it('answers 404 to a log that it does not know, whoever signed it', async () => {
    const { statusOf, request } = await start();
    expect(await statusOf(await new SampleLog(STRANGER, 5).body(0))).toBe(404);
    const path = `/${originHash(sha256, STRANGER.name)}/checkpoint`;
    expect((await request(path)).status).toBe(404);
  });

  it('answers 403 to a checkpoint of another key, and to a false line of the right one', async () => {
    const { statusOf } = await start();
    expect(await statusOf(await new SampleLog(OTHER_KEY, 5).body(0))).toBe(403);
    const log = new SampleLog(KEY, 5);
    const other = new SampleLog(KEY, 6).note();
    const falseLine = other.slice(other.lastIndexOf('\n\n') + 2);
    const spoilt = addSignatureLines(log.note(), [falseLine]);
    expect(await statusOf(`old 0\n\n${spoilt}`)).toBe(403);
  });

  it('trusts each of several keys of one origin, and keeps no signature that it did not verify', async () => {
    const { statusOf, store } = await start([KEY.vkey, OTHER_KEY.vkey]);
    expect(await statusOf(await new SampleLog(OTHER_KEY, 5).body(0))).toBe(200);
    const log = new SampleLog(KEY, 5);
    const stranger = new SampleLog(STRANGER, 5).note();
    const note = addSignatureLines(log.note(), [stranger.slice(stranger.lastIndexOf('\n\n') + 2)]);
    expect(await statusOf(`old 5\n\n${note}`)).toBe(200);
    expect((await store.latest(KEY.name))?.note).not.toContain(STRANGER.name);
  });

  it('verifies a signature once, however often it is there', async () => {
    const { keys, store } = await start();
    let verified = 0;
    const verify: typeof verifyEd25519 = (...signed) => {
      verified += 1;
      return verifyEd25519(...signed);
    };
    const cosigner = createCosigner({ logs: [KEY.vkey], keys, store, sha256, verify, now: () => NOW });
    const note = new SampleLog(KEY, 5).note();
    const line = note.slice(note.lastIndexOf('\n\n') + 2);
    const answer = await cosigner.addCheckpoint(`old 0\n\n${note}${line.repeat(NOTE_SIGNATURES_MAX - 1)}`);
    expect([answer.status, verified]).toEqual([200, 1]);
  });

  it('serves its cosignatures also where the log signed in as many ways as a note has room for', async () => {
    const { keys, store } = await start();
    const { text, signatures } = partsOf(new SampleLog(KEY, 5).note());
    const [first] = signatures;
    if (first === undefined) throw new Error('The log has not signed.');
    const many = Array.from({ length: NOTE_SIGNATURES_MAX }, (_, i) => {
      const signature = first.signature.slice();
      signature[0] = i;
      return { ...first, signature };
    });
    // Someone who has the key can make as many as he likes; here each counts as right.
    const verify = (): boolean => true;
    const cosigner = createCosigner({ logs: [KEY.vkey], keys, store, sha256, verify, now: () => NOW });
    const answer = await cosigner.addCheckpoint(`old 0\n\n${formatNote({ text, signatures: many })}`);
    const served = partsOf((await cosigner.latest(originHash(sha256, KEY.name))) ?? '');
    expect(answer.status).toBe(200);
    expect(served.signatures.map(({ name }) => name)).toEqual([KEY.name, WITNESS_NAME, WITNESS_NAME]);
  });

  it('begins with an empty log, whose root is the one of nothing', async () => {
    const { statusOf } = await start();
    const log = new SampleLog(KEY);
    const checkpoint = readCheckpoint(log.note());
    if ('problem' in checkpoint) throw new Error(checkpoint.problem);
    const wrong = { ...checkpoint, root: sha256(new Uint8Array([1])) };
    const note = signCheckpoint(sha256, wrong, KEY.publicKey, KEY.sign);
    expect(await statusOf(`old 0\n\n${note}`)).toBe(422);
    expect(await statusOf(await log.body(0))).toBe(200);
    expect(await statusOf(await log.body(0))).toBe(200);
    expect(await statusOf(await log.grow(3).body(0))).toBe(200);
  });

  it('gives a checkpoint that is sent again at once what it has, and writes nothing', async () => {
    const { witnessed: store } = await openSqliteWitnessStorage();
    let now = NOW;
    const witness = startWitness({ store, logs: [KEY.vkey], now: () => now });
    const log = new SampleLog(KEY, 5);
    const first = await (await witness.add(await log.body(0))).text();
    const kept = await store.latest(KEY.name);
    now += REPEAT_MS - 1;
    expect(await (await witness.add(await log.body(5))).text()).toBe(first);
    expect(await store.latest(KEY.name)).toEqual(kept);
    now += 1;
    const later = await (await witness.add(await log.body(5))).text();
    expect(verdictsOf(log.note(), later, witness.vkeys)).toEqual(['VALID', 'VALID']);
    expect(later).not.toBe(first);
    expect(await store.latest(KEY.name)).toMatchObject({ size: 5, at: now });
    // With other keys: what the old ones gave is not their own.
    const again = startWitness({ store, logs: [KEY.vkey], now: () => now });
    const anew = await (await again.add(await log.body(5))).text();
    expect(verdictsOf(log.note(), anew, again.vkeys)).toEqual(['VALID', 'VALID']);
  });

  it('takes 63 proof lines and not one more', async () => {
    const { statusOf } = await start();
    const note = new SampleLog(KEY, 5).note();
    const body = (lines: number): string => `old 5\n${`${ZEROS}\n`.repeat(lines)}\n${note}`;
    expect(await statusOf(body(PROOF_LINES_MAX))).toBe(409);
    expect(await statusOf(body(PROOF_LINES_MAX + 1))).toBe(400);
  });

  it.each([
    ['empty', ''],
    ['without an old size', '\n\nNOTE'],
    ['with a leading zero', 'old 00\n\nNOTE'],
    ['with a sign', 'old +0\n\nNOTE'],
    ['with a fraction', 'old 0.0\n\nNOTE'],
    ['with a size past 2^53−1', 'old 9007199254740992\n\nNOTE'],
    ['with a carriage return', 'old 0\r\n\r\nNOTE'],
    ['with a proof line that is no hash', 'old 0\nabc\n\nNOTE'],
    ['without an empty line', 'old 0\nNOTE'],
    ['without a checkpoint', 'old 0\n\n'],
    ['with a checkpoint that is cut off', 'old 0\n\nlog.example/one\n5\n'],
    ['with an old size past the checkpoint', 'old 6\n\nNOTE'],
  ])('answers 400 to a body %s', async (_, body) => {
    const { statusOf, store } = await start();
    expect(await statusOf(body.replace('NOTE', new SampleLog(KEY, 5).note()))).toBe(400);
    expect(await store.latest(KEY.name)).toBeNull();
  });

  it('cosigns no mutation of a request', async () => {
    const { statusOf, add, store } = await start();
    const log = new SampleLog(KEY, 5);
    await add(await log.body(0));
    const body = await log.grow(9).body(5);
    const random = new SeededRandom(5);
    for (let i = 0; i < 300; i++) {
      const at = random.below(body.length);
      const mutated = body.slice(0, at) + String.fromCodePoint(random.below(0x3000)) + body.slice(at + 1);
      if (mutated === body || !mutated.isWellFormed()) continue;
      expect(await statusOf(mutated), JSON.stringify(mutated)).toBeGreaterThanOrEqual(400);
    }
    expect(await store.latest(KEY.name)).toMatchObject({ size: 5 });
  });

  it('does not start with a key that is none, or a name that a cosignature has no room for', async () => {
    const { keys, store } = await start();
    const make = (logs: readonly string[]) => () =>
      createCosigner({ logs, keys, store, sha256, verify: verifyEd25519, now: () => NOW });
    expect(make(['log.example/one+00000000+AQ=='])).toThrow('not a log');
    expect(make([makeKey('x'.repeat(256), 1).vkey])).toThrow('255');
    expect(make([makeKey('x'.repeat(255), 1).vkey])).not.toThrow();
  });
});
