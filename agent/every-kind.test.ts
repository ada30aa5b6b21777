/**
 * Every kind from a raw object in a cluster to what a control reads on the server: listed, projected, cut into chunks, compressed,
 * taken by the server's checks and decoded. What the projection made must arrive, byte for byte; nothing else may.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { refuseLine, SnapshotDecoder, type WireSectionName } from "@/lib/inventory/encoding";
import { projectObject } from "@/lib/inventory/redaction";
import { SAMPLES } from "@/lib/inventory/redaction/samples";
import { findSecretIn } from "@/lib/inventory/secret-net";
import { SECTIONS } from "@/lib/inventory/sections";
import type { KubeObject } from "@/lib/inventory/kinds";
import type { Section, Snapshot } from "@/lib/inventory/snapshot";
import { CHUNK_RAW_BYTES } from "@/lib/inventory/encoding";
import { WIRE_LIMITS } from "@/lib/inventory/wire";
import { collect } from "./collect";
import { type KubernetesStub, startKubernetesStub } from "./testing/kubernetes-stub";
import { prepareSnapshot } from "./upload/prepare";
import { Spool } from "./upload/spool";

let stub: KubernetesStub;
let folder: string;
beforeEach(async () => {
  stub = await startKubernetesStub();
  folder = await mkdtemp(path.join(tmpdir(), "every-kind-"));
});
afterEach(async () => {
  await stub.close();
  await rm(folder, { recursive: true, force: true });
});

const pathOf = ({ group, version, resource }: { group: string; version: string; resource: string }) =>
  group === "" ? `/api/${version}/${resource}` : `/apis/${group}/${version}/${resource}`;

/** Fills the cluster, and takes the way from the agent's list to the server's snapshot. */
async function arrive(serve: (section: (typeof SECTIONS)[number]) => unknown[]): Promise<{
  snapshot: Snapshot;
  chunkBytes: number[];
}> {
  for (const section of SECTIONS) {
    const [source] = section.sources;
    if (source === undefined || source.resource === "*") continue;
    const { onlyIn } = section;
    const list = pathOf(source);
    stub.resources.set(list, serve(section));
    if (onlyIn !== undefined)
      stub.resources.set(list.replace(/\/([^/]+)$/, `/namespaces/${onlyIn}/$1`), serve(section));
  }
  const spool = Spool.create(folder);
  try {
    const optionalSections = SECTIONS.filter(({ optional }) => optional).map(({ name }) => name);
    const prepared = await prepareSnapshot(collect(stub.config, { optionalSections }), spool, {
      startedAt: new Date("2026-11-21T12:00:00Z"),
      gapOf: () => [],
    });
    // What crosses the wire is JSON.
    const manifest = JSON.parse(JSON.stringify(prepared.manifest)) as typeof prepared.manifest;
    const decoder = new SnapshotDecoder({
      schemaVersion: 1,
      source: "agent",
      provider: "other",
      collectedAt: prepared.collectedAt,
      facts: manifest.facts as Snapshot["facts"],
      invalid: manifest.invalid as Snapshot["invalid"],
      sections: manifest.sections as never,
    });
    const chunkBytes: number[] = [];
    for (const section of manifest.sections) {
      for (const { digest } of section.chunks) {
        const bytes = brotliDecompressSync(spool.read(digest));
        chunkBytes.push(bytes.length);
        for (const line of bytes.toString("utf8").split("\n")) {
          if (line === "") continue;
          const value = JSON.parse(line) as unknown;
          expect(refuseLine(section.name as WireSectionName, value, section.name)).toBeUndefined();
          expect(findSecretIn(value)).toBeNull();
        }
        decoder.addChunk(section.name, bytes);
      }
    }
    return { snapshot: decoder.finish(), chunkBytes };
  } finally {
    spool.close();
  }
}

describe("every kind", () => {
  it("arrives as its projection, and nothing is invalid on the way", async () => {
    const { snapshot } = await arrive(({ name }) => [structuredClone(SAMPLES[name])]);
    expect(snapshot.invalid).toEqual([]);
    for (const { name, sources } of SECTIONS) {
      if (sources[0]?.resource === "*") continue;
      const section = snapshot.sections[name] as Section | undefined;
      expect(section?.status, name).toBe("complete");
      const { object } = projectObject(name, structuredClone(SAMPLES[name]), name);
      const found = section?.objects as KubeObject[] | undefined;
      expect(
        found?.map(({ metadata }) => metadata.name),
        name,
      ).toEqual([(object as KubeObject).metadata.name]);
      if (name !== "pods") expect(JSON.stringify(found?.[0]), name).toBe(JSON.stringify(object));
    }
    expect(snapshot.facts.patternScan?.sections.length).toBeGreaterThan(80);
  });
});

describe("reports as large as etcd takes them", () => {
  const report = (i: number) => ({
    metadata: { name: `replicaset-app-${i}`, namespace: "cde" },
    report: {
      artifact: { repository: "payments/app", digest: `sha256:${String(i).padStart(64, "0")}` },
      scanner: { name: "Trivy", vendor: "Aqua Security", version: "0.60.0" },
      summary: { criticalCount: 1, highCount: 2999, mediumCount: 0, lowCount: 0, unknownCount: 0 },
      updateTimestamp: "2026-11-21T00:00:00Z",
      vulnerabilities: Array.from({ length: 3000 }, (_, n) => ({
        vulnerabilityID: `CVE-2026-${n}`,
        severity: n === 2999 ? "CRITICAL" : "HIGH",
        resource: "openssl",
        installedVersion: "3.0.0",
        fixedVersion: "3.0.1",
        title: "t".repeat(200),
        links: [],
        primaryLink: `https://avd.aquasec.com/nvd/cve-2026-${n}`,
      })),
    },
  });

  it("are listed in small pages, cut to the worst entries, and fit into chunks", async () => {
    const { snapshot, chunkBytes } = await arrive(({ name }) =>
      name === "trivy-vulnerabilityreports" ? Array.from({ length: 25 }, (_, i) => report(i)) : [],
    );
    const lists = stub.requests.filter(({ path: asked }) => asked.endsWith("/vulnerabilityreports"));
    expect(lists.map(({ query }) => query.get("limit"))).toEqual(["10", "10", "10"]);
    const objects = snapshot.sections["trivy-vulnerabilityreports"]?.objects ?? [];
    expect(objects).toHaveLength(25);
    const kept = objects[0]?.report as { vulnerabilities: { severity: string }[]; omitted: number };
    expect(kept.vulnerabilities[0]?.severity).toBe("CRITICAL");
    expect(kept.vulnerabilities.length + kept.omitted).toBe(3000);
    expect(Math.max(...chunkBytes)).toBeLessThanOrEqual(CHUNK_RAW_BYTES);
    expect(Math.max(...chunkBytes)).toBeLessThanOrEqual(WIRE_LIMITS.chunkInflatedBytes);
  });
});
