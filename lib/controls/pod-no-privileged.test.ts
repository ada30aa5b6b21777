import {
  cdeNamespace,
  container,
  cronJob,
  daemonSet,
  deployment,
  minimalPod,
  minimalPodSpec,
  namespace,
  restrictedPodSpec,
  runningDeployment,
} from "@/lib/fixtures/builders";
import { describe, expect, it } from "vitest";
import { contextOf } from "@/lib/fixtures/builders";
import { podNoPrivileged } from "./pod-no-privileged";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const privileged = container({ name: "bad", securityContext: { privileged: true } });

describeControl(podNoPrivileged, [
  {
    name: "nothing is privileged",
    objects: [cde, ...runningDeployment("app", "cde", restrictedPodSpec())],
    status: "pass",
    object: "Deployment/cde/app",
    assessor: { prints: "" },
  },
  {
    name: "privileged=false is not privileged",
    objects: [cde, deployment("app", "cde", { containers: [container({ securityContext: { privileged: false } })] })],
    status: "pass",
  },
  {
    name: "an ordinary container",
    objects: [cde, deployment("app", "cde", { containers: [container(), privileged] })],
    status: "fail",
    object: "Deployment/cde/app",
    says: "container bad",
    assessor: { prints: "cde/app-0" },
  },
  {
    name: "an init container",
    objects: [cde, cronJob("job", "cde", minimalPodSpec({ initContainers: [privileged] }))],
    status: "fail",
    object: "CronJob/cde/job",
  },
  {
    name: "a restartable sidecar",
    objects: [
      cde,
      deployment("app", "cde", minimalPodSpec({ initContainers: [{ ...privileged, restartPolicy: "Always" }] })),
    ],
    status: "fail",
  },
  {
    name: "an ephemeral container of kubectl debug",
    objects: [cde, minimalPod("app", "cde", { spec: minimalPodSpec({ ephemeralContainers: [privileged] }) })],
    status: "fail",
    says: "bad",
  },
  {
    name: "a pod-level value has no meaning and is not inherited",
    objects: [cde, deployment("app", "cde", minimalPodSpec({ securityContext: { privileged: true } }))],
    status: "pass",
  },
  {
    name: "a Windows host process of the pod",
    objects: [
      cde,
      deployment(
        "win",
        "cde",
        minimalPodSpec({
          os: { name: "windows" },
          hostNetwork: true,
          securityContext: { windowsOptions: { hostProcess: true } },
        }),
      ),
    ],
    status: "fail",
    says: "Windows hostProcess",
  },
  {
    name: "a Windows host process of a container",
    objects: [
      cde,
      deployment("win", "cde", {
        containers: [container({ securityContext: { windowsOptions: { hostProcess: true } } })],
      }),
    ],
    status: "fail",
  },
  {
    name: "a system DaemonSet in a connected-to namespace fails too",
    objects: [
      cde,
      ...runningDeployment("app", "cde", restrictedPodSpec()),
      namespace("storage", { "pci-scope": "connected-to" }),
      daemonSet("csi", "storage", { containers: [privileged] }),
    ],
    status: "fail",
    object: "DaemonSet/storage/csi",
    says: "approved exception",
  },
  {
    name: "a container that a webhook added counts, though the template lacks it",
    objects: [
      cde,
      ...runningDeployment("app", "cde", minimalPodSpec({ initContainers: [privileged] })).slice(1),
      deployment("app", "cde"),
    ],
    status: "fail",
    object: "Deployment/cde/app",
  },
  {
    name: "out-of-scope namespaces are not judged",
    objects: [
      cde,
      ...runningDeployment("app", "cde", restrictedPodSpec()),
      namespace("dev", { "pci-scope": "out-of-scope" }),
      deployment("x", "dev", { containers: [privileged] }),
    ],
    status: "pass",
  },
  {
    name: "a finished pod is not judged",
    objects: [cde, minimalPod("done", "cde", { spec: { containers: [privileged] }, status: { phase: "Succeeded" } })],
    status: "not-applicable",
    object: "Namespace/cde",
  },
  { name: "no workload in the namespace", objects: [cde], status: "not-applicable", says: "no running workload" },
  {
    name: "no CDE in this cluster",
    objects: [namespace("dev", { "pci-scope": "out-of-scope" }), deployment("x", "dev")],
    status: "not-applicable",
    says: "no CDE or connected-to namespace",
  },
  {
    name: "no scope declared",
    objects: [namespace("shop"), deployment("x", "shop", { containers: [privileged] })],
    status: "unknown",
    says: "no scope declared",
  },
  {
    name: "pods are forbidden",
    objects: [cde, deployment()],
    options: { sections: { pods: { status: "forbidden" } } },
    status: "unknown",
    object: "Namespace/cde",
    says: "pods could not be read",
  },
  {
    name: "an owner kind is forbidden: what runs is judged, the rest is unknown",
    objects: [cde, minimalPod("app", "cde")],
    options: { sections: { cronjobs: { status: "forbidden" } } },
    status: "unknown",
    says: "cronjobs",
  },
  {
    name: "an invalid object of the namespace",
    objects: [cde, deployment()],
    options: {
      invalid: [
        {
          apiVersion: "apps/v1",
          kind: "Deployment",
          namespace: "cde",
          name: "broken",
          where: "a.yaml:3",
          problem: "containers must be a list",
        },
      ],
    },
    status: "unknown",
    object: "Deployment/cde/broken",
  },
]);

describe("remediation", () => {
  it("patches just the privileged containers, by name", () => {
    const context = contextOf([cde, cronJob("nightly", "cde", { containers: [container(), privileged] })]);
    const result = podNoPrivileged.evaluate(context)[0];
    if (result === undefined) throw new Error("no result");
    const { manifest, apply } = podNoPrivileged.remediate(context, result);
    expect(manifest).toBe(`spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: bad
              securityContext:
                privileged: false
`);
    expect(apply).toBe("kubectl -n 'cde' patch cronjob 'nightly' --patch-file patch.yaml");
  });

  it("says what to do where a patch would be refused", () => {
    const context = contextOf([cde, minimalPod("one-off", "cde", { spec: { containers: [privileged] } })]);
    const result = podNoPrivileged.evaluate(context)[0];
    if (result === undefined) throw new Error("no result");
    const { manifest, summary } = podNoPrivileged.remediate(context, result);
    expect(manifest).toBeUndefined();
    expect(summary).toContain("cannot be changed in place");
  });

  it("points at the field in the pod that runs", () => {
    const context = contextOf([cde, ...runningDeployment("app", "cde", { containers: [privileged] })]);
    expect(podNoPrivileged.evaluate(context)[0]?.evidence[0]).toEqual({
      ref: { apiVersion: "v1", kind: "Pod", namespace: "cde", name: "app-6d4f9c7b5d-pod0" },
      pointer: "/spec/containers/0/securityContext/privileged",
      found: "true",
    });
  });
});
