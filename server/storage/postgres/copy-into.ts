import type { Connection, Submittable } from 'pg';
import type { PostgresClient } from './open.ts';

/** What `pg`'s connection can do beyond its type declarations. */
interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Uint8Array): void;
  endCopyFrom(): void;
}

/** Pieces that `pg` copies into messages; larger ones make its buffer grow, and stay. */
const CHUNK_BYTES = 65_536;

/**
 * Runs a `COPY … FROM STDIN` with the data given. Resolves when the server has taken all of it; rejects with
 * the server's error, or with the connection's.
 */
export function copyInto(client: PostgresClient, statement: string, data: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new CopyInto(statement, data, resolve, reject));
  });
}

/** A query of `pg`'s own kind: its client calls these methods as the server's messages come in. */
class CopyInto implements Submittable {
  private readonly statement: string;
  private readonly data: Uint8Array;
  private readonly resolve: () => void;
  private readonly reject: (error: Error) => void;
  /** Set by `pg` where answers have a time limit: to be called when this has ended, which ends its timer. */
  callback: (() => void) | undefined;

  constructor(statement: string, data: Uint8Array, resolve: () => void, reject: (error: Error) => void) {
    this.statement = statement;
    this.data = data;
    this.resolve = resolve;
    this.reject = reject;
  }

  submit(connection: Connection): void {
    connection.query(this.statement);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    for (let at = 0; at < this.data.length; at += CHUNK_BYTES) {
      connection.sendCopyFromChunk(this.data.subarray(at, at + CHUNK_BYTES));
    }
    connection.endCopyFrom();
  }

  /** The server took all of it; the client is free for the next query only after `handleReadyForQuery`. */
  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.callback?.();
    this.resolve();
  }

  /** Either this or `handleReadyForQuery` comes last; never both. */
  handleError(error: Error): void {
    this.callback?.();
    this.reject(error);
  }
}
