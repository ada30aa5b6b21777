/** A generated cluster as files: the API's JSON (for the denominator), and the projected, compressed chunks that an agent would send. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { type DecodedHeader, SnapshotEncoder, type WireSectionName } from "@/lib/inventory/encoding";
import { projectObject } from "@/lib/inventory/redaction";
import { SECTIONS } from "@/lib/inventory/sections";
import { SNAPSHOT_SCHEMA_VERSION, type SectionName } from "@/lib/inventory/snapshot";
import { clusterAsJson, type GeneratorOptions, generateCluster } from "./generate";
import { clusterFacts } from "./generate-platform";

export interface StoredChunk {
  section: WireSectionName;
  digest: string;
  objects: number;
  rawBytes: number;
  wireBytes: number;
}
export interface StoredSnapshot {
  header: DecodedHeader;
  chunks: StoredChunk[];
  objects: number;
  wireBytes: number;
}

const sha256 = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");

function isBuiltIn(group: string): boolean {
  return !group.includes(".") || group.endsWith(".k8s.io");
}

/** Writes `api.json` and a folder of chunks with `index.json`; returns their sizes. */
export function writeSnapshotFiles(
  folder: string,
  options: GeneratorOptions,
): { apiFile: string; apiBytes: number; stored: StoredSnapshot } {
  mkdirSync(folder, { recursive: true });
  const apiFile = path.join(folder, "api.json");
  const { sections, bytes } = clusterAsJson(options);
  writeFileSync(apiFile, `{${[...sections].map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`);

  const encoder = new SnapshotEncoder(sha256);
  const chunks: StoredChunk[] = [];
  const counts = new Map<string, number>();
  const keep = (encoded: { section: WireSectionName; bytes: Uint8Array; objects: number }[]) => {
    for (const { section, bytes: raw, objects } of encoded) {
      const wire = brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
      const digest = sha256(raw);
      writeFileSync(path.join(folder, digest), wire);
      chunks.push({ section, digest, objects, rawBytes: raw.byteLength, wireBytes: wire.byteLength });
    }
  };
  let last: SectionName | undefined;
  for (const { section, object } of generateCluster(options)) {
    const name = section as SectionName;
    const projection = projectObject(name, object, name);
    if (!("object" in projection) || !projection.object) throw new Error(`the generator made an invalid ${name}`);
    keep(encoder.add(name, projection.object));
    counts.set(name, (counts.get(name) ?? 0) + 1);
    last = name;
  }
  if (last === undefined) throw new Error("an empty cluster");
  for (const name of counts.keys()) keep(encoder.finish(name as SectionName));
  const header: DecodedHeader = {
    schemaVersion: SNAPSHOT_SCHEMA_VERSION,
    source: "agent",
    provider: "self-managed",
    collectedAt: "2026-11-21T10:00:00.000Z",
    facts: clusterFacts(),
    invalid: [],
    sections: [
      // What no object was made of is an empty list, or a resource that the cluster does not have.
      ...SECTIONS.map(({ name, sources }) => ({
        name,
        status: counts.has(name) || isBuiltIn(sources[0]?.group ?? "") ? ("complete" as const) : ("unserved" as const),
      })),
      { name: "podtemplates" as const, status: "complete" as const },
    ],
  };
  const stored: StoredSnapshot = {
    header,
    chunks,
    objects: [...counts.values()].reduce((a, b) => a + b, 0),
    wireBytes: chunks.reduce((sum, c) => sum + c.wireBytes, 0),
  };
  writeFileSync(path.join(folder, "index.json"), JSON.stringify(stored));
  return { apiFile, apiBytes: bytes, stored };
}
