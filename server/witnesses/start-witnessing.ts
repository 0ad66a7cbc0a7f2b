import { AppError } from '#server/errors.ts';
import { parseWitnessVkey } from '#server/ledger/cosignature.ts';
import { strictTiles } from '#server/ledger/strict-tiles.ts';
import type { Logger } from '#server/log.ts';
import type { AskedBefore, CosignatureStore, DueCheckpoint } from '#server/ports/cosignature-store.ts';
import type { LedgerArchive } from '#server/ports/ledger-archive.ts';
import {
  type OfferDeps,
  offerCheckpoint,
  type OfferedWitness,
  type OfferOutcome,
} from './offer-checkpoint.ts';

export interface WitnessingDeps extends OfferDeps {
  /** As configured. Several verifier keys of one name are one witness, and share one URL. */
  readonly witnesses: readonly { readonly vkey: string; readonly url: string }[];
  readonly store: CosignatureStore;
  readonly archive: Pick<LedgerArchive, 'tile' | 'checkpointUpTo'>;
  /** Runs something once after `ms`; gives the function that cancels it. */
  readonly startTimer: (ms: number, run: () => void) => () => void;
  readonly log: Logger;
}

export interface Witnessing {
  /** Ends the requests that run, and resolves when nothing runs any more. */
  stop(): Promise<void>;
}

/** How often is looked for new checkpoints. */
export const WITNESS_POLL_MS = 2_000;
/** A ledger that keeps growing is offered again after this: two cosignatures take some 3.7 kB. */
export const GROWN_MS = 60_000;
/** A witness that is away is asked again after the poll, then later and later, up to this. */
export const AWAY_MAX_MS = 5 * 60_000;
/** A ledger that a witness has trouble with is offered again after this. */
export const TROUBLE_MS = 5 * 60_000;
/** A ledger that a witness refused is offered again after this. */
export const REFUSED_MS = 60 * 60_000;
/** A cosigned checkpoint is offered again after this, so that a rollback is noticed without growth. */
export const COSIGNED_MS = 24 * 60 * 60_000;
/** Checkpoints of one look at the storage. */
const DUE_MAX = 50;

interface NamedWitness extends OfferedWitness {
  readonly name: string;
}

/**
 * Offers every ledger's checkpoints to every witness, one request at a time each, and keeps what they answer.
 * A refusal is an alarm: the ledger is not what the witness saw before.
 *
 * @throws AppError CONFIG_INVALID where a verifier key is none, or one witness has two URLs
 */
