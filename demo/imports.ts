/**
 * The documents that people of the demo have uploaded: `lib/fixtures/imports`, one folder for each cluster and one, `organization`,
 * for what holds for all. A file is called after its kind, `KIND.yaml`, or `KIND.WHAT.yaml` where there are several. They go
 * through the same function as an upload from the page.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createImport } from "@/lib/server/imports";
import type { Principal } from "@/lib/server/principal";
import { resolveMoments } from "./kubernetes/load";

export interface DemoDocument {
  kind: string;
  /** Name of the file. */
  name: string;
  text: string;
}

const IMPORTS = join(import.meta.dirname, "../lib/fixtures/imports");
/** Folder of what holds for every cluster. */
export const OF_ORGANIZATION = "organization";

/** What lies in the folder of a cluster, with times relative to `now` in the place of `$(NOW-2h)`; nothing where there is no folder. */
export function readDocuments(folder: string, now: Date): DemoDocument[] {
  const path = join(IMPORTS, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .sort()
    .map((name) => ({
      kind: name.slice(0, name.indexOf(".")),
      name,
      text: resolveMoments(readFileSync(join(path, name), "utf8"), now.getTime()),
    }));
}

/** Uploads the documents of the clusters, and those of the organization. @throws RingfenceError naming what is wrong with one */
export async function uploadDocuments(principal: Principal, clusters: readonly string[], now: Date): Promise<void> {
  const upload = async (cluster: string, scope: "cluster" | "organization", document: DemoDocument) => {
    const { kind, name, text } = document;
    const request = new Request("http://localhost/", {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: text,
    });
    await createImport(principal, cluster, { kind, name, scope }, request, now);
  };
  const [first] = clusters;
  if (first === undefined) return;
  for (const document of readDocuments(OF_ORGANIZATION, now)) await upload(first, "organization", document);
  for (const cluster of clusters)
    for (const document of readDocuments(cluster, now)) await upload(cluster, "cluster", document);
}
