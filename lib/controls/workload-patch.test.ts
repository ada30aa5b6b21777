import { describe, expect, it } from "vitest";
import {
  cdeNamespace,
  container,
  contextOf,
  deployment,
  minimalPod,
  minimalPodSpec,
  runningDeployment,
} from "@/lib/fixtures/builders";
import type { Result } from "./types";
import { remediateWorkload, sameForContainers } from "./workload-patch";

const words = { summary: "Change it.", risk: "Something." };
const about = (kind: string, name: string, apiVersion = "apps/v1"): Result => ({
  status: "fail",
  object: { apiVersion, kind, namespace: "cde", name },
  reason: "",
  detail: "",
  evidence: [],
});
const patched = { securityContext: { privileged: false } };

describe("remediateWorkload", () => {
  it("keeps init and ordinary containers apart and names only those that change", () => {
    const objects = [
      cdeNamespace(),
      deployment(
        "app",
        "cde",
        minimalPodSpec({
          containers: [container(), container({ name: "b" })],
          initContainers: [container({ name: "i" })],
        }),
      ),
    ];
    const { manifest } = remediateWorkload(contextOf(objects), about("Deployment", "app"), words, (spec) => ({
      containers: sameForContainers(spec, (c) => c.name !== "app", patched),
    }));
    expect(manifest).toContain("initContainers:\n        - name: i");
    expect(manifest).toContain("containers:\n        - name: b");
    expect(manifest).not.toContain("name: app");
  });

  it("joins the specs of a rollout under way by container name", () => {
    const [, , first] = runningDeployment("app", "cde", minimalPodSpec());
    const [, , second] = runningDeployment(
      "app",
      "cde",
      minimalPodSpec({ containers: [container(), container({ name: "new" })] }),
    );
    if (first === undefined || second === undefined) throw new Error("no pods");
    const objects = [
      cdeNamespace(),
      deployment("app", "cde"),
      first,
      { ...second, metadata: { ...second.metadata, name: "app-6d4f9c7b5d-zzzz" } },
    ];
    const { manifest = "" } = remediateWorkload(contextOf(objects), about("Deployment", "app"), words, (spec) => ({
      containers: sameForContainers(spec, () => true, patched),
    }));
    expect(manifest.match(/- name: app/g)).toHaveLength(1);
    expect(manifest.match(/- name: new/g)).toHaveLength(1);
  });

  it("says what to do for a controller of another kind instead of a patch that would drop containers", () => {
    const pod = minimalPod("web-abc", "cde", {
      metadata: {
        ownerReferences: [{ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web", controller: true }],
      },
    });
    const context = contextOf([cdeNamespace(), pod]);
    const { manifest, summary } = remediateWorkload(
      context,
      about("Rollout", "web", "argoproj.io/v1alpha1"),
      words,
      () => ({ spec: {} }),
    );
    expect(manifest).toBeUndefined();
    expect(summary).toContain("a controller of its own kind");
  });

  it("gives words alone for a result about no workload", () => {
    expect(remediateWorkload(contextOf([cdeNamespace()]), about("Namespace", "cde", "v1"), words, () => ({}))).toEqual(
      words,
    );
  });
});
