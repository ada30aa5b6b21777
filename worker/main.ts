/**
 * The worker's process: `tsx worker/main.ts`, or the bundle of it. Stateless; start as many as there is work for.
 *
 * SIGTERM and SIGINT let the jobs under way finish. A second signal, or SIGKILL, ends it at once: what it was doing is done
 * again by another worker, from the beginning and without a trace of the first attempt.
 */
import { EnvironmentError, readDatabaseUrl } from "@/lib/server/env";
import { closeDatabases, startWorker } from "@/lib/server/jobs/run-worker";

function log(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

async function main(): Promise<void> {
  const url = readDatabaseUrl("worker");
  const worker = await startWorker({ url, log });
  let isStopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (isStopping) process.exit(1);
    isStopping = true;
    log(`${signal}: finishing the jobs under way`);
    worker.stop().catch((error: unknown) => {
      log(`stopping failed: ${String(error)}`);
      process.exitCode = 1;
    });
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  log("ready");
  await worker.ended;
  await closeDatabases();
  log("stopped");
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof EnvironmentError ? error.message : String(error)}\n`);
  process.exit(1);
});
