#!/usr/bin/env -S node --max-semi-space-size=16
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '#server/clock.ts';
import { readEnvironment } from '#server/config.ts';
import { createConsoleOutput } from './output.ts';
import { runCommand } from './run.ts';

/** The command line: `indelible <command>`. */
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Once: whoever presses Ctrl+C a second time does not want to wait for anything.
  process.once(signal, () => interrupt.abort(new Error(`ended by ${signal}`)));
}

void runCommand(process.argv.slice(2), {
  output: createConsoleOutput(),
  env: readEnvironment(),
  clock: systemClock,
  wait: async (ms, signal) => setTimeout(ms, undefined, { signal }),
  interrupted: interrupt.signal,
  // The start command may have given up on a stop that hangs: nothing may keep the process then.
}).then((code) => process.exit(code));
