import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { AGENT_VERSION } from "./version";

it("is the version of the package, the chart and the agent's image", async () => {
  const root = path.dirname(import.meta.dirname);
  const read = (file: string) => readFile(path.join(root, file), "utf8");
  expect(JSON.parse(await read("package.json")).version).toBe(AGENT_VERSION);
  expect(await read("deploy/chart/Chart.yaml")).toContain(`appVersion: "${AGENT_VERSION}"`);
});
