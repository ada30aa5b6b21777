#!/usr/bin/env node
/**
 * `ringfence`: starts the command line inside a clone, from any working directory, without a build and without the network.
 *
 * Inside the clone `npx ringfence …` runs this file, because npm looks for a bin of the project itself before anything else;
 * `node cli/ringfence.mjs …` is the same.
 */
import { fileURLToPath } from "node:url";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`ringfence: needs Node 20.19 or later, this is ${process.versions.node}\n`);
  process.exit(2);
}
try {
  const { register } = await import("tsx/esm/api");
  register({ tsconfig: fileURLToPath(new URL("../tsconfig.json", import.meta.url)) });
} catch (error) {
  if (error?.code !== "ERR_MODULE_NOT_FOUND") throw error;
  process.stderr.write("ringfence: its dependencies are not installed; run `npm install` in the clone first\n");
  process.exit(2);
}
const { main } = await import("./main.ts");
process.exitCode = await main(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  now: () => new Date().toISOString(),
});
