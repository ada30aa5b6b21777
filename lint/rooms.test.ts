import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";

import { refuse, roomOf, TABLE } from "./rooms.mjs";

const allowed = (file: string, specifier: string, typeOnly = false) => refuse(file, specifier, typeOnly) === null;

describe("the import rules of the house", () => {
  it("knows every room of the table", () => {
    expect(roomOf("lib/server/db/client.ts")).toBe("lib/server");
    expect(roomOf("components/ui/button.tsx")).toBe("components/ui");
    expect(roomOf("components/status.tsx")).toBe("components");
    expect(roomOf("lib/errors.ts")).toBe("lib/errors");
    expect(roomOf("next.config.mjs")).toBeUndefined();
    expect(Object.keys(TABLE).length).toBeGreaterThan(20);
  });

  it("refuses every upward and sideways import that HOUSE names", () => {
    expect(allowed("lib/network/peers.ts", "@/lib/rbac/rules")).toBe(false);
    expect(allowed("lib/network/peers.ts", "@/lib/scope/types")).toBe(false);
    expect(allowed("lib/inventory/kinds.ts", "@kubernetes/client-node")).toBe(false);
    expect(allowed("lib/inventory/kinds.ts", "@kubernetes/client-node", true)).toBe(true);
    expect(allowed("lib/api/clusters.ts", "@/lib/server/fleet")).toBe(false);
    expect(allowed("components/table.tsx", "@/lib/server/fleet")).toBe(false);
    expect(allowed("components/ui/button.tsx", "@/lib/pci")).toBe(false);
    expect(allowed("lib/server/fleet.ts", "react")).toBe(false);
    expect(allowed("lib/server/fleet.ts", "@/lib/fixtures/builders")).toBe(false);
    expect(allowed("app/page.tsx", "@/lib/server/db/generated/client")).toBe(false);
    expect(allowed("agent/main.ts", "@/lib/server/env")).toBe(false);
    expect(allowed("cli/scan.ts", "@/lib/server/env")).toBe(false);
    expect(allowed("cli/scan.ts", "@/agent/main")).toBe(false);
    expect(allowed("cli/scan.ts", "@/agent/collect")).toBe(true);
    expect(allowed("lib/server/fleet.ts", "@/demo/postgres")).toBe(false);
  });

  it("refuses one control importing another, and allows its own test and shared types", () => {
    expect(allowed("lib/controls/net-default-deny-ingress.ts", "./net-default-deny-egress")).toBe(false);
    expect(allowed("lib/controls/net-default-deny-ingress.test.ts", "./net-default-deny-ingress")).toBe(true);
    expect(allowed("lib/controls/net-default-deny-ingress.ts", "./types")).toBe(true);
    expect(allowed("lib/controls/index.ts", "./net-default-deny-ingress")).toBe(true);
  });

  it("sees a relative path that leaves the room", () => {
    expect(allowed("lib/api/clusters.ts", "../server/fleet")).toBe(false);
    expect(allowed("lib/scope/classify.ts", "../inventory/kinds")).toBe(false);
  });

  it("keeps fixtures for tests, demo and e2e", () => {
    expect(allowed("lib/controls/pod-no-hostpath.ts", "@/lib/fixtures/builders")).toBe(false);
    expect(allowed("lib/controls/pod-no-hostpath.test.ts", "@/lib/fixtures/builders")).toBe(true);
    expect(allowed("demo/main.ts", "@/lib/fixtures/clusters")).toBe(true);
  });
});

describe("the linter itself", () => {
  it("reports a planted upward import and a planted clock, so the rules are really loaded", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "ringfence-lint-"));
    try {
      const root = path.resolve(import.meta.dirname, "..");
      for (const dir of ["lint", "lib/scope", "lib/server"]) mkdirSync(path.join(folder, dir), { recursive: true });
      copyFileSync(path.join(root, ".oxlintrc.json"), path.join(folder, ".oxlintrc.json"));
      copyFileSync(path.join(root, "lint/rooms.mjs"), path.join(folder, "lint/rooms.mjs"));
      writeFileSync(
        path.join(folder, "lib/scope/bad.ts"),
        'import { x } from "@/lib/server/x";\nexport const y = [x, Date.now()];\n',
      );
      const run = spawnSync(path.join(root, "node_modules/.bin/oxlint"), ["--format", "unix", "lib"], {
        cwd: folder,
        encoding: "utf8",
      });
      expect(run.status).toBe(1);
      expect(run.stdout).toContain("lib/scope may not import lib/server");
      expect(run.stdout).toContain("a pure room has no clock");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