export function startWitnessing(deps: WitnessingDeps): Witnessing {
  const stopping = new AbortController();
  const running = namedWitnesses(deps).map((witness) => runWitness(deps, witness, stopping.signal));
  return {
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

function namedWitnesses({ witnesses, sha256 }: WitnessingDeps): readonly NamedWitness[] {
  const named = witnesses.map(({ vkey, url }) => {
    const key = parseWitnessVkey(sha256, vkey);
    if ('problem' in key) throw invalid(`${vkey} is not a witness's verifier key: ${key.problem}.`);
    return { name: key.name, vkey, url };
  });
  return [...Map.groupBy(named, ({ name }) => name)].map(([name, own]) => {
    const [url = '', ...others] = new Set(own.map((witness) => witness.url));
    if (others.length > 0) throw invalid(`The witness ${name} has more than one URL.`);
    return { name, url, vkeys: own.map(({ vkey }) => vkey) };
  });
}

function invalid(message: string): AppError {
  return new AppError('CONFIG_INVALID', { message });
}

async function runWitness(deps: WitnessingDeps, witness: NamedWitness, signal: AbortSignal): Promise<void> {
  let awayMs = 0;
  /** Whoever could not be asked before this moment may be asked now. */
  let reachedAt = 0;
  while (!signal.aborted) {
    const result = await offerDue(deps, witness, awayMs > 0 ? Number.MAX_SAFE_INTEGER : reachedAt, signal);
    if (result === 'AWAY') awayMs = Math.min(AWAY_MAX_MS, Math.max(WITNESS_POLL_MS, awayMs * 2));
    else if (result !== 'NOTHING') {
      if (awayMs > 0) reachedAt = deps.now() + 1;
      awayMs = 0;
    }
    if (result !== 'MORE') await pause(deps, awayMs === 0 ? WITNESS_POLL_MS : awayMs, signal);
  }
}

/** What one look at the storage came to; `NOTHING` says nothing of the witness. */
type Round = 'AWAY' | 'NOTHING' | 'DONE' | 'MORE';

async function offerDue(
  deps: WitnessingDeps,
  witness: NamedWitness,
  reachedAt: number,
  signal: AbortSignal,
): Promise<Round> {
  const { store, log } = deps;
  try {
    const due = await store.due(witness.name, askedBefore(deps.now(), reachedAt), DUE_MAX);
    for (const checkpoint of due) {
      const outcome = await offer(deps, witness, checkpoint, signal);
      if (signal.aborted) return 'DONE';
      await keep(deps, witness.name, checkpoint, outcome);
      if (outcome.outcome === 'AWAY') return 'AWAY';
    }
    if (due.length === 0) return 'NOTHING';
    return due.length === DUE_MAX ? 'MORE' : 'DONE';
  } catch (error) {
    // The storage is away, or a ledger's row is damaged; the checkpoints wait where they are.
    log.error({ err: error, witness: witness.name }, 'Checkpoints could not be offered; trying again.');
    return 'NOTHING';
  }
}

function askedBefore(now: number, reachedAt: number): AskedBefore {
  return {
    now,
    cosigned: now - COSIGNED_MS,
    grown: now - GROWN_MS,
    refused: now - REFUSED_MS,
    troubled: Math.max(now - TROUBLE_MS, reachedAt),
  };
}

async function offer(
  deps: WitnessingDeps,
  witness: NamedWitness,
  due: DueCheckpoint,
  signal: AbortSignal,
): Promise<OfferOutcome> {
  const { archive } = deps;
  const readTile = strictTiles((level, index) => archive.tile(due.ledgerNo, level, index));
  try {
    return await offerCheckpoint(deps, witness, due, readTile, signal);
  } catch (error) {
    if (error instanceof AppError) throw error;
    // A tile is missing or too short: no other ledger must wait for that, and verification names it.
    const message = error instanceof Error ? error.message : String(error);
    return { outcome: 'TROUBLE', message: `No proof could be made: ${message}.` };
  }
}

async function keep(
  { store, archive, log, now }: WitnessingDeps,
  witness: string,
  { ledgerNo, ledger, size }: DueCheckpoint,
  result: OfferOutcome,
): Promise<void> {
  const refuse = async (message: string): Promise<void> => {
    log.fatal({ ledger, witness, size }, `A witness refuses a ledger: ${message}`);
    await store.refuse(witness, ledgerNo, size, message, now());
  };
  switch (result.outcome) {
    case 'COSIGNED': {
      const at = now();
      return await store.add(
        witness,
        result.cosignatures.map(({ vkey, line }) => ({ ledgerNo, size, vkey, line, at })),
      );
    }
    case 'REFUSED':
      return await refuse(result.message);
    case 'BEHIND': {
      // Another process on this database may have offered a newer checkpoint since this one was read.
      const latest = await archive.checkpointUpTo(ledgerNo, Number.MAX_SAFE_INTEGER);
      if (latest && latest.size >= result.size) return;
      return await refuse(
        `The witness cosigned size ${result.size} before, and the ledger has a checkpoint of size ${size} ` +
          'only: it was rolled back.',
      );
    }
    case 'TROUBLE':
    case 'AWAY':
      log.warn({ ledger, witness, size }, `A witness did not cosign: ${result.message}`);
      return await store.trouble(witness, ledgerNo, result.message, now());
  }
}

/** Resolves after `ms`, or at once when it is to stop. */
function pause({ startTimer }: WitnessingDeps, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = startTimer(ms, resolve);
  const stop = (): void => {
    cancel();
    resolve();
  };
  signal.addEventListener('abort', stop, { once: true });
  return promise.finally(() => signal.removeEventListener('abort', stop));
}
