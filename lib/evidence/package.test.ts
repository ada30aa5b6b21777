import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assess } from "@/lib/assessment/assess";
import type { Control } from "@/lib/controls/types";
import { AS_OF, cdeNamespace, minimalPod, object, snapshotOf } from "@/lib/fixtures/builders";
import { refOf } from "@/lib/inventory/inventory";
import { LEAF_REQUIREMENTS } from "@/lib/pci";
import type { EvidenceCustomControl } from "./custom-controls";
import { buildEvidencePackage, type EvidenceImport, type EvidenceInput } from ".";
import { csvRow } from "./csv";
import { escape } from "./index-html";

const EVIL = `=HYPERLINK("http://x")<script>alert(1)</script>`;
const judge: Control = {
  id: "pod-judge",
  title: "Judges <pods>",
  severity: "high",
  judges: "workload",
  sections: ["pods"],
  requirements: [{ requirement: "2.2.6", kind: "primary", rationale: "test" }],
  rule: { reads: "pods", pass: "p", fail: "f", unknown: "u", notApplicable: "n", why: "w", cannotSee: "c" },
  evaluate: ({ inventory }) =>
    inventory.livePods.map(({ pod }) => ({
      status: pod.metadata.name.startsWith("bad") ? "fail" : "pass",
      object: refOf(pod),
      reason: EVIL,
      detail: "Because.",
      evidence: [{ ref: refOf(pod), pointer: "/spec/containers/0", found: "x" }],
    })),
  verify: () => ({ command: "kubectl get pods -A", expect: "none <b>", needs: ["openssl"] }),
  remediate: () => ({ summary: "", risk: "" }),
};
const uploaded: EvidenceImport = {
  id: "0d6bd1c9-7c39-4a0e-8a3e-1f0a3b6c9d11",
  kind: "approved-access",
  title: "Approved access",
  name: EVIL,
  scope: "organization",
  digest: "ab".repeat(32),
  bytes: 120,
  collectedAt: AS_OF,
  uploadedAt: AS_OF,
  uploadedBy: "Ada",
  parts: {
    registers: {
      apiClients: [
        {
          namespace: "n",
          serviceAccount: "s",
          permissions: [],
          reason: "it reads its own Leases",
          approvedBy: "Ada",
          approvedAt: "2026-11-01",
        },
      ],
    },
  },
};
const own: EvidenceCustomControl = {
  id: "custom-team-label",
  revision: 4,
  digest: "cd".repeat(32),
  createdAt: AS_OF,
  createdBy: "Ada",
  definition: {
    id: "custom-team-label",
    title: EVIL,
    severity: "low",
    why: "",
    kinds: ["pods"],
    scope: [],
    matchConditions: [],
    variables: [],
    validations: [{ expression: "has(object.metadata.labels.team) && 1 < 2" }],
    requirements: [{ requirement: "12.5.1", kind: "supporting", rationale: "Owners." }],
    revision: 4,
  },
};
function inputOf(names: string[]): EvidenceInput {
  const snapshot = snapshotOf(
    [
      cdeNamespace(),
      ...names.map((n) => minimalPod(n)),
      object("rbac.authorization.k8s.io/v1", "ClusterRole", "system:x", undefined, { rules: [] }),
    ],
    { sections: { nodes: { status: "forbidden", message: "no right" } } },
  );
  return {
    organization: "Example\nInjected",
    project: "pci-production",
    cluster: { id: "c1", name: EVIL },
    scan: { seq: 7, snapshotId: "s1", receivedAt: AS_OF, agentVersion: "0.1.0", commitDigest: "d", droppedFields: 12 },
    assessment: assess(snapshot, { asOf: AS_OF, controls: [judge] }),
    snapshot,
    controls: [judge],
    imports: [uploaded],
    customControls: [own],
  };
}
function build(input: EvidenceInput): Map<string, string> {
  const files = new Map<string, string>();
  for (const { path: name, content } of buildEvidencePackage(input, () => {
    const hash = createHash("sha256");
    return { update: (text) => hash.update(text), digest: () => hash.digest("hex") };
  }))
    files.set(name, [...content].join(""));
  return files;
}

