/** `--custom FILE`: an own control among the results, and a file that holds anything wrong is refused whole. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable, Writable } from "node:stream";
import { afterEach, beforeEach, expect, it } from "vitest";
import { main } from "./main";
import type { Report } from "./report";

const AS_OF = "2026-11-21T12:00:00.000Z";
const OBJECTS = `
apiVersion: v1
kind: Namespace
metadata: { name: cde, labels: { pci-scope: in-scope } }
---
apiVersion: v1
kind: Service
metadata: { name: api, namespace: cde }
spec: { selector: { app: api }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: cde, labels: { team: pay } }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`;
const CONTROL = `
- id: custom-team-label
  title: Services name their team
  severity: high
  kinds: [services]
  validations:
    - expression: has(object.metadata.labels) && "team" in object.metadata.labels
      message: the label team is missing
  requirements:
    - { requirement: 12.5.1, kind: supporting, rationale: An inventory has owners. }
`;
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "ringfence-cli-custom-"));
  writeFileSync(path.join(folder, "objects.yaml"), OBJECTS);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function scan(custom: string): Promise<{ code: number; err: string; report: Report | null }> {
  const file = path.join(folder, "controls.txt");
  writeFileSync(file, custom);
  const texts = { out: "", err: "" };
  const into = (name: "out" | "err") =>
    new Writable({
      write(piece: Buffer, _encoding, done) {
        texts[name] += piece.toString("utf8");
        done();
      },
    });
  const world = { stdout: into("out"), stderr: into("err"), stdin: Readable.from([""]), now: () => AS_OF };
  const objects = path.join(folder, "objects.yaml");
  const words = ["scan", "--manifests", objects, "--as-of", AS_OF, "--output", "json", "--custom", file];
  const code = await main([...words, "--control", "custom-team-label"], world);
  return { code, err: texts.err, report: texts.out === "" ? null : (JSON.parse(texts.out) as Report) };
}

it("runs own controls beside the catalogue", async () => {
  const { code, report } = await scan(CONTROL);
  expect(code).toBe(1);
  expect(
    report?.results.map(({ status, severity, object, reason }) => [status, severity, object.name, reason]),
  ).toEqual([
    ["fail", "high", "api", "the label team is missing"],
    ["pass", "high", "web", "the expression holds"],
  ]);
  expect(report?.requirements.map(({ requirement }) => requirement)).toEqual(["12.5.1"]);
});

it.each([
  [CONTROL.replace("has(object.metadata.labels)", "has(object.spec.noSuchField)"), "noSuchField is not read"],
  [CONTROL.replace("severity: high", "severity: urgent"), "document 1.0.severity"],
  [CONTROL.replace("custom-team-label", "net-default-deny-ingress"), "must be custom-"],
  [CONTROL.replace("12.5.1", '"99.9"'), "no requirement that can be tested"],
  [CONTROL + CONTROL, "defined twice"],
  ["a: [", "controls.txt"],
])("refuses what is wrong, with its place (%#)", async (custom, says) => {
  const { code, err } = await scan(custom);
  expect(code).toBe(2);
  expect(err).toContain(says);
});
