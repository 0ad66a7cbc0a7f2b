import { pino } from 'pino';
import { expect, onTestFinished } from 'vitest';
import { verifyEd25519 } from '#server/ed25519.ts';
import { verifyMlDsa44 } from '#server/ml-dsa.ts';
import { sha256 } from '#server/sha256.ts';
import type { Fetch } from '#server/witnesses/offer-checkpoint.ts';
import { startWitnessing, type WitnessingDeps } from '#server/witnesses/start-witnessing.ts';
import { createVirtualTime, type VirtualTime } from '#test/support/virtual-time.ts';
import {
  openSqliteWitnessStorage,
  type OpenWitnessStorage,
  type WitnessStorage,
} from '#test/support/witness-storage.ts';
import { makeKey } from '#test/ledger/sample-ledger.ts';
import { SampleLog, startWitness, WITNESS_URL } from './sample-witness.ts';

/** The ledgers that the witness knows. */
const KNOWN_IDS = ['a', 'bb', 'ccc'];

/** The key of a ledger of this id. */
export const keyOf = (id: string) => makeKey(`log.example/${id}`, id.length);

export interface WatchedOptions {
  /** How many of the witness's keys the appliance knows. */
  readonly keys?: number;
  readonly ids?: readonly string[];
}

/** Ledgers here, a witness there, and time that passes when the test says so. */
export async function startWatched(open: OpenWitnessStorage, { keys = 2, ids = ['a'] }: WatchedOptions = {}) {
  const [here, there] = [await open(), await openSqliteWitnessStorage()];
  const time = createVirtualTime();
  const logs = KNOWN_IDS.map((id) => keyOf(id).vkey);
  const witness = startWitness({ store: there.witnessed, logs, now: time.now });
  const ledgers = createLedgers(here);
  for (const id of ids) await ledgers.createLedger(id);
  const network = createNetwork(witness.answer);
  const alarms: string[] = [];
  const deps: WitnessingDeps = {
    witnesses: witness.vkeys.slice(0, keys).map((vkey) => ({ vkey, url: WITNESS_URL })),
    store: here.cosignatures,
    archive: { tile: ledgers.tile, checkpointUpTo: here.archive.checkpointUpTo },
    sha256,
    verifiers: { ed25519: verifyEd25519, mlDsa44: verifyMlDsa44 },
    now: time.now,
    startTimer: time.startTimer,
    log: pino({ level: 'fatal' }, { write: (line: string) => alarms.push(line) }),
    fetch: network.fetch,
  };
  return {
    here,
    witness,
    time,
    alarms,
    deps,
    ...ledgers,
    ...network,
    watch: () => {
      const witnessing = startWitnessing(deps);
      onTestFinished(() => witnessing.stop());
      return witnessing;
    },
    pass: (ms: number) => pass(time, ms),
    standing: async (id = 'a') => (await here.cosignatures.standings(await ledgers.noOf(id)))[0],
    cosignatures: async (id = 'a') => await here.archive.cosignatures(await ledgers.noOf(id), 0, 10_000),
  };
}

/** Ledgers whose checkpoints are in the storage, and whose tiles the test can falsify. */
function createLedgers({ archive, catalog, checkpoints }: WitnessStorage) {
  const logs = new Map<number, SampleLog>();
  const noOf = async (id: string): Promise<number> => (await archive.ledger(id))?.no ?? -1;
  return {
    noOf,
    async createLedger(id: string): Promise<void> {
      const key = keyOf(id);
      await catalog.create({ id, name: null, origin: key.name, vkey: key.vkey, createdAt: 1 });
      logs.set(await noOf(id), new SampleLog(key));
    },
    async issue(id: string, size: number): Promise<void> {
      const log = logs.get(await noOf(id))?.grow(size);
      if (!log) throw new Error(`There is no ledger ${id}`);
      await checkpoints.add(id, { size, root: log.tree.root, note: log.note(), createdAt: 1 });
    },
    /** The ledger becomes what someone with its key made of it. */
    async rewrite(id: string, log: SampleLog): Promise<void> {
      logs.set(await noOf(id), log);
    },
    tile: async (no: number, level: number, index: number): Promise<Uint8Array | null> =>
      logs.get(no)?.tree.tiles.get(`${level}/${index}`) ?? null,
  };
}

/** What stands between the two. It notes what is asked, and that there is one request at a time. */
function createNetwork(answer: (req: Request) => Promise<Response | null>) {
  const direct: Fetch = async (url, init) => (await answer(new Request(url, init))) ?? Response.error();
  let network = direct;
  const asked: string[] = [];
  let running = 0;
  const fetch: Fetch = async (url, init) => {
    expect((running += 1)).toBe(1);
    asked.push(summary(init));
    try {
      return await network(url, init);
    } finally {
      running -= 1;
    }
  };
  const setNetwork = (other: Fetch): void => {
    network = other;
  };
  return { asked, direct, fetch, setNetwork };
}

/** From which size is asked, and of which log. */
function summary({ body }: RequestInit): string {
  const [head = '', note = ''] = typeof body === 'string' ? body.split('\n\n') : [];
  return `${head.split('\n')[0]} of ${note.split('\n')[0]}`;
}

/** Lets so much time pass, at least until the next round, and that round; 0: only the round that runs. */
async function pass(time: VirtualTime, ms: number): Promise<void> {
  const next = await time.untilWaiting();
  if (ms === 0) return;
  time.setClock(time.now() + Math.max(0, ms - next));
  await time.passToNextTimer();
  await time.untilWaiting();
}
