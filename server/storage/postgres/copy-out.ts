import type { Connection, Submittable } from 'pg';
import type { PostgresClient, PostgresPool } from './open.ts';

/** One row: the bytes of its columns as Postgres stores them, `null` where there is none. */
export type CopiedRow = readonly (Buffer | null)[];

/** A statement that takes longer hangs; whoever asked has gone. */
const STATEMENT_TIMEOUT_MS = 60_000;

/**
 * Runs one SELECT behind the wall of one ledger, or with all of them in sight (`ledger_wall`), and gives its
 * rows as bytes: COPY is the one way in which `pg` hands them on as they are. Its `binary` results are turned
 * to text and back, which spoils them, and the usual ones are hexadecimal: three times slower.
 *
 * All of it is one message, so it takes one round trip, and one transaction that ends with it whatever
 * happens: the next user of the connection, or of one of PgBouncer's, has nothing of the settings.
 *
 * @param pool one whose connections do not pipeline
 * @param select without parameters: everything in it comes from the code, or is a whole number
 */
export async function copyBehindWall(
  pool: PostgresPool,
  ledgers: number | '*',
  select: string,
): Promise<readonly CopiedRow[]> {
  const statement = `SET LOCAL transaction_read_only = on;
    SET LOCAL indelible.ledgers = '${ledgers === '*' ? ledgers : whole(ledgers)}';
    SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS};
    COPY (${select}) TO STDOUT (FORMAT binary)`;
  const client = await pool.connect();
  let isBroken = true;
  try {
    const messages = await copyOut(client, statement);
    isBroken = false;
    return readRows(messages);
  } catch (error) {
    // What the server has against a statement leaves the connection as it was.
    isBroken = !(error instanceof Error && 'severity' in error && error.severity === 'ERROR');
    throw error;
  } finally {
    client.release(isBroken);
  }
}

/** The number as it may stand in a statement. */
export function whole(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number`);
  return String(value);
}

/** A column of the type BIGINT whose values are below 2^53. */
export function readInt8(bytes: Buffer): number {
  return bytes.readInt32BE(0) * 2 ** 32 + bytes.readUInt32BE(4);
}

function copyOut(client: PostgresClient, statement: string): Promise<readonly Buffer[]> {
  return new Promise((resolve, reject) => {
    client.query(new CopyOut(statement, resolve, reject));
  });
}

/** A query of `pg`'s own kind: its client calls these methods as the server's messages come in. */
class CopyOut implements Submittable {
  private readonly statement: string;
  private readonly resolve: (messages: readonly Buffer[]) => void;
  private readonly reject: (error: Error) => void;
  private readonly messages: Buffer[] = [];
  /** Set by `pg` where answers have a time limit: to be called when this has ended, which ends its timer. */
  callback: (() => void) | undefined;

  constructor(
    statement: string,
    resolve: (messages: readonly Buffer[]) => void,
    reject: (error: Error) => void,
  ) {
    this.statement = statement;
    this.resolve = resolve;
    this.reject = reject;
  }

  submit(connection: Connection): void {
    connection.query(this.statement);
  }

  /** `pg` uses the memory of a message again. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    this.messages.push(Buffer.from(chunk));
  }

  /** Once for each statement. */
  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.callback?.();
    this.resolve(this.messages);
  }

  /** Either this or `handleReadyForQuery` comes last; never both. */
  handleError(error: Error): void {
    this.callback?.();
    this.reject(error);
  }
}

/** Of the file format of COPY: signature, flags and the length of an extension that there is none of. */
const HEADER_BYTES = 19;

/** The server sends each row in a message of its own; the header comes before the first one. */
function readRows(messages: readonly Buffer[]): readonly CopiedRow[] {
  const rows: CopiedRow[] = [];
  for (const [order, message] of messages.entries()) {
    let at = order === 0 ? HEADER_BYTES : 0;
    if (at === message.length) continue;
    const columns = message.readInt16BE(at);
    at += 2;
    // The end.
    if (columns < 0) break;
    const row = new Array<Buffer | null>(columns).fill(null);
    for (let column = 0; column < columns; column++) {
      const length = message.readInt32BE(at);
      at += 4;
      if (length < 0) continue;
      row[column] = message.subarray(at, at + length);
      at += length;
    }
    if (at !== message.length) throw new Error(`A row took ${at} bytes, not the ${message.length} sent`);
    rows.push(row);
  }
  return rows;
}
