import { describe, expect, it } from "vitest";
import {
  cdeNamespace,
  container,
  contextOf,
  deployment,
  minimalPod,
  namespace,
  restrictedPodSpec,
  runningDeployment,
} from "@/lib/fixtures/builders";
import { admRunningPodsComply } from "./adm-running-pods-comply";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const app = (fields: Record<string, unknown>) => [cde, deployment("app", "cde", restrictedPodSpec(fields))];
const windows = { os: { name: "windows" }, securityContext: { runAsNonRoot: true }, containers: [container()] };
const version = (gitVersion: string) => ({ facts: { gitVersion } });

describeControl(admRunningPodsComply, [
  {
    name: "everything that restricted demands",
    assessor: { prints: "# cde", hides: /warning/i },
    objects: [cde, ...runningDeployment("app", "cde", restrictedPodSpec())],
    status: "pass",
  },
  {
    name: "the label does not help",
    objects: [cdeNamespace("cde", { "pod-security.kubernetes.io/enforce": "restricted" }), deployment()],
    status: "fail",
    says: "allowPrivilegeEscalation != false",
  },
  {
    name: "every broken check is named",
    assessor: { prints: /warning/i },
    objects: [cde, deployment()],
    status: "fail",
    says: /4 checks.*unrestricted capabilities.*runAsNonRoot != true.*seccompProfile/s,
  },
  {
    name: "all allowed volume types",
    objects: app({
      volumes: [
        { name: "a", configMap: { name: "a" } },
        { name: "b", csi: { driver: "d" } },
        { name: "c", downwardAPI: {} },
        { name: "d", emptyDir: {} },
        { name: "e", ephemeral: {} },
        { name: "f", image: { reference: "x" } },
        { name: "g", persistentVolumeClaim: { claimName: "x" } },
        { name: "h", projected: {} },
        { name: "i", secret: {} },
      ],
    }),
    status: "pass",
  },
  {
    name: "any other volume type",
    objects: app({ volumes: [{ name: "n", nfs: { server: "s", path: "/" } }] }),
    status: "fail",
    says: 'volume "n" uses restricted volume type "nfs"',
  },
  {
    name: "a probe host on 1.34",
    objects: app({
      containers: [
        {
          ...(restrictedPodSpec().containers as object[])[0],
          livenessProbe: { httpGet: { host: "127.0.0.1", port: 80 } },
        },
      ],
    }),
    options: version("v1.34.1"),
    status: "fail",
    says: "probe or lifecycle host",
  },
  {
    name: "a probe host on 1.33",
    objects: app({
      containers: [
        {
          ...(restrictedPodSpec().containers as object[])[0],
          livenessProbe: { httpGet: { host: "127.0.0.1", port: 80 } },
        },
      ],
    }),
    options: version("v1.33.1"),
    status: "pass",
  },
  {
    name: "a declared Windows pod is spared the Linux checks",
    objects: [cde, deployment("win", "cde", windows)],
    status: "pass",
  },
  {
    name: "a Windows node selector alone is no Windows pod",
    objects: [
      cde,
      deployment("win", "cde", { ...windows, os: undefined, nodeSelector: { "kubernetes.io/os": "windows" } }),
    ],
    status: "fail",
    says: "counts as Linux",
  },
  {
    name: "a user namespace relaxes non-root from 1.35",
    objects: app({ hostUsers: false, securityContext: { seccompProfile: { type: "RuntimeDefault" } } }),
    options: version("v1.35.0"),
    status: "pass",
  },
  {
    name: "and not before",
    objects: app({ hostUsers: false, securityContext: { seccompProfile: { type: "RuntimeDefault" } } }),
    options: version("v1.34.0"),
    status: "fail",
    says: "runAsNonRoot",
  },
  {
    name: "AppArmor by annotation",
    objects: [
      cde,
      minimalPod("app", "cde", {
        metadata: { annotations: { "container.apparmor.security.beta.kubernetes.io/app": "unconfined" } },
        spec: restrictedPodSpec(),
      }),
    ],
    status: "fail",
    says: "forbidden AppArmor profile",
  },
  {
    name: "an unknown server version says which rules were used",
    objects: [cde, deployment()],
    options: { facts: {} },
    status: "fail",
    says: "rules of 1.37 were applied",
  },
  {
    name: "connected-to namespaces are not judged",
    objects: [...app({}), namespace("ops", { "pci-scope": "connected-to" }), deployment("x", "ops")],
    status: "pass",
  },
  {
    name: "a finished pod",
    objects: [cde, minimalPod("x", "cde", { status: { phase: "Succeeded" } })],
    status: "not-applicable",
  },
  {
    name: "pods are forbidden",
    objects: app({}),
    options: { sections: { pods: { status: "forbidden" } } },
    status: "unknown",
  },
]);

describe("evidence", () => {
  it("points at annotations beside the spec", () => {
    const key = "container.apparmor.security.beta.kubernetes.io/app";
    const pod = minimalPod("app", "cde", {
      metadata: { annotations: { [key]: "unconfined" } },
      spec: restrictedPodSpec(),
    });
    const [result] = admRunningPodsComply.evaluate(contextOf([cde, pod]));
    expect(result?.evidence.map((e) => e.pointer)).toEqual([`/metadata/annotations/${key.replace("/", "~1")}`]);
  });
  it("gives a patch under which the pod complies", () => {
    const context = contextOf([cde, deployment()]);
    const [result] = admRunningPodsComply.evaluate(context);
    if (result === undefined) throw new Error("no result");
    const { manifest } = admRunningPodsComply.remediate(context, result);
    expect(manifest).toContain("allowPrivilegeEscalation: false");
    expect(manifest).toContain("type: RuntimeDefault");
  });
});
