import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { minimalPodSpec, runningDeployment, snapshotOf, staticPod } from "@/lib/fixtures/builders";
import { createInventory } from "./create-inventory";
import { CHUNK_RAW_BYTES, encodeSnapshot, type EncodedChunk, refuseLine, SnapshotDecoder } from "./encoding";
import { SAMPLES } from "./redaction/samples";
import { SECTION_NAMES } from "./sections";
import type { Section, SectionName, Snapshot } from "./snapshot";

const sha256 = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex");
const encode = (snapshot: Snapshot) => [...encodeSnapshot(snapshot, sha256)];

function decode(snapshot: Snapshot, chunks: EncodedChunk[]): Snapshot {
  const sections = (Object.values(snapshot.sections) as Section[]).map(({ objects: _, ...rest }) => rest);
  const decoder = new SnapshotDecoder({ ...snapshot, sections });
  for (const { section, bytes } of chunks) decoder.addChunk(section, bytes);
  return decoder.finish();
}
const linesOf = (chunk: EncodedChunk) => new TextDecoder().decode(chunk.bytes).split("\n").slice(0, -1);

describe("round trip", () => {
  it("gives back every section, status and message", () => {
    const snapshot = snapshotOf(Object.values(SAMPLES), {
      sections: { nodes: { status: "forbidden", message: "no right" } },
    });
    const normal = JSON.parse(JSON.stringify(snapshot)) as Snapshot;
    expect(decode(snapshot, encode(snapshot))).toEqual(normal);
  });

  it("is the same in whatever order the chunks come", () => {
    const snapshot = snapshotOf([
      ...runningDeployment("a"),
      ...runningDeployment("b", "cde", minimalPodSpec({ hostNetwork: true })),
    ]);
    const chunks = encode(snapshot);
    const sorted = (s: Snapshot) => s.sections.pods?.objects.map((p) => p.metadata.name).sort();
    expect(sorted(decode(snapshot, chunks.toReversed()))).toEqual(sorted(snapshot));
  });

  it("keeps any world of pods: specs shared, nodes and statuses their own", () => {
    const spec = fc.record({
      hostNetwork: fc.boolean(),
      image: fc.constantFrom("a:1", "b:2"),
      user: fc.nat(3),
      node: fc.option(fc.constantFrom("n1", "n2"), { nil: undefined }),
      suffix: fc.stringMatching(/^[a-z0-9]{5}$/),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/), spec), {
          selector: ([name]) => name,
          maxLength: 40,
        }),
        (pods) => {
          const raw = pods.map(([name, p]) => ({
            apiVersion: "v1",
            kind: "Pod",
            metadata: { name, namespace: "n", labels: { name } },
            status: { phase: "Running", podIP: "10.0.0.1" },
            spec: {
              hostNetwork: p.hostNetwork,
              nodeName: p.node,
              containers: [
                {
                  name: "c",
                  image: p.image,
                  securityContext: { runAsUser: p.user },
                  volumeMounts: [{ name: `kube-api-access-${p.suffix}`, mountPath: "/t" }],
                },
              ],
              volumes: [{ name: `kube-api-access-${p.suffix}`, projected: {} }],
            },
          }));
          const snapshot = snapshotOf(raw);
          const decoded = decode(snapshot, encode(snapshot));
          const normal = JSON.parse(
            JSON.stringify(snapshot).replace(/kube-api-access-[a-z0-9]{5}/g, "kube-api-access"),
          ) as Snapshot;
          expect(decoded).toEqual(normal);
          const shape = (s: Snapshot) =>
            createInventory(s).workloads.map((w) => [w.ref.name, w.variants.map((v) => v.podNames)]);
          expect(shape(decoded)).toEqual(shape(snapshot));
          const distinct = new Set(pods.map(([, p]) => `${p.hostNetwork} ${p.image} ${p.user}`));
          const templates = encode(snapshot)
            .filter((c) => c.section === "podtemplates")
            .reduce((sum, c) => sum + c.objects, 0);
          expect(templates).toBe(distinct.size);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("shares one spec object among the pods of a template on a node", () => {
    const snapshot = snapshotOf(runningDeployment("a", "cde", minimalPodSpec(), { replicas: 5, nodeName: "n1" }));
    const decoded = decode(snapshot, encode(snapshot));
    expect(new Set(decoded.sections.pods?.objects.map((p) => p.spec)).size).toBe(1);
    expect(createInventory(decoded).workloads[0]?.variants).toHaveLength(1);
    expect(new Set(decoded.sections.pods?.objects.map((p) => p.metadata.labels)).size).toBe(1);
  });

  it("keeps the flags of a static pod", () => {
    const snapshot = snapshotOf([staticPod("kube-apiserver", ["kube-apiserver", "--anonymous-auth=false"])]);
    const [pod] = decode(snapshot, encode(snapshot)).sections.pods?.objects ?? [];
    expect(pod?.spec.containers[0]?.command).toEqual(["kube-apiserver", "--anonymous-auth=false"]);
  });
});

describe("chunks", () => {
  const world = (changed?: number) =>
    snapshotOf(
      Array.from({ length: 3000 }, (_, i) => ({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: {
          name: `sa-${String(i).padStart(5, "0")}`,
          namespace: "n",
          labels: i === changed ? { changed: "yes" } : {},
        },
      })),
    );

  it("changes one chunk when one object changes", () => {
    const before = new Set(encode(world()).map((c) => sha256(c.bytes)));
    const after = encode(world(1500)).map((c) => sha256(c.bytes));
    expect(before.size).toBeGreaterThan(20);
    expect(after.filter((digest) => !before.has(digest))).toHaveLength(1);
  });

  it("changes at most two when one object goes away", () => {
    const all = world();
    const before = new Set(encode(all).map((c) => sha256(c.bytes)));
    all.sections.serviceaccounts?.objects.splice(777, 1);
    const after = encode(all).map((c) => sha256(c.bytes));
    expect(after.filter((digest) => !before.has(digest)).length).toBeLessThanOrEqual(2);
  });

  it("stay below 256 kB, except for a single object that is larger", () => {
    const big = (name: string, size: number) => ({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: {
        name,
        namespace: "n",
        labels: Object.fromEntries(Array.from({ length: size / 1000 }, (_, i) => [`l${i}`, "x".repeat(1000)])),
      },
    });
    const chunks = encode(
      snapshotOf([...Array.from({ length: 20 }, (_, i) => big(`a${i}`, 60_000)), big("huge", 400_000)]),
    );
    const large = chunks.filter((c) => c.bytes.byteLength > CHUNK_RAW_BYTES);
    expect(large.map((c) => c.objects)).toEqual([1]);
  });
});

describe("what can't be read", () => {
  const header = (sections: { name: string; status: "complete" }[]) => ({ ...snapshotOf([]), sections });
  const bytes = (text: string) => new TextEncoder().encode(text);

  it("names a line that is no object of its kind and reads on", () => {
    const decoder = new SnapshotDecoder(header([{ name: "services", status: "complete" }]));
    decoder.addChunk(
      "services",
      bytes(
        '{"apiVersion":"v1","kind":"Service","metadata":{"name":"a","namespace":"n"},"spec":{"ports":[{"port":"x"}]}}\nnot json\n{"apiVersion":"v1","kind":"Service","metadata":{"name":"b","namespace":"n"},"spec":{}}\n',
      ),
    );
    const snapshot = decoder.finish();
    expect(snapshot.sections.services?.objects.map((s) => s.metadata.name)).toEqual(["b"]);
    expect(snapshot.invalid.map((i) => [i.name, i.where])).toEqual([
      ["a", "services, line 1 of its chunk"],
      ["", "services, line 2 of its chunk"],
    ]);
  });

  it("names a pod whose template is missing", () => {
    const decoder = new SnapshotDecoder(header([{ name: "pods", status: "complete" }]));
    decoder.addLine(
      "pods",
      `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n"},"template":"${"0".repeat(64)}"}`,
      "x",
    );
    const snapshot = decoder.finish();
    expect(snapshot.sections.pods?.objects).toEqual([]);
    expect(snapshot.invalid).toMatchObject([{ kind: "Pod", name: "p", namespace: "n" }]);
  });

  it("skips a section that a newer agent knows", () => {
    const decoder = new SnapshotDecoder(header([{ name: "unheardof", status: "complete" }]));
    decoder.addChunk("unheardof", bytes('{"a":1}\n'));
    expect(decoder.finish()).toMatchObject({ sections: {}, invalid: [] });
  });
});

describe("refuseLine", () => {
  it("takes every line that the encoder makes", () => {
    const snapshot = snapshotOf([...Object.values(SAMPLES), staticPod("etcd", ["etcd", "--client-cert-auth=true"])]);
    const sections = new Set<string>();
    for (const chunk of encode(snapshot)) {
      sections.add(chunk.section);
      for (const line of linesOf(chunk)) expect(refuseLine(chunk.section, JSON.parse(line), "x"), line).toBeUndefined();
    }
    expect([...sections].sort()).toEqual([...SECTION_NAMES, "podtemplates"].sort());
  });
  it("refuses raw objects, and a template or pod with something more", () => {
    for (const section of SECTION_NAMES)
      expect(refuseLine(section as SectionName, SAMPLES[section], "x"), section).toBeDefined();
    const digest = "0".repeat(64);
    const spec = { containers: [{ name: "c" }] };
    expect(refuseLine("podtemplates", { digest, spec }, "x")).toBeUndefined();
    expect(refuseLine("podtemplates", { digest, spec, note: "x" }, "x")).toBeDefined();
    expect(
      refuseLine(
        "podtemplates",
        { digest, spec: { containers: [{ name: "c", env: [{ name: "A", value: "x" }] }] } },
        "x",
      ),
    ).toBeDefined();
    expect(
      refuseLine(
        "podtemplates",
        { digest, spec: { containers: [{ name: "c", args: ["--anonymous-auth=false"] }] } },
        "x",
      ),
    ).toBeDefined();
    expect(
      refuseLine(
        "podtemplates",
        { digest, static: true, spec: { containers: [{ name: "c", args: ["--anonymous-auth=false"] }] } },
        "x",
      ),
    ).toBeUndefined();
  });
});
