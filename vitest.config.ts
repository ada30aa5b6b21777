import path from "node:path";
import { defineConfig } from "vitest/config";

const root = import.meta.dirname;
const alias = { "@": root };

/**
 * Three projects. `unit`: the pure rooms and the screens' pure parts, in one thread pool without isolation (milliseconds each).
 * `cluster`: the controls' cases again, as simulated clusters: the assessor's commands and the remediations, with real kubectl.
 * `world`: everything that touches processes, ports or a real Postgres; isolated, and each file makes its own world.
 */
const worldRooms = ["lib/server", "agent", "worker", "demo", "cli", "test"];

export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: "unit",
          root,
          include: [
            "lib/**/*.test.{ts,tsx}",
            "components/**/*.test.{ts,tsx}",
            "app/**/*.test.{ts,tsx}",
            "lint/**/*.test.ts",
            "bench/**/*.test.ts",
          ],
          exclude: ["lib/server/**", "node_modules/**"],
          pool: "threads",
          isolate: false,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "cluster",
          root,
          include: ["lib/controls/*.test.ts"],
          exclude: ["lib/controls/index.test.ts"],
          setupFiles: [path.join(root, "test/case-harness.ts")],
          pool: "threads",
          isolate: false,
          testTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "world",
          root,
          include: worldRooms.map((room) => `${room}/**/*.test.ts`),
          pool: "forks",
          globalSetup: [path.join(root, "lib/server/testing/global-setup.ts")],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
