/** `npm run migrate`: brings the database named by RINGFENCE_MIGRATION_DATABASE_URL up to this release. */
import { readMigrationEnvironment } from "../env";
import { migrate } from "./migrate";

async function main(): Promise<void> {
  const { url, passwords } = readMigrationEnvironment(process.env);
  const { hostname, port, pathname } = new URL(url);
  process.stdout.write(`Database ${pathname.slice(1)} on ${hostname}${port ? `:${port}` : ""}\n`);
  const applied = await migrate({ url, passwords, log: (line) => process.stdout.write(`${line}\n`) });
  process.stdout.write(
    applied.length === 0 ? "Nothing to do: the database is up to date.\n" : `${applied.length} applied.\n`,
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
