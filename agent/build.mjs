/**
 * Bundles the agent and the node collector, each into one file that runs on Node alone: dist/agent/ringfence-agent.mjs and
 * dist/agent/ringfence-node-collector.mjs.
 *
 * `--outdir DIR` puts it elsewhere. The banner gives CommonJS parts of the bundle a `require` for Node's own modules.
 */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const root = path.dirname(import.meta.dirname);
const { values } = parseArgs({ options: { outdir: { type: "string", default: path.join(root, "dist/agent") } } });
await mkdir(values.outdir, { recursive: true });
const programs = { "ringfence-agent": "agent/main.ts", "ringfence-node-collector": "agent/node-collector/main.ts" };
for (const [name, entry] of Object.entries(programs)) {
  await build({
    entryPoints: [path.join(root, entry)],
    outfile: path.join(values.outdir, `${name}.mjs`),
    bundle: true,
    minify: true,
    platform: "node",
    target: "node20",
    format: "esm",
    sourcemap: false,
    legalComments: "eof",
    alias: { "@": root },
    banner: { js: 'import { createRequire as _cr } from "node:module"; const require = _cr(import.meta.url);' },
    logLevel: "warning",
  });
}
