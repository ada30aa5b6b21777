/** Builds what is named on the command line, exactly as `npm run demo` does, so that the tests run what people run. */
import { type BuildName, ensureBuilt } from "@/demo/build";

for (const name of process.argv.slice(2) as BuildName[]) {
  console.log(`${name}: ${(await ensureBuilt(name)) ? "built" : "up to date"}`);
}
