import { describe, expect, it } from "vitest";
import {
  cronJob,
  daemonSet,
  deployment,
  inventoryOf,
  job,
  minimalPod,
  minimalPodSpec,
  namespace,
  object,
  runningDeployment,
  staticPod,
} from "@/lib/fixtures/builders";
import { refKey } from "./inventory";

const controller = (apiVersion: string, kind: string, name: string) => ({
  ownerReferences: [{ apiVersion, kind, name, controller: true }],
});

describe("workloads", () => {
  it("leads pods through their ReplicaSet to one Deployment", () => {
    const inventory = inventoryOf(runningDeployment("api", "cde", undefined, { replicas: 3 }));
    expect(inventory.workloads.map((w) => refKey(w.ref))).toEqual(["apps/v1/Deployment/cde/api"]);
    const [workload] = inventory.workloads;
    expect(workload?.pods).toHaveLength(3);
    expect(workload?.variants).toHaveLength(1);
    expect(workload?.variants[0]?.podNames).toHaveLength(3);
    expect(workload?.variants[0]?.source.pointer).toBe("/spec");
    expect(inventory.livePods.every((p) => p.workload === workload)).toBe(true);
  });

  it("keeps the variants of a rollout apart and joins specs that differ by generated volume names only", () => {
    const spec = (image: string, suffix: string) => ({
      containers: [
        { name: "app", image, volumeMounts: [{ name: `kube-api-access-${suffix}`, mountPath: "/var/run" }] },
      ],
      volumes: [{ name: `kube-api-access-${suffix}`, projected: { sources: [] } }],
    });
    const own = controller("apps/v1", "ReplicaSet", "api-6d4f9c7b5d");
    const inventory = inventoryOf([
      deployment("api"),
      minimalPod("a", "cde", { spec: spec("x:1", "abcde"), metadata: own }),
      minimalPod("b", "cde", { spec: spec("x:1", "fghij"), metadata: own }),
      minimalPod("c", "cde", { spec: spec("x:2", "klmno"), metadata: own }),
    ]);
    expect(inventory.workloads.map((w) => w.variants.map((v) => v.podNames))).toEqual([[["a", "b"], ["c"]]]);
  });

  it("keeps pods apart whose AppArmor annotations differ", () => {
    const own = (profile: string) => ({
      ...controller("apps/v1", "DaemonSet", "agent"),
      annotations: { "container.apparmor.security.beta.kubernetes.io/app": profile },
    });
    const inventory = inventoryOf([
      daemonSet("agent"),
      minimalPod("a", "cde", { metadata: own("runtime/default") }),
      minimalPod("b", "cde", { metadata: own("unconfined") }),
    ]);
    expect(inventory.workloads[0]?.variants).toHaveLength(2);
  });

  it("finds the Deployment by the generated name when the ReplicaSet is missing, else names the missing owner", () => {
    const inventory = inventoryOf([
      deployment("api"),
      minimalPod("a", "cde", { metadata: controller("apps/v1", "ReplicaSet", "api-6d4f9c7b5d") }),
      minimalPod("b", "cde", { metadata: controller("apps/v1", "ReplicaSet", "gone-6d4f9c7b5d") }),
      minimalPod("c", "cde", { metadata: controller("batch/v1", "Job", "backup-29012345") }),
      cronJob("backup"),
    ]);
    expect(inventory.workloads.map((w) => `${w.ref.kind}/${w.ref.name}`)).toEqual([
      "Deployment/api",
      "ReplicaSet/gone-6d4f9c7b5d",
      "CronJob/backup",
    ]);
  });

  it("names the root that a ReplicaSet refers to even if its kind isn't read", () => {
    const inventory = inventoryOf([
      object("apps/v1", "ReplicaSet", "shop-6d4f9c7b5d", "cde", {
        metadata: controller("argoproj.io/v1alpha1", "Rollout", "shop"),
        spec: { replicas: 1, template: { spec: minimalPodSpec() } },
      }),
      minimalPod("shop-1", "cde", { metadata: controller("apps/v1", "ReplicaSet", "shop-6d4f9c7b5d") }),
    ]);
    expect(inventory.workloads.map((w) => refKey(w.ref))).toEqual(["argoproj.io/v1alpha1/Rollout/cde/shop"]);
  });

  it("judges an owner without live pods by its template", () => {
    const inventory = inventoryOf([
      deployment("idle", "cde", minimalPodSpec(), { spec: { replicas: 0 } }),
      object("apps/v1", "ReplicaSet", "idle-6d4f9c7b5d", "cde", {
        metadata: controller("apps/v1", "Deployment", "idle"),
        spec: { replicas: 0, template: { spec: minimalPodSpec() } },
      }),
      cronJob("nightly"),
    ]);
    expect(inventory.workloads.map((w) => [w.ref.kind, w.variants[0]?.source.pointer])).toEqual([
      ["Deployment", "/spec/template/spec"],
      ["CronJob", "/spec/jobTemplate/spec/template/spec"],
    ]);
  });

  it("skips Succeeded and Failed pods, and a Job that is finished", () => {
    const inventory = inventoryOf([
      minimalPod("done", "cde", { status: { phase: "Succeeded" } }),
      minimalPod("broken", "cde", { status: { phase: "Failed" } }),
      job("migrate", "cde", minimalPodSpec(), { status: { conditions: [{ type: "Complete", status: "True" }] } }),
      job("waiting"),
      minimalPod("without-status", "cde", { status: undefined }),
    ]);
    expect(inventory.workloads.map((w) => w.ref.name)).toEqual(["waiting", "without-status"]);
  });

  it("keeps a static pod as its own root, though its node owns it", () => {
    const inventory = inventoryOf([staticPod("kube-apiserver", ["kube-apiserver", "--anonymous-auth=false"])]);
    expect(inventory.workloads.map((w) => [w.ref.kind, w.ref.name, w.isStatic])).toEqual([
      ["Pod", "kube-apiserver-control-plane-1", true],
    ]);
  });

  it("stops at a StatefulSet that an operator's resource owns, and survives a loop of owners", () => {
    const loop = (name: string, other: string) =>
      object("apps/v1", "ReplicaSet", name, "cde", {
        metadata: controller("apps/v1", "ReplicaSet", other),
        spec: { replicas: 1, template: { spec: minimalPodSpec() } },
      });
    const inventory = inventoryOf([
      object("apps/v1", "StatefulSet", "prometheus", "mon", {
        metadata: controller("monitoring.coreos.com/v1", "Prometheus", "main"),
        spec: { template: { spec: minimalPodSpec() } },
      }),
      minimalPod("prometheus-0", "mon", { metadata: controller("apps/v1", "StatefulSet", "prometheus") }),
      loop("a", "b"),
      loop("b", "a"),
    ]);
    expect(inventory.workloads.map((w) => w.ref.kind)).toContain("StatefulSet");
    expect(inventory.workloads.filter((w) => w.ref.kind === "StatefulSet")).toHaveLength(1);
  });
});

