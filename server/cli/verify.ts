import { statSync } from 'node:fs';
import { loadConfig } from '#server/config.ts';
import { AppError } from '#server/errors.ts';
import { parseWitnessVkey } from '#server/ledger/cosignature.ts';
import { parseVkey } from '#server/ledger/note.ts';
import { sha256 } from '#server/sha256.ts';
import { type Arguments, readText, readTexts } from './arguments.ts';
import type { Command, CommandContext } from './command.ts';
import { CannotRunError, EXIT, type ExitCode, UsageError } from './exit-codes.ts';
import { describeSubject } from './verify/describe-subject.ts';
import { openPins, pinsPath } from './verify/pins.ts';
import type { Subject, VerifyContext } from './verify/subject.ts';
import { verifyPackFile, verifyProofFile } from './verify/verify-file.ts';
import { verifyLedgers } from './verify/verify-ledgers.ts';

/** `indelible verify`: verifies packs, proofs and whole ledgers, without a server. */
export const verifyCommand: Command = {
  name: 'verify',
  summary: 'Verify evidence packs, proofs and whole ledgers.',
  usage: '[PATH…] [--vkey KEY] [--witness KEY]… [--pins FILE] [--no-pin] [--json]',
  help: `PATH is an evidence pack (*.evidence.zip), a proof of one record (*.tlog-proof) or a data folder.
Without a PATH the ledgers that the settings mean are verified: those of DATABASE_URL, or of the data
folder. A server may run meanwhile. Nothing is written but the pins, and nothing is asked of the network.

It finds every break and says what it is, at which record, and what could not be checked. The first time
that a ledger's key is seen it is pinned, with the checkpoint: compare it with one that you got elsewhere.
From then on another key, a fork and a ledger that went back are breaks.

  --vkey KEY      the ledger's verifier key, got from where you trust it
  --witness KEY   verifier key of a witness that must have cosigned; may be given more than once
  --pins FILE     what was seen before (INDELIBLE_PINS; by default pins.json in the state folder)
  --no-pin        neither compare with pins nor pin
  --json          one line of JSON for each pack, proof and ledger

Exit codes: 0 all verified, 1 a break was found, 2 wrong usage, 3 something could not be read.`,
  options: {
    vkey: { type: 'string' },
    witness: { type: 'string', multiple: true },
    pins: { type: 'string' },
    'no-pin': { type: 'boolean' },
    json: { type: 'boolean' },
  },
  async run(args, command) {
    const context = readContext(args, command);
    const paths = args.positionals;
    const found: ExitCode[] = [];
    const tell = async (subject: Subject): Promise<void> => {
      found.push(subject.verified ? EXIT.done : EXIT.badNews);
      await show(subject, context, args.values['json'] === true);
    };
    for (const path of paths.length === 0 ? [null] : paths) {
      try {
        await verifyPath(path, context, tell);
      } catch (error) {
        command.interrupted.throwIfAborted();
        found.push(explain(error, context));
      }
    }
    return worst(found);
  },
};

function readContext(args: Arguments, command: CommandContext): VerifyContext {
  const vkey = readText(args, 'vkey');
  const key = vkey === null ? null : parseVkey(sha256, vkey);
  if (key !== null && 'problem' in key) throw new UsageError(`--vkey: ${key.problem}`);
  const witnesses = readTexts(args, 'witness');
  for (const witness of witnesses) {
    const witnessKey = parseWitnessVkey(sha256, witness);
    if ('problem' in witnessKey) throw new UsageError(`--witness: ${witnessKey.problem}`);
  }
  const file = readText(args, 'pins') ?? pinsPath(command.env);
  const pins = args.values['no-pin'] === true ? null : openPins(file, command.clock);
  return { command, vkey, witnesses, pins };
}

type Tell = (subject: Subject) => Promise<void>;

async function verifyPath(path: string | null, context: VerifyContext, tell: Tell): Promise<void> {
  const { env } = context.command;
  if (path === null) {
    await verifyLedgers(loadConfig({ env }), context, tell);
    return;
  }
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new CannotRunError(`There is no ${path}.`);
  if (stat.isDirectory()) {
    const config = { ...loadConfig({ env }), dataDir: path, databaseUrl: null };
    await verifyLedgers(config, context, tell);
  } else if (path.endsWith('.tlog-proof')) await tell(await verifyProofFile(path, context));
  else if (path.endsWith('.zip')) await tell(await verifyPackFile(path, context));
  else throw new UsageError(`${path} is neither *.evidence.zip, nor *.tlog-proof, nor a data folder.`);
}

/** Tells what was found; what is whole is pinned first, so that nobody reads of a pin that is not there. */
async function show(subject: Subject, { pins, command }: VerifyContext, isJson: boolean): Promise<void> {
  const { verified, origin, vkey, size, root, note } = subject;
  let pinned: 'FIRST' | 'KNOWN' | null = null;
  if (pins !== null && verified && origin !== null && vkey !== null) {
    if (size !== null && root !== null && note !== null)
      pinned = pins.put(origin, vkey, { size, root, note });
  }
  if (isJson) {
    await command.output.data(`${JSON.stringify({ ...subject, pinned })}\n`);
    return;
  }
  for (const line of describeSubject(subject)) command.output.line(line);
  if (pinned !== 'FIRST' || pins === null) return;
  command.output.line(`  Pinned now in ${pins.file}: compare the key with one that you got elsewhere.`);
}

function explain(error: unknown, { command: { output } }: VerifyContext): ExitCode {
  if (error instanceof UsageError) {
    output.note(error.message);
    return EXIT.wrongUsage;
  }
  if (error instanceof CannotRunError) output.note(error.message);
  else if (error instanceof AppError) output.note(`${error.message} [${error.code}]`);
  else throw error;
  return EXIT.couldNotRun;
}

/** A break is what matters most; then what could not be read. */
function worst(found: readonly ExitCode[]): ExitCode {
  const order = [EXIT.badNews, EXIT.couldNotRun, EXIT.wrongUsage];
  return order.find((code) => found.includes(code)) ?? EXIT.done;
}
