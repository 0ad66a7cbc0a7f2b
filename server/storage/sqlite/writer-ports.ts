import type { CosignatureStore } from '#server/ports/cosignature-store.ts';
import type { ErasureStore } from '#server/ports/erasure-store.ts';
import type { JobStore } from '#server/ports/job-store.ts';
import type { SessionStore } from '#server/ports/session-store.ts';
import type { ViewStore } from '#server/ports/view-store.ts';
import type { WitnessStore } from '#server/ports/witness-store.ts';

/** Ports that the writer thread serves as they are: each method a call, arguments and answers copied. */
export interface WriterPorts {
  readonly jobs: JobStore;
  readonly cosignatures: CosignatureStore;
  readonly witness: WitnessStore;
  readonly erasures: ErasureStore;
  readonly sessions: SessionStore;
  readonly views: ViewStore;
}

export type WriterPort = keyof WriterPorts;

/** A call of one of them. */
export interface PortCall {
  readonly port: WriterPort;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** Every method of every port: the compiler sees to it that none is left out. */
const METHODS: { readonly [Port in WriterPort]: { readonly [Method in keyof WriterPorts[Port]]: true } } = {
  jobs: {
    create: true,
    find: true,
    list: true,
    claim: true,
    keep: true,
    finish: true,
    cancel: true,
    prune: true,
  },
  cosignatures: { due: true, add: true, refuse: true, trouble: true, standings: true },
  witness: { latest: true, advance: true },
  erasures: { note: true, open: true, find: true, apply: true, scrub: true, scrubbed: true },
  sessions: { findByHash: true, create: true, renew: true, end: true },
  views: { save: true, find: true, delete: true },
};

/** The ports as the main thread has them: every method asks the writer thread. */
export function remotePorts(ask: (call: PortCall) => Promise<unknown>): WriterPorts {
  const remote = <Port extends WriterPort>(port: Port): WriterPorts[Port] => {
    const methods = Object.keys(METHODS[port]).map((method) => [
      method,
      (...args: readonly unknown[]) => ask({ port, method, args }),
    ]);
    // The table has every method of the port, and the other end calls it with the same arguments.
    return Object.fromEntries(methods) as WriterPorts[Port];
  };
  return {
    jobs: remote('jobs'),
    cosignatures: remote('cosignatures'),
    witness: remote('witness'),
    erasures: remote('erasures'),
    sessions: remote('sessions'),
    views: remote('views'),
  };
}

/** Carries a call out on this side. Throws an `Error` for a method that no port has. */
export async function callPort(ports: WriterPorts, { port, method, args }: PortCall): Promise<unknown> {
  if (!Object.hasOwn(METHODS, port) || !Object.hasOwn(METHODS[port], method)) {
    throw new Error(`The writer has no ${port}.${method}.`);
  }
  const target: object = ports[port];
  // One of the table's methods, with arguments that the other end took from its caller.
  const methods = target as Readonly<Record<string, (...given: readonly unknown[]) => unknown>>;
  return await methods[method]?.(...args);
}
