/** `npm run migrate`: brings the database named by RINGFENCE_MIGRATION_DATABASE_URL up to this release. */
import { migrate } from "../db/migrate";
import { readMigrationEnvironment } from "../env";
import { runCommand } from "./command";

runCommand(async (say) => {
  const { url, passwords } = readMigrationEnvironment(process.env);
  const { hostname, port, pathname } = new URL(url);
  say(`Database ${pathname.slice(1)} on ${hostname}${port ? `:${port}` : ""}`);
  const applied = await migrate({ url, passwords, log: say });
  say(applied.length === 0 ? "Nothing to do: the database is up to date." : `${applied.length} applied.`);
});
