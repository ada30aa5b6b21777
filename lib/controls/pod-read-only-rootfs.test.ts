import { describe, expect, it } from "vitest";
import {
  cdeNamespace,
  container,
  contextOf,
  deployment,
  minimalPod,
  minimalPodSpec,
  restrictedPodSpec,
  runningDeployment,
} from "@/lib/fixtures/builders";
import { podReadOnlyRootfs } from "./pod-read-only-rootfs";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const readOnly = container({ securityContext: { readOnlyRootFilesystem: true } });

describeControl(podReadOnlyRootfs, [
  {
    name: "every container is read-only",
    assessor: { prints: "" },
    objects: [cde, ...runningDeployment("app", "cde", restrictedPodSpec())],
    status: "pass",
  },
  {
    name: "writable volumes beside it are fine",
    objects: [
      cde,
      deployment("app", "cde", {
        containers: [{ ...readOnly, volumeMounts: [{ name: "tmp", mountPath: "/tmp" }] }],
        volumes: [{ name: "tmp", emptyDir: {} }],
      }),
    ],
    status: "pass",
  },
  { name: "unset", assessor: { prints: "cde/app-0 app" }, objects: [cde, deployment()], status: "fail", says: "app" },
  {
    name: "false",
    objects: [
      cde,
      deployment("app", "cde", { containers: [container({ securityContext: { readOnlyRootFilesystem: false } })] }),
    ],
    status: "fail",
  },
  {
    name: "the pod's securityContext has no such field to inherit",
    objects: [cde, deployment("app", "cde", minimalPodSpec({ securityContext: { readOnlyRootFilesystem: true } }))],
    status: "fail",
  },
  {
    name: "an init container",
    objects: [cde, deployment("app", "cde", { containers: [readOnly], initContainers: [container({ name: "init" })] })],
    status: "fail",
    says: "init",
  },
  {
    name: "an ephemeral debug container is named once, in the workload's result",
    objects: [
      cde,
      minimalPod("app", "cde", {
        spec: { containers: [readOnly], ephemeralContainers: [container({ name: "debugger" })] },
      }),
    ],
    status: "fail",
    object: "Pod/cde/app",
    says: "debugger is an ephemeral debug container",
  },
  {
    name: "a Windows pod",
    objects: [cde, deployment("win", "cde", minimalPodSpec({ os: { name: "windows" } }))],
    status: "not-applicable",
    object: "Deployment/cde/win",
  },
  {
    name: "a Windows node selector alone is no Windows pod",
    objects: [cde, deployment("win", "cde", minimalPodSpec({ nodeSelector: { "kubernetes.io/os": "windows" } }))],
    status: "fail",
    says: "counts as Linux",
  },
  {
    name: "a namespace that enforces restricted gets no credit",
    objects: [cdeNamespace("cde", { "pod-security.kubernetes.io/enforce": "restricted" }), deployment()],
    status: "fail",
  },
  {
    name: "a finished pod",
    objects: [cde, minimalPod("x", "cde", { status: { phase: "Failed" } })],
    status: "not-applicable",
  },
  {
    name: "no scope declared",
    objects: [{ apiVersion: "v1", kind: "Namespace", metadata: { name: "cde" } }, deployment()],
    status: "unknown",
  },
]);

describe("remediation", () => {
  it("adds one emptyDir and mounts it where /tmp is not yet a volume", () => {
    const context = contextOf([
      cde,
      deployment("app", "cde", {
        containers: [container(), container({ name: "b", volumeMounts: [{ name: "x", mountPath: "/tmp" }] })],
        volumes: [{ name: "x", emptyDir: {} }],
      }),
    ]);
    const result = podReadOnlyRootfs.evaluate(context)[0];
    if (result === undefined) throw new Error("no result");
    const manifest = podReadOnlyRootfs.remediate(context, result).manifest ?? "";
    expect(manifest.match(/mountPath: \/tmp/g)).toHaveLength(1);
    expect(manifest.match(/readOnlyRootFilesystem: true/g)).toHaveLength(2);
  });
});
