/** How every command of an operator ends: with what it did, or with one message in words and exit code 1. */
import { RingfenceError } from "@/lib/errors";
import { closeDatabases } from "../db/client";

/** Runs the command, prints what it says, and closes what it opened. */
export function runCommand(work: (say: (line: string) => void) => Promise<void>): void {
  void work((line) => process.stdout.write(`${line}\n`))
    .catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      if (error instanceof RingfenceError) {
        for (const { where, message } of error.details) process.stderr.write(`  ${where}: ${message}\n`);
      }
      process.exitCode = 1;
    })
    .then(() => closeDatabases());
}