describe("readable", () => {
  it("tells a section that could not be read from an empty one", () => {
    const inventory = inventoryOf([], {
      sections: { pods: { status: "forbidden" }, "istio-destinationrules": { status: "unserved" } },
    });
    expect(inventory.readable("namespaces", "istio-destinationrules")).toEqual({ known: true });
    expect(inventory.readable("namespaces", "pods")).toEqual({
      known: false,
      section: "pods",
      status: "forbidden",
      message: "the cluster refused to list pods",
    });
  });

  it("is not known for a section that nobody collected", () => {
    const inventory = inventoryOf([]);
    const { snapshot } = inventory;
    expect(snapshot.sections.pods?.status).toBe("complete");
    const without = inventoryOf([], { sections: { nodes: { status: "not-collected" } } });
    expect(without.readable("nodes")).toMatchObject({ known: false, status: "not-collected" });
  });
});

it("names namespaces that exist or that an object lies in", () => {
  const inventory = inventoryOf([namespace("empty"), minimalPod("a", "used"), deployment("b", "other")]);
  expect(inventory.namespaceNames).toEqual(["empty", "other", "used"]);
  expect(inventory.livePodsIn("used").map((p) => p.metadata.name)).toEqual(["a"]);
  expect(inventory.workloadsIn("other").map((w) => w.ref.name)).toEqual(["b"]);
});
