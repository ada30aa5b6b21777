/**
 * Whether a worker lives, told by its database connection: each holds an advisory lock named after its pool for as long as it
 * exists. A process that is killed loses its connection and thereby the lock at once, and the others give its jobs to the
 * living, instead of waiting the queue's four hours.
 *
 * If a living worker loses only that connection, its job may run twice: evaluations are idempotent, so nothing is doubled.
 */
import pg from "pg";

/** First half of the advisory lock's key; the second is a hash of the pool's id. */
const LOCK_CLASS = 727_001;
/** A job taken more recently may belong to a worker that has not got its lock yet. */
const GRACE_SECONDS = 3;

export interface Liveness {
  /** Releases the jobs of workers that are gone. @returns their pools' ids */
  releaseDead(): Promise<string[]>;
  close(): Promise<void>;
}

/** Takes the lock of `poolId` and keeps it. @throws if the database can't be reached */
export async function holdLiveness(url: string, poolId: string): Promise<Liveness> {
  let isClosed = false;
  let client: pg.Client | null = null;

  async function connect(): Promise<pg.Client> {
    if (client !== null) return client;
    const opened = new pg.Client({
      connectionString: url,
      application_name: "ringfence-worker-liveness",
      keepAlive: true,
    });
    opened.on("error", () => {
      if (client === opened) client = null;
    });
    await opened.connect();
    await opened.query("select pg_advisory_lock($1, hashtext($2))", [LOCK_CLASS, poolId]);
    client = opened;
    return opened;
  }
  await connect();

  return {
    async releaseDead() {
      if (isClosed) return [];
      const connection = await connect();
      const { rows } = await connection.query<{ locked_by: string }>(
        `select distinct locked_by from graphile_worker._private_jobs
         where locked_by is not null and locked_by <> $1 and locked_at < now() - make_interval(secs => $2)`,
        [poolId, GRACE_SECONDS],
      );
      const released: string[] = [];
      for (const { locked_by: other } of rows) {
        const attempt = await connection.query<{ is_dead: boolean }>(
          "select pg_try_advisory_lock($1, hashtext($2)) as is_dead",
          [LOCK_CLASS, other],
        );
        if (attempt.rows[0]?.is_dead !== true) continue;
        try {
          await connection.query("select graphile_worker.force_unlock_workers(array[$1::text])", [other]);
          released.push(other);
        } finally {
          await connection.query("select pg_advisory_unlock($1, hashtext($2))", [LOCK_CLASS, other]);
        }
      }
      return released;
    },
    async close() {
      isClosed = true;
      await client?.end().catch(() => undefined);
    },
  };
}