describe("the files", () => {
  const files = build(inputOf(["good", "bad-1"]));
  const json = JSON.parse(files.get("results.json") ?? "") as {
    results: { status: string }[];
    requirements: unknown[];
    sections: { name: string; status: string }[];
  };

  it("come in a fixed order, the manifest last, with names that every system can hold", () => {
    expect([...files.keys()]).toEqual([
      "README.txt",
      "VERIFY.sh",
      "index.html",
      "requirements.csv",
      "results.csv",
      "results.json",
      "cited/pod-judge.json",
      "imports/approved-access-abababababab-0d6bd1c9.json",
      "custom-controls/custom-team-label-r4.json",
      "objects/namespaces.ndjson",
      "objects/pods.ndjson",
      "objects/clusterroles.ndjson",
      "MANIFEST.sha256",
    ]);
    for (const name of files.keys()) expect(name).toMatch(/^[A-Za-z0-9._/-]+$/);
  });

  it("have the same bytes for the same scan", () => {
    const again = build(inputOf(["bad-1", "good"]));
    expect([...again]).toEqual([...files]);
    expect(build(inputOf(["good"])).get("MANIFEST.sha256")).not.toBe(files.get("MANIFEST.sha256"));
  });

  it("list every other file in the manifest, sorted, with its digest", () => {
    const lines = (files.get("MANIFEST.sha256") ?? "").trimEnd().split("\n");
    const names = lines.map((line) => line.slice(66));
    expect(names).toEqual([...files.keys()].filter((n) => n !== "MANIFEST.sha256").sort());
    for (const line of lines) {
      expect(line.slice(0, 64)).toBe(
        createHash("sha256")
          .update(files.get(line.slice(66)) ?? "")
          .digest("hex"),
      );
    }
  });

  it("hold all results as JSON, what could not be read among them", () => {
    expect(json.results.map((r) => r.status).sort()).toEqual(["fail", "pass"]);
    expect(json.requirements).toHaveLength(LEAF_REQUIREMENTS.length);
    expect(json.sections.find((s) => s.name === "nodes")).toMatchObject({ status: "forbidden", message: "no right" });
  });

  it("hold what each uploaded document said, with the digest of its file", () => {
    const held = JSON.parse(files.get("imports/approved-access-abababababab-0d6bd1c9.json") ?? "") as unknown;
    const head = {
      kind: "approved-access",
      name: EVIL,
      sha256: "ab".repeat(32),
      uploadedBy: "Ada",
      collectedAt: AS_OF,
    };
    expect(held).toMatchObject({ ...head, facts: {}, registers: uploaded.parts.registers });
    expect(JSON.parse(files.get("results.json") ?? "")).toMatchObject({ imports: [head] });
    expect(files.get("index.html")).toContain(`<code>${"ab".repeat(32)}</code>`);
  });

  it("say when the code of a newer catalogue evaluated an older version", () => {
    const input = inputOf(["good"]);
    const older = build({ ...input, scan: { ...input.scan, codeVersion: "2099.1" } });
    for (const name of ["README.txt", "index.html"]) {
      expect(older.get(name)).toMatch(/evaluated by the code of (?:catalogue )?2099\.1/);
      expect(files.get(name)).not.toContain("evaluated by the code");
    }
  });

  it("cite the redacted objects of what failed, and only those", () => {
    const cited = JSON.parse(files.get("cited/pod-judge.json") ?? "") as { metadata: { name: string } }[];
    expect(cited.map((o) => o.metadata.name)).toEqual(["bad-1"]);
    expect(files.get("objects/pods.ndjson")?.trimEnd().split("\n")).toHaveLength(2);
  });

  it("hold a page that needs no server, runs no script, and shows every requirement", () => {
    const html = files.get("index.html") ?? "";
    expect(html).not.toMatch(/<script|https?:\/\/(?!x)|src=|@import/i);
    expect(html).toContain("&lt;script&gt;");
    expect(html.match(/<tr id="r-/g)).toHaveLength(LEAF_REQUIREMENTS.length);
    for (const text of [
      "What this proves",
      "What it does not prove",
      "kubectl get pods -A",
      "no right",
      "@media print",
    ])
      expect(html).toContain(text);
    for (const word of ["compliant", "score"]) expect(html.toLowerCase()).not.toContain(word);
  });

  it("show a deciding control that the release lacked as not assessed, in the page, the table and the data", () => {
    const lacking = { control: "pod-capabilities-dropped", kind: "primary", status: "not-assessed", decides: true };
    const whole = build(inputOf(["good"]));
    const data = JSON.parse(whole.get("results.json") ?? "") as {
      requirements: { requirement: string; status: string; parts: unknown[] }[];
    };
    const assessed = data.requirements.find((r) => r.requirement === "2.2.6");
    expect(assessed?.status).toBe("not-assessed");
    expect(assessed?.parts).toContainEqual(lacking);
    expect(assessed?.parts).toContainEqual({ control: "pod-judge", kind: "primary", status: "pass", decides: true });
    const line = (whole.get("requirements.csv") ?? "").split("\r\n").find((row) => row.startsWith("§2.2.6,"));
    expect(line).toContain(",not-assessed,");
    expect(line).toContain("pod-judge: pass; ");
    expect(line).toContain("pod-capabilities-dropped: not-assessed");
    const html = whole.get("index.html") ?? "";
    expect(html).toContain("<code>pod-capabilities-dropped</code> (decides, not in this release: Not assessed)");
    // No link leads nowhere.
    const targets = new Set([...html.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]));
    for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(targets, target).toContain(target);
  });

  it("defuse formulas in tables", () => {
    expect(files.get("results.csv")).toContain(`"'=HYPERLINK(""http://x"")`);
    for (const start of ["=", "+", "-", "@", "\t=", " =", "\r"]) expect(csvRow([`${start}x`])).toMatch(/^"?'/);
    expect(csvRow(["a,b", 'say "x"', 5, null, "line\nbreak"])).toBe('"a,b","say ""x""",5,,"line\nbreak"\r\n');
  });

  it("let no name write lines into the text", () => {
    expect(files.get("README.txt")).toContain("Organization   Example Injected\n");
    expect(escape("a\u202eb\u0007")).toBe("a\ufffdb\ufffd");
  });

  it("must be read to their end", () => {
    const iterator = buildEvidencePackage(inputOf(["a"]), () => ({ update: () => undefined, digest: () => "" }));
    iterator.next();
    expect(() => iterator.next()).toThrow(/README.txt was not read/);
  });
});

describe("VERIFY.sh", () => {
  let folder = "";
  const write = (name: string, text: string) => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  };
  /** Only what the script may need is on its path. */
  const verify = (programs: string[], cwd = folder, script = "VERIFY.sh") => {
    const bin = path.join(folder, "..", `${path.basename(folder)}-bin-${programs.join("-")}`);
    mkdirSync(bin, { recursive: true });
    for (const program of programs) {
      const target = execFileSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).trim();
      rmSync(path.join(bin, program), { force: true });
      symlinkSync(target, path.join(bin, program));
    }
    const { status, stdout } = spawnSync("/bin/sh", [script], {
      cwd,
      encoding: "utf8",
      env: { PATH: bin } as unknown as NodeJS.ProcessEnv,
    });
    rmSync(bin, { recursive: true });
    return { status, out: stdout };
  };
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "ringfence-evidence-"));
    for (const [name, text] of build(inputOf(["good", "bad-1"]))) write(name, text);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it.each([["sha256sum"], ["openssl"]])(
    "accepts the package with %s alone and prints the manifest's digest",
    (program) => {
      const manifest = build(inputOf(["good", "bad-1"])).get("MANIFEST.sha256") ?? "";
      const { status, out } = verify([program]);
      expect(out).toContain(createHash("sha256").update(manifest).digest("hex"));
      expect(out).toContain("OK: all 12 files");
      expect(status).toBe(0);
    },
  );
  it("works from another folder", () =>
    expect(verify(["sha256sum"], "/", path.join(folder, "VERIFY.sh")).status).toBe(0));
  it("finds a changed file", () => {
    write("results.csv", "x");
    expect(verify(["sha256sum"])).toMatchObject({
      status: 1,
      out: expect.stringContaining("CHANGED  results.csv") as string,
    });
  });
  it("finds a missing file", () => {
    rmSync(path.join(folder, "objects/pods.ndjson"));
    expect(verify(["sha256sum"])).toMatchObject({
      status: 1,
      out: expect.stringContaining("MISSING  objects/pods.ndjson") as string,
    });
  });
  it.each(["added.txt", "objects/deep/er/added.json", ".hidden", "..odd", "name with space", "objects/a\nb"])(
    "finds an added file: %j",
    (name) => {
      write(name, "x");
      const { status, out } = verify(["sha256sum"]);
      expect(status).toBe(1);
      expect(out).toContain(`ADDED    ${name}`);
    },
  );
  it("finds an added link", () => {
    symlinkSync("/etc/passwd", path.join(folder, "objects", "link"));
    expect(verify(["sha256sum"])).toMatchObject({
      status: 1,
      out: expect.stringContaining("ADDED    objects/link") as string,
    });
  });
  it("refuses a manifest that points outside", () => {
    write("MANIFEST.sha256", `${"0".repeat(64)}  ../../etc/passwd\n`);
    expect(verify(["sha256sum"])).toMatchObject({ out: expect.stringContaining("BAD LINE") as string });
  });
  it("doesn't say OK when it could not check", () => {
    expect(verify([]).status).toBe(2);
    rmSync(path.join(folder, "MANIFEST.sha256"));
    expect(verify(["sha256sum"]).status).toBe(2);
    write("MANIFEST.sha256", "");
    chmodSync(path.join(folder, "VERIFY.sh"), 0o755);
    expect(verify(["sha256sum"]).status).not.toBe(0);
  });

  it("holds the organization's own controls whole, with what they count toward", () => {
    const files = build(inputOf(["a"]));
    const file = JSON.parse(files.get("custom-controls/custom-team-label-r4.json") ?? "null") as Record<
      string,
      unknown
    >;
    expect(file).toMatchObject({
      id: own.id,
      revision: 4,
      sha256: own.digest,
      definition: { validations: own.definition.validations },
    });
    expect(JSON.parse(files.get("results.json") ?? "")).toMatchObject({
      customControls: [{ id: own.id, revision: 4 }],
    });
    expect(files.get("index.html")).toContain("has(object.metadata.labels.team) &amp;&amp; 1 &lt; 2");
  });
});
