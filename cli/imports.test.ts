/** `--import KIND=FILE`: a document changes results, says where it came from, and is refused in words. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable, Writable } from "node:stream";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findImportKind } from "@/lib/inventory/imports";
import { main } from "./main";
import type { Report } from "./report";

const EXAMPLE = findImportKind("encryption-record")?.example ?? "";
const AS_OF = "2026-11-21T12:00:00.000Z";
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "ringfence-cli-imports-"));
  const namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: cde, labels: {pci-scope: in-scope}}\n";
  writeFileSync(path.join(folder, "ns.yaml"), namespace);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string | Uint8Array, writtenAt = "2026-11-01T00:00:00Z"): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  utimesSync(file, new Date(writtenAt), new Date(writtenAt));
  return file;
}
async function scan(...words: string[]): Promise<{ code: number; err: string; report: Report | null }> {
  const texts = { out: "", err: "" };
  const into = (name: "out" | "err") =>
    new Writable({
      write(piece: Buffer, _encoding, done) {
        texts[name] += piece.toString("utf8");
        done();
      },
    });
  const source = ["scan", "--manifests", folder, "--provider", "gke", "--as-of", AS_OF, "--output", "json"];
  const world = { stdout: into("out"), stderr: into("err"), stdin: Readable.from([""]), now: () => AS_OF };
  const code = await main([...source, "--control", "sec-etcd-encryption-on", ...words], world);
  return { code, err: texts.err, report: texts.out === "" ? null : (JSON.parse(texts.out) as Report) };
}

it("lets a control know what no manifest shows, and names file, digest and age", async () => {
  const without = await scan();
  expect(without.report?.results.map(({ status }) => status)).toEqual(["unknown"]);
  const elsewhere = mkdtempSync(path.join(tmpdir(), "ringfence-cli-record-"));
  try {
    const file = path.join(elsewhere, "record=1.yaml");
    writeFileSync(file, EXAMPLE);
    utimesSync(file, new Date("2026-11-01T00:00:00Z"), new Date("2026-11-01T00:00:00Z"));
    const { report, code } = await scan("--import", `encryption-record=${file}`);
    expect(code).toBe(0);
    expect(report?.results.map(({ status }) => status)).toEqual(["pass"]);
    const sha256 = createHash("sha256").update(EXAMPLE).digest("hex");
    const collectedAt = "2026-11-01T00:00:00.000Z";
    expect(report?.inputs).toContainEqual({ import: "encryption-record", file, sha256, collectedAt });
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
});

it("goes on without a document that is not what it should be, says where, and ends with 2", async () => {
  const bad = write("bad.txt", "isSecretEncryptionOn: yes please\n");
  const { code, err, report } = await scan("--import", `encryption-record=${bad}`);
  expect(code).toBe(2);
  expect(err).toContain(`${bad}: encryption-record: isSecretEncryptionOn`);
  expect(report?.results.map(({ status }) => status)).toEqual(["unknown"]);
  const binary = write("binary.txt", new Uint8Array([0xff, 0xfe]));
  expect((await scan("--import", `encryption-record=${binary}`)).err).toContain("is not text in UTF-8");
});

it("takes several, and no kind or file that isn't there", async () => {
  const a = write("a.txt", EXAMPLE);
  const two = ["--import", `encryption-record=${a}`, "--import", `encryption-record=${write("b.txt", EXAMPLE)}`];
  expect((await scan(...two)).report?.inputs.filter((input) => "import" in input)).toHaveLength(2);
  for (const [value, words] of [
    ["nothing=a.yaml", /the kinds are .*encryption-record/],
    ["encryption-record", /KIND=FILE/],
    ["encryption-record=", /KIND=FILE/],
    [`encryption-record=${folder}/none.yaml`, /can't be read/],
  ] as const) {
    const { code, err } = await scan("--import", value);
    expect([code, words.test(err)], value).toEqual([2, true]);
  }
});
