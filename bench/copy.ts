/** COPY … FROM STDIN over the plain driver: the denominator of storing. */
import type pg from "pg";

interface CopyConnection {
  query(sql: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** What `pg` calls while a statement runs; its types leave out COPY. */
class CopyIn {
  constructor(
    private readonly sql: string,
    private readonly chunks: Iterable<Buffer>,
    private readonly done: (error: Error | null) => void,
  ) {}
  submit(connection: CopyConnection): void {
    connection.query(this.sql);
  }
  handleCopyInResponse(connection: CopyConnection): void {
    for (const chunk of this.chunks) connection.sendCopyFromChunk(chunk);
    connection.endCopyFrom();
  }
  handleCommandComplete(): void {}
  handleReadyForQuery(): void {
    this.done(null);
  }
  handleError(error: Error): void {
    this.done(error);
  }
}

/** One field of COPY's text format. */
export function copyField(value: string | number | null): string {
  if (value === null) return "\\N";
  return String(value).replace(/[\\\t\n\r]/g, (c) => ({ "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" })[c] ?? c);
}

export function copyIn(client: pg.Client, sql: string, chunks: Iterable<Buffer>): Promise<void> {
  return new Promise((resolve, reject) => {
    const statement = new CopyIn(sql, chunks, (error) => (error === null ? resolve() : reject(error)));
    client.query(statement as unknown as pg.Submittable);
  });
}
