/** A worker: takes jobs from the queue until it is told to stop. Any number of them may run against one database. */
import { EventEmitter } from "node:events";
import { type JobHelpers, Logger, run, type TaskList, type WorkerEvents } from "graphile-worker";
import pg from "pg";
import { z } from "zod";
import { assertSafeRole, closeDatabases, databaseOf } from "../db/client";
import { registerCatalog } from "../catalog";
import { scanAgain } from "../evaluate/again";
import { evaluateScan } from "../evaluate/evaluate-scan";
import { previewCatalog } from "../evaluate/preview";
import { holdLiveness, type Liveness } from "./liveness";
import { endAbandonedScans, lookForGaps, tidy } from "./look-after";

/** As ringfence_enqueue writes it: the organization is that of the transaction which enqueued. */
const clusterPayload = z.object({ orgId: z.uuid(), clusterId: z.uuid() });
const previewPayload = clusterPayload.extend({ version: z.string() });
const evaluatePayload = clusterPayload.extend({ seq: z.number().int().min(1) });

const TASKS: TaskList = {
  "evaluate-scan": async (payload, helpers: JobHelpers) => {
    const isLastAttempt = helpers.job.attempts >= helpers.job.max_attempts;
    await evaluateScan(evaluatePayload.parse(payload), { isLastAttempt });
  },
  "evaluate-again": async (payload) => {
    const { orgId, clusterId } = clusterPayload.parse(payload);
    await scanAgain(orgId, clusterId);
  },
  "preview-catalog": async (payload) => {
    const { orgId, clusterId, version } = previewPayload.parse(payload);
    await previewCatalog(orgId, clusterId, version);
  },
  "look-for-gaps": async () => {
    await lookForGaps(new Date());
  },
  "end-abandoned-scans": async () => {
    await endAbandonedScans(new Date());
  },
  tidy: () => tidy(new Date()),
};

/** One worker of all takes each of these at its minute. */
const CRONTAB = [
  "* * * * * look-for-gaps ?max=3",
  "* * * * * end-abandoned-scans ?max=3",
  "17 * * * * tidy ?max=3",
].join("\n");

const RELEASE_DEAD_MS = 2_000;

export interface RunningWorker {
  /** Finishes the jobs that it has, gives up its connections, and resolves. */
  stop(): Promise<void>;
  /** Settles when the worker has ended, for whatever reason. */
  ended: Promise<void>;
}

export interface WorkerOptions {
  /** Address of the database for the role ringfence_worker. */
  url: string;
  /** Evaluations at a time in this process; they share one thread, so more than two helps nobody. */
  concurrency?: number;
  log?: (line: string) => void;
}

/**
 * Starts a worker.
 *
 * @throws Error in words for an operator when its database role is not the right one
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { url, concurrency = 2, log = () => undefined } = options;
  await assertSafeRole(databaseOf("worker"), "worker");
  await registerCatalog("worker");
  const pool = new pg.Pool({ connectionString: url, max: concurrency + 3, application_name: "ringfence-worker-queue" });
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));

  let liveness: Promise<Liveness> | undefined;
  const events: WorkerEvents = new EventEmitter();
  // The queue locks jobs in the name of its pool; the lock must say so from the first one on.
  events.on("pool:create", ({ workerPool }) => {
    liveness = holdLiveness(url, workerPool.id);
    liveness.catch((error: unknown) => log(`liveness: ${String(error)}`));
  });
  events.on("job:error", ({ job, error }) => {
    log(`${job.task_identifier} failed (attempt ${job.attempts} of ${job.max_attempts}): ${messageOf(error)}`);
  });

  const runner = await run({
    pgPool: pool,
    concurrency,
    // Its own handlers raise the signal again before our code could end well.
    noHandleSignals: true,
    pollInterval: 1_000,
    taskList: TASKS,
    crontab: CRONTAB,
    events,
    logger: new Logger(() => (level, message) => {
      if (level === "error" || level === "warning") log(message);
    }),
  });
  const release = async () => {
    const released = await (await liveness)?.releaseDead();
    if (released !== undefined && released.length > 0)
      log(`released the jobs of ${released.join(", ")}, which are gone`);
  };
  const timer = setInterval(() => void release().catch((error: unknown) => log(messageOf(error))), RELEASE_DEAD_MS);

  const finish = async () => {
    try {
      await runner.promise;
    } finally {
      clearInterval(timer);
      await (await liveness?.catch(() => undefined))?.close();
      await pool.end().catch(() => undefined);
    }
  };
  const ended = finish();
  ended.catch(() => undefined);
  return {
    ended,
    async stop() {
      await runner.stop();
      await ended;
    },
  };
}

/** For the end of a worker's process. */
export { closeDatabases };

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
