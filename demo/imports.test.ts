import { readdirSync } from "node:fs";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { afterAll, describe, expect, it } from "vitest";
import { collectSnapshot } from "@/agent/collect-snapshot";
import { assess } from "@/lib/assessment/assess";
import { mergeImports, withImportedFacts } from "@/lib/inventory/imports";
import { getImportKind, parseDocument } from "@/lib/server/import-document";
import { DEMO_CLUSTERS } from "./clusters";
import { OF_ORGANIZATION, readDocuments } from "./imports";
import { Simulator } from "./kubernetes/simulator";

/** Calendars of support end one day, so the story is told on this one. */
const NOW = new Date("2026-11-21T12:00:00Z");
const FOLDERS = readdirSync(join(import.meta.dirname, "../lib/fixtures/imports"));

/** The documents of a folder as an upload would store them. */
function uploaded(folder: string) {
  return readDocuments(folder, NOW).map(({ kind, name, text }) => {
    const origin = { by: "upload" as const, name, collectedAt: NOW.toISOString() };
    const parts = parseDocument(text, getImportKind(kind), origin);
    return { kind, name, isOfCluster: folder !== OF_ORGANIZATION, collectedAt: NOW.toISOString(), parts };
  });
}

describe("the documents of the demo", () => {
  it("belong to its clusters, or to the organization", () => {
    const names = DEMO_CLUSTERS.map(({ name }) => name);
    expect(FOLDERS.filter((folder) => !names.includes(folder))).toEqual([OF_ORGANIZATION]);
  });

  it.each(FOLDERS)("%s: can be uploaded, and hold no moment that is not resolved", (folder) => {
    const documents = uploaded(folder);
    expect(documents.length).toBeGreaterThan(5);
    expect(JSON.stringify(documents)).not.toContain("$(");
    if (folder !== OF_ORGANIZATION) return;
    expect(documents.filter(({ kind }) => getImportKind(kind).nature !== "register")).toEqual([]);
  });
});

/** What a compliance officer finds in production before an audit: few causes, each of which fails what it should. */
const STORIES: Record<string, readonly string[]> = {
  "the egress half of a default deny was lost": [
    "net-default-deny-egress",
    "net-cross-scope-egress",
    "net-flow-register",
  ],
  "somebody left a debug tool in the CDE": [
    "scp-component-inventory",
    "img-pinned-digest",
    "img-trusted-registry",
    "img-signature-enforced",
    "chg-gitops-in-sync",
  ],
  "the rule that would have refused it only reports": ["adm-policies-enforced", "adm-canary-rejected"],
  "on-call kept every right after an outage": [
    "rbac-cluster-admin",
    "rbac-no-wildcards",
    "rbac-secrets-humans",
    "rbac-escalation-paths",
  ],
  "two operators may read every Secret": ["rbac-secrets-workloads"],
  "agents of the nodes need power over them": [
    "pod-no-host-namespaces",
    "pod-no-hostpath",
    "pod-run-as-non-root",
    "pod-no-privilege-escalation",
    "adm-pss-restricted",
  ],
  "a fix is overdue and a token is mounted for nothing in the tokenizer": [
    "img-no-overdue-vulns",
    "pod-sa-token-not-automounted",
  ],
  "AES-GCM runs without rotation": ["sec-encryption-provider-strong"],
  "an old volume of the database outlived its retention": ["sto-volume-protection"],
  "the ingress controller was discontinued": ["ver-addons-supported"],
};

describe("production", () => {
  let simulator: Simulator | undefined;
  afterAll(() => simulator?.stop());

  it("fails what its stories say, leaves three controls open, and passes nearly all others", async () => {
    const cluster = DEMO_CLUSTERS[0]!;
    simulator = await Simulator.start({ name: cluster.name, folders: cluster.folders, now: () => NOW.getTime() });
    const config = new KubeConfig();
    config.loadFromString(simulator.kubeconfig());
    const snapshot = await collectSnapshot(config, {
      provider: cluster.provider,
      collectedAt: NOW.toISOString(),
      optionalSections: ["configmaps"],
    });
    const { facts, registers } = mergeImports([...uploaded(OF_ORGANIZATION), ...uploaded(cluster.name)]);
    const { controls } = assess(withImportedFacts({ ...snapshot, source: "agent" }, facts), {
      asOf: NOW.toISOString(),
      registers,
    });
    const having = (wanted: string) => controls.filter(({ status }) => status === wanted).map(({ control }) => control);
    expect(having("fail").sort()).toEqual(Object.values(STORIES).flat().sort());
    expect(having("unknown").sort()).toEqual(["chg-out-of-band", "net-segmentation-probe", "node-benchmark-current"]);
    expect(having("pass").length).toBeGreaterThanOrEqual(78);
  });
});
